/*
 * All calls of the network, and how the domain places them and has them hung up.
 */
#include "server/carriers/simulator/calls_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,
    REFUSED = 4096, /* keys; with more the oldest are forgotten */
    REFUSED_MINUTES = 10,
};

struct refusal {
    int64_t until;
    char key[CALL_KEY_SIZE];
};

/* ---- one ---- */

static bool give_report_room(struct call *call, size_t room)
{
    struct report *reports = realloc(call->reports, room * sizeof *reports);
    if (!reports)
        return false;
    call->reports = reports;
    call->report_room = room;
    return true;
}

struct call *call_new(struct simulator *simulator, const char *id)
{
    struct calls *calls = &simulator->calls;
    if (calls->count == SIMULATOR_CALLS || !timers_make_room(calls, calls->count + 1))
        return NULL;
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->simulator = simulator;
    call->id = strdup(id);
    call->retry_time = call->due = WORKER_NEVER;
    call->question = NO_QUESTION;
    for (int at = CALL_FIRST; at <= CALL_SECOND; at++)
        call->sides[at].hang_up_time = WORKER_NEVER;
    if (!call->id || !give_report_room(call, 1)) {
        free(call->id);
        free(call);
        return NULL;
    }
    call->older = calls->newest;
    *(calls->newest ? &calls->newest->newer : &calls->oldest) = call;
    calls->newest = call;
    calls->count++;
    return call;
}

void call_set_key(struct call *call, const char *key)
{
    struct call **bucket = &call->simulator->calls.buckets[keys_hash(key) % BUCKETS];
    snprintf(call->key, sizeof call->key, "%s", key);
    call->next_in_bucket = *bucket;
    *bucket = call;
}

bool call_set_plan(struct call *call, const struct call_plan *plan)
{
    /* Each target rings and is picked up, two are connected, and the call ends. */
    size_t room = 2 * (plan->first.count + plan->second.count) + 2;
    return give_report_room(call, room) && plan_copy(&call->plan, plan);
}

struct call *call_find(const struct calls *calls, const char *key)
{
    struct call *call = calls->buckets[keys_hash(key) % BUCKETS];
    while (call && strcmp(call->key, key) != 0)
        call = call->next_in_bucket;
    return call;
}

static void free_all(struct call *call)
{
    plan_done(&call->plan);
    free(call->reports);
    free(call->id);
    free(call);
}

void call_free(struct call *call)
{
    struct calls *calls = &call->simulator->calls;
    timers_set(calls, call, WORKER_NEVER);
    if (*call->key) {
        struct call **link = &calls->buckets[keys_hash(call->key) % BUCKETS];
        while (*link != call)
            link = &(*link)->next_in_bucket;
        *link = call->next_in_bucket;
    }
    *(call->older ? &call->older->newer : &calls->oldest) = call->newer;
    *(call->newer ? &call->newer->older : &calls->newest) = call->older;
    calls->count--;
    free_all(call);
}

/* ---- all ---- */

bool calls_init(struct calls *calls)
{
    calls->buckets = calloc(BUCKETS, sizeof(*calls->buckets));
    return calls->buckets != NULL;
}

void calls_done(struct calls *calls)
{
    struct call *call = calls->oldest;
    while (call) {
        struct call *newer = call->newer;
        free_all(call);
        call = newer;
    }
    free(calls->buckets);
    free(calls->heap);
    free(calls->refused);
    quiet_done(calls);
}

void calls_stop(struct simulator *simulator)
{
    quiet_tell(simulator);
}

int64_t calls_enter(struct simulator *simulator)
{
    struct calls *calls = &simulator->calls;
    int64_t now = clock_now(&simulator->clock);
    while (calls->heap_count > 0 && calls->heap[0]->due <= now && !simulator->stopped) {
        struct call *call = calls->heap[0];
        call_step(call);
        call_schedule(call);
    }
    return now;
}

void calls_leave(struct simulator *simulator)
{
    struct calls *calls = &simulator->calls;
    if (calls->reporting && !calls->held_back)
        worker_by(simulator->worker, INT64_MIN);
    else if (calls->heap_count > 0)
        worker_by(simulator->worker, calls->heap[0]->due);
    while (calls->to_wake) {
        struct handset *handset = calls->to_wake;
        calls->to_wake = handset->next_to_wake;
        handset->to_wake = false;
        inbox_wake(simulator, handset);
    }
    quiet_tell(simulator);
}

