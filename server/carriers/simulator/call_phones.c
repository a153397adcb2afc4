/*
 * What people do with phones: they call, pick up, press keys and hang up.
 */
#include "server/carriers/simulator/calls_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- calling ---- */

/* A call that the domain has not answered yet. */
struct dialing {
    struct simulator *simulator;
    struct call
        *call; /* NULL: the phone is in that very call already, which is only handed in again */
    struct address from;
    char *recipient;
    char *id;
    void (*done)(void *data, const char *provider_id, const struct inbound_call_result *result);
    void *data;
};

static void dialing_free(struct dialing *dialing)
{
    if (!dialing)
        return;
    free(dialing->recipient);
    free(dialing->id);
    free(dialing);
}

/* As was planned, unless it cannot be, or the caller has hung up meanwhile. */
static void carry_out(struct call *call, const struct call_plan *plan, int64_t now)
{
    call_set_key(call, plan->key);
    if (call_is_refused(&call->simulator->calls, plan->key, now))
        call_ends_at_once(call, CALL_GONE, "", "NETWORK", now);
    else if (call->given_up)
        call_ends_at_once(call, CALL_CANCELED, "", "HUNG_UP", now);
    else if (!call_set_plan(call, plan))
        call_ends_at_once(call, CALL_FAILED, "NO_MEMORY", "FAILED", now);
    else
        call_begins(call, now);
    call_schedule(call);
}

/* Nobody is rung for it. */
static void turn_down(struct call *call, const struct inbound_call_result *result, int64_t now)
{
    bool rejected = result->outcome == CALL_REJECTED;
    if (rejected && result->notice && *result->notice)
        call_shows(call, call->sides[CALL_FIRST].handset, SIMULATED_HEARS, NULL, result->notice,
                   now);
    const char *why = result->outcome == CALL_ACCEPTED ? "REPEATED" : "UNDECIDED";
    call_releases(call, CALL_FIRST, rejected ? result->reason : why, now);
    call_free(call);
}

static void dialed(void *data, const struct inbound_call_result *result)
{
    struct dialing *dialing = data;
    struct simulator *simulator = dialing->simulator;
    struct call *call = dialing->call;
    pthread_mutex_lock(&simulator->lock);
    if (call && !simulator->stopped) {
        int64_t now = calls_enter(simulator);
        quiet_again(&simulator->calls);
        /* The plan of a repeat may be being carried out. */
        if (result->outcome == CALL_ACCEPTED && !call_find(&simulator->calls, result->plan->key))
            carry_out(call, result->plan, now);
        else
            turn_down(call, result, now);
        calls_leave(simulator);
    }
    pthread_mutex_unlock(&simulator->lock);
    dialing->done(dialing->data, dialing->id, result);
    dialing_free(dialing);
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this call.");
}

static bool is_busy(struct error *error)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "HANDSET_BUSY", 0,
                     "This phone is in a call already.");
}

/* The phone is in a call from now on, in one of its own. */
static bool begin(struct dialing *dialing, struct handset *handset, const char *recipient,
                  struct error *error)
{
    struct simulator *simulator = dialing->simulator;
    struct call *call = call_new(simulator, dialing->id);
    if (!call)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", 0,
                         "There are more calls than this network carries.");
    dialing->call = call;
    quiet_is_over(&simulator->calls);
    call->sides[CALL_FIRST].state = SIDE_TALKS;
    call->sides[CALL_FIRST].handset = call->sides[CALL_FIRST].owner = handset;
    handset->in_call = call;
    handset->in_side = CALL_FIRST;
    call_shows(call, handset, SIMULATED_CALLS, recipient, NULL, clock_now(&simulator->clock));
    return true;
}

static bool dial(struct dialing *dialing, const struct simulator_call *given, struct error *error)
{
    struct simulator *simulator = dialing->simulator;
    struct handset *handset = handset_find(simulator, given->handset);
    if (!handset)
        return handset_unknown(error);
    char made[SIMULATOR_ID_SIZE];
    bool has_id = given->provider_id && *given->provider_id;
    const struct call *current = handset->in_call;
    bool repeats = current && handset->in_side == CALL_FIRST && has_id &&
                   strcmp(current->id, given->provider_id) == 0;
    if (current && !repeats)
        return is_busy(error);
    simulator_id(simulator, ++simulator->ids, made);
    dialing->from = handset->phone_number;
    dialing->recipient = strdup(given->recipient);
    dialing->id = strdup(has_id ? given->provider_id : made);
    if (!dialing->recipient || !dialing->id)
        return no_memory(error);
    return repeats || begin(dialing, handset, dialing->recipient, error);
}