void simulator_set_network(struct simulator *simulator, const struct simulator_network *network)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->calls.network = *network;
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- from the domain ---- */

static unsigned abilities(void *data)
{
    struct simulator *simulator = data;
    unsigned can = CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_SPEAK | CALL_CAN_RECORD;
    pthread_mutex_lock(&simulator->lock);
    if (!simulator->calls.network.asks_no_keys)
        can |= CALL_CAN_ASK_KEY;
    if (!simulator->calls.network.places_no_calls)
        can |= CALL_CAN_PLACE;
    if (simulator->stopped)
        can = 0;
    pthread_mutex_unlock(&simulator->lock);
    return can;
}

/* A call that is placed; all that it needs, or nothing of it. */
static bool take(struct simulator *simulator, const struct call_plan *plan, size_t hash,
                 int64_t now)
{
    char id[SIMULATOR_ID_SIZE];
    uint64_t number = simulator->ids + 1;
    simulator_id(simulator, number, id);
    struct call *call = call_new(simulator, id);
    struct key *key = call ? keys_make(&simulator->keys, plan->key, hash, number) : NULL;
    if (!key || !call_set_plan(call, plan)) {
        free(key);
        if (call)
            call_free(call);
        return false;
    }
    simulator->ids = number;
    keys_add(&simulator->keys, key);
    call_set_key(call, plan->key);
    call_begins(call, now);
    call_schedule(call);
    return true;
}

static bool place(void *data, const struct call_plan *plan)
{
    struct simulator *simulator = data;
    size_t hash = keys_hash(plan->key);
    uint64_t known;
    pthread_mutex_lock(&simulator->lock);
    int64_t now = calls_enter(simulator);
    bool refused = simulator->stopped || simulator->calls.network.places_no_calls ||
                   call_is_refused(&simulator->calls, plan->key, now);
    bool taken = !refused && (keys_find(&simulator->keys, plan->key, hash, &known) ||
                              take(simulator, plan, hash, now));
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
    return taken;
}

static bool refuse(struct calls *calls, const char *key, int64_t now)
{
    if (!calls->refused)
        calls->refused = calloc(REFUSED, sizeof *calls->refused);
    if (!calls->refused)
        return false;
    struct refusal *refusal = &calls->refused[calls->refused_count++ % REFUSED];
    refusal->until = now + REFUSED_MINUTES * INT64_C(60) * MICROSECONDS;
    snprintf(refusal->key, sizeof refusal->key, "%s", key);
    return true;
}

bool call_is_refused(const struct calls *calls, const char *key, int64_t now)
{
    size_t count = calls->refused_count < REFUSED ? calls->refused_count : REFUSED;
    for (size_t i = 0; i < count; i++)
        if (calls->refused[i].until > now && strcmp(calls->refused[i].key, key) == 0)
            return true;
    return false;
}

/* Of a call that is not there: says so, and keeps to it. Without memory it is asked again. */
static void say_gone(struct simulator *simulator, const char *key, int64_t now)
{
    struct calls *calls = &simulator->calls;
    if (!call_is_refused(calls, key, now) && !refuse(calls, key, now))
        return;
    struct call *call = call_new(simulator, "");
    if (!call)
        return;
    call_set_key(call, key);
    call->stage = STAGE_OVER;
    call_report(call,
                &(struct report){.status = CALL_GONE, .time = now, .seconds = -1, .code = ""});
}

static void hang_up(void *data, const char *key)
{
    struct simulator *simulator = data;
    struct calls *calls = &simulator->calls;
    pthread_mutex_lock(&simulator->lock);
    int64_t now = calls_enter(simulator);
    struct call *call = call_find(calls, key);
    if (call && !calls->network.ignores_hang_up) {
        call_is_hung_up(call, now);
        call_schedule(call);
    } else if (!call && !simulator->stopped) {
        say_gone(simulator, key, now);
    }
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
}

const struct call_port simulator_call_port = {
    .abilities = abilities,
    .place = place,
    .hang_up = hang_up,
};