/* The server ends. */
static bool give_up(struct dialing *dialing, struct error *error)
{
    struct simulator *simulator = dialing->simulator;
    pthread_mutex_lock(&simulator->lock);
    if (dialing->call) {
        call_releases(dialing->call, CALL_FIRST, "UNDECIDED", clock_now(&simulator->clock));
        call_free(dialing->call);
        quiet_again(&simulator->calls);
    }
    pthread_mutex_unlock(&simulator->lock);
    return error_set(error, STATUS_UNAVAILABLE, "SHUTTING_DOWN", 0, "The server is shutting down.");
}

bool simulator_start_call(struct simulator *simulator, const struct simulator_call *call,
                          void (*done)(void *data, const char *provider_id,
                                       const struct inbound_call_result *result),
                          void *data, struct error *error)
{
    struct dialing *dialing = calloc(1, sizeof *dialing);
    if (!dialing)
        return no_memory(error);
    dialing->simulator = simulator;
    dialing->done = done;
    dialing->data = data;
    pthread_mutex_lock(&simulator->lock);
    calls_enter(simulator);
    bool dials = dial(dialing, call, error);
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
    bool entered = dials && simulator->masking && gate_enter(&simulator->gate);
    if (!entered) {
        if (dials)
            give_up(dialing, error);
        dialing_free(dialing);
        return false;
    }
    const struct inbound_call inbound = {
        .carrier = simulator->name,
        .provider_id = dialing->id,
        .from = call->withhold_caller ? "anonymous" : dialing->from.text,
        .to = dialing->recipient,
    };
    ingress_call(simulator->masking, &inbound, dialed, dialing);
    gate_leave(&simulator->gate);
    return true;
}

/* ---- in calls ---- */

static bool in_no_call(struct error *error)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "HANDSET_NOT_IN_CALL", 0,
                     "This phone is in no call.");
}

static bool does_not_ring(struct error *error)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "HANDSET_NOT_RINGING", 0,
                     "This phone does not ring.");
}

static bool rings(const struct handset *handset)
{
    return handset->in_call && handset->in_call->sides[handset->in_side].state == SIDE_RINGS;
}

static bool pick_up(struct handset *handset, char key, int64_t now, struct error *error)
{
    (void)key;
    if (!rings(handset))
        return does_not_ring(error);
    call_is_picked_up(handset->in_call, handset->in_side, now);
    return true;
}

static bool press(struct handset *handset, char key, int64_t now, struct error *error)
{
    if (rings(handset))
        return error_set(error, STATUS_FAILED_PRECONDITION, "HANDSET_NOT_IN_CALL", 0,
                         "It has not been picked up.");
    if (!handset->in_call)
        return in_no_call(error);
    call_key_pressed(handset->in_call, handset->in_side, key, now);
    return true;
}

static bool hang_up(struct handset *handset, char key, int64_t now, struct error *error)
{
    (void)key;
    struct call *call = handset->in_call;
    if (!call)
        return in_no_call(error);
    if (call->stage == STAGE_RUNS) {
        call_phone_hangs_up(call, handset->in_side, now);
        return true;
    }
    /* What the domain makes of it is seen when it has answered. */
    call->given_up = true;
    call_releases(call, CALL_FIRST, "HUNG_UP", now);
    return true;
}

/* Has something done with a phone, and the call that it is in going on from there. */
static bool handle(struct simulator *simulator, const char *number, char key,
                   bool (*act)(struct handset *handset, char key, int64_t now, struct error *error),
                   struct error *error)
{
    pthread_mutex_lock(&simulator->lock);
    int64_t now = calls_enter(simulator);
    struct handset *handset = handset_find(simulator, number);
    struct call *call = handset ? handset->in_call : NULL;
    bool ok = handset ? act(handset, key, now, error) : handset_unknown(error);
    if (ok && call)
        call_schedule(call);
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
    return ok;
}

bool simulator_pick_up(struct simulator *simulator, const char *handset, struct error *error)
{
    return handle(simulator, handset, 0, pick_up, error);
}

bool simulator_press_key(struct simulator *simulator, const char *handset, const char *key,
                         struct error *error)
{
    if (strlen(key) != 1 || !strchr("0123456789*#", *key)) {
        error_clear(error);
        return error_field(error, "key", "one of 0-9, * and #");
    }
    return handle(simulator, handset, *key, press, error);
}

bool simulator_hang_up(struct simulator *simulator, const char *handset, struct error *error)
{
    return handle(simulator, handset, 0, hang_up, error);
}
