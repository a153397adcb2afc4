/*
 * The network itself: what it makes of a text that it is given, and of one that is written on a phone.
 */
#include "server/carriers/simulator/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The worker's. */
static int64_t due(void *data, int64_t now, unsigned *done)
{
    int64_t receipts = receipts_due(data, now, done);
    int64_t calls = calls_due(data, now, done);
    return calls < receipts ? calls : receipts;
}

static void *simulator_new(const char *name, const struct carrier_options *options)
{
    struct simulator *simulator = calloc(1, sizeof *simulator);
    if (!simulator)
        return NULL;
    simulator->name = name;
    simulator->clock = options->clock;
    simulator->manual = options->manual;
    simulator->seed = options->seed;
    if (!simulator->seed &&
        getrandom(&simulator->seed, sizeof simulator->seed, 0) != sizeof simulator->seed)
        simulator->seed = (uint64_t)clock_now(&simulator->clock);
    simulator->worker = worker_new(simulator->clock, due, simulator);
    if (!simulator->worker || !calls_init(&simulator->calls)) {
        worker_free(simulator->worker);
        free(simulator);
        return NULL;
    }
    gate_init(&simulator->gate);
    pthread_mutex_init(&simulator->lock, NULL);
    receipts_init(&simulator->receipts);
    return simulator;
}

static bool simulator_start(void *self, struct masking *masking, struct error *error)
{
    struct simulator *simulator = self;
    simulator->masking = masking;
    return simulator->manual || worker_start(simulator->worker, error);
}

static void simulator_stop(void *self)
{
    struct simulator *simulator = self;
    pthread_mutex_lock(&simulator->lock);
    simulator->stopped = true;
    calls_stop(simulator);
    pthread_mutex_unlock(&simulator->lock);
    receipts_stop(&simulator->receipts);
    worker_stop(simulator->worker);
    gate_close(&simulator->gate);
}

static void simulator_free(void *self)
{
    struct simulator *simulator = self;
    if (!simulator)
        return;
    struct stored *stored = simulator->oldest;
    while (stored) {
        struct stored *newer = stored->newer;
        free(stored);
        stored = newer;
    }
    for (size_t i = 0; i < simulator->handset_count; i++)
        handset_free(simulator->handsets[i]);
    free(simulator->handsets);
    free(simulator->buckets);
    keys_done(&simulator->keys);
    receipts_done(&simulator->receipts);
    calls_done(&simulator->calls);
    worker_free(simulator->worker);
    gate_done(&simulator->gate);
    pthread_mutex_destroy(&simulator->lock);
    free(simulator);
}

/* Two for each message: worth more than a format. */
void simulator_id(const struct simulator *simulator, uint64_t id, char ret_id[SIMULATOR_ID_SIZE])
{
    char *place = memcpy(ret_id, "sim-", 4);
    place += 4;
    for (int shift = 60; shift >= 0; shift -= 4)
        *place++ = "0123456789abcdef"[simulator->seed >> shift & 15];
    *place++ = '-';
    char digits[20]; /* the last first */
    size_t count = 0;
    do
        digits[count++] = (char)('0' + id % 10);
    while (id /= 10);
    while (count)
        *place++ = digits[--count];
    *place = 0;
}

/* ---- to a phone ---- */

/* A text that is to be sent, and what it says, read without the lock. */
struct reading {
    const struct outbound_message *message;
    size_t key_hash;
    bool is_to_phone;
    struct handset_name to;
};

/* What the network makes of an attempt. */
struct answer {
    enum send_outcome outcome;
    char code[SIMULATOR_CODE_SIZE];
    char id[SIMULATOR_ID_SIZE];
    struct handset *waited_for; /* got the text, and somebody waits for it; NULL: none */
    struct coming *coming;
};

static void refuse(struct answer *answer, enum send_outcome outcome, const char *code)
{
    answer->outcome = outcome;
    if (code)
        snprintf(answer->code, sizeof answer->code, "%s", code);
}

/* Takes a text: all that it needs, or nothing of it. */
static bool take(struct simulator *simulator, struct handset *handset,
                 const struct reading *reading, struct answer *answer)
{
    const struct outbound_message *message = reading->message;
    uint64_t id = simulator->ids + 1;
    bool arrives = handset->receipt == SIMULATED_DELIVERED || handset->receipt == SIMULATED_SILENT;
    int64_t now = clock_now(&simulator->clock);
    simulator_id(simulator, id, answer->id);
    if (!receipts_promise(simulator, handset, message->key, answer->id, now, &answer->coming))
        return false;
    struct key *key = keys_make(&simulator->keys, message->key, reading->key_hash, id);
    struct stored *stored = key && arrives ? inbox_make(handset, message, answer->id, now) : NULL;
    if (!key || (arrives && !stored)) {
        free(key);
        receipts_forget(simulator, answer->coming);
        answer->coming = NULL;
        return false;
    }
    simulator->ids = id;
    keys_add(&simulator->keys, key);
    if (stored) {
        inbox_add(simulator, stored);
        /* Who begins to wait from now on has seen it. */
        if (handset->waiting)
            answer->waited_for = handset;
    }
    return true;
}

static void treat(struct simulator *simulator, const struct reading *reading, struct answer *answer)
{
    uint64_t id;
    if (simulator->stopped) {
        refuse(answer, SEND_RETRY, NULL);
        return;
    }
    if (keys_find(&simulator->keys, reading->message->key, reading->key_hash, &id)) {
        answer->outcome = SEND_TAKEN;
        simulator_id(simulator, id, answer->id);
        return;
    }
    struct handset *handset = reading->is_to_phone ? handset_named(simulator, &reading->to) : NULL;
    if (!handset) {
        refuse(answer, SEND_REFUSED, "NO_SUCH_HANDSET");
        return;
    }
    bool as_told = !handset->send_count || handset->send_left > 0;
    enum simulated_send send = as_told ? handset->send : SIMULATED_TAKEN;
    bool takes = send == SIMULATED_TAKEN || send == SIMULATED_UNKNOWN;
    if (takes && !take(simulator, handset, reading, answer)) {
        refuse(answer, SEND_RETRY, "BUSY");
        return;
    }
    if (handset->send_left > 0)
        handset->send_left--;
    if (send == SIMULATED_TAKEN)
        answer->outcome = SEND_TAKEN;
    else
        refuse(answer,
               send == SIMULATED_UNKNOWN   ? SEND_UNKNOWN
               : send == SIMULATED_REFUSED ? SEND_REFUSED
                                           : SEND_RETRY,
               handset->carrier_code);
}

static void simulator_take(void *self, const struct outbound_message *message, void *attempt)
{
    struct simulator *simulator = self;
    struct answer answer;
    answer.outcome = SEND_RETRY;
    *answer.code = *answer.id = '\0';
    answer.waited_for = NULL;
    answer.coming = NULL;
    struct reading reading = {.message = message, .key_hash = keys_hash(message->key)};
    reading.is_to_phone = handset_name(message->to, &reading.to);
    pthread_mutex_lock(&simulator->lock);
    treat(simulator, &reading, &answer);
    pthread_mutex_unlock(&simulator->lock);
    const struct send_result result = {
        .outcome = answer.outcome,
        .provider_id = answer.outcome == SEND_TAKEN ? answer.id : "",
        .carrier_code = answer.code,
    };
    ingress_sent(simulator->masking, attempt, &result);
    /* Receipts come after the answer that they belong to, however soon they are due. */
    receipts_come(simulator, answer.coming);
    if (!answer.waited_for)
        return;
    pthread_mutex_lock(&simulator->lock);
    inbox_wake(simulator, answer.waited_for);
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- from a phone ---- */

struct writing {
    void (*done)(void *data, const char *provider_id, const struct inbound_result *result);
    void *data;
    struct address from;
    char id[SIMULATOR_ID_SIZE];
    struct inbound_message message;
};

static void written(void *data, const struct inbound_result *result)
{
    struct writing *writing = data;
    writing->done(writing->data, writing->message.provider_id, result);
    free(writing);
}

static bool address_writing(struct simulator *simulator, const struct simulator_text *text,
                            struct writing *writing)
{
    struct handset_name name;
    if (!handset_name(text->handset, &name))
        return false;
    pthread_mutex_lock(&simulator->lock);
    const struct handset *handset = handset_named(simulator, &name);
    uint64_t id = handset ? ++simulator->ids : 0;
    pthread_mutex_unlock(&simulator->lock);
    if (!handset)
        return false;
    /* A phone's number stays as it is. */
    writing->from = handset->phone_number;
    simulator_id(simulator, id, writing->id);
    return true;
}

bool simulator_send(struct simulator *simulator, const struct simulator_text *text,
                    void (*done)(void *data, const char *provider_id,
                                 const struct inbound_result *result),
                    void *data, struct error *error)
{
    struct writing *writing = malloc(sizeof *writing);
    if (!writing)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for this text.");
    writing->done = done;
    writing->data = data;
    if (!address_writing(simulator, text, writing)) {
        free(writing);
        return handset_unknown(error);
    }
    bool has_id = text->provider_id && *text->provider_id;
    writing->message = (struct inbound_message){
        .carrier = simulator->name,
        .provider_id = has_id ? text->provider_id : writing->id,
        .from = text->withhold_sender ? "anonymous" : writing->from.text,
        .to = text->recipient,
        .body = text->body,
        .media = text->media,
        .media_count = text->media_count,
    };
    if (!simulator->masking || !gate_enter(&simulator->gate)) {
        free(writing);
        return error_set(error, STATUS_UNAVAILABLE, "SHUTTING_DOWN", 0,
                         "The server is shutting down.");
    }
    ingress_message(simulator->masking, &writing->message, written, writing);
    gate_leave(&simulator->gate);
    return true;
}

/* ---- as a carrier ---- */

static bool simulator_idempotent(void *self)
{
    (void)self;
    return true;
}

static unsigned simulator_numbers_can(void *self)
{
    (void)self;
    return NUMBER_CAN_ALL;
}

static enum carrier_health simulator_health(void *self)
{
    (void)self;
    return CARRIER_READY;
}

static void simulator_kick(void *self)
{
    struct simulator *simulator = self;
    worker_kick(simulator->worker);
}

static unsigned simulator_run_due(void *self)
{
    struct simulator *simulator = self;
    return worker_run_due(simulator->worker);
}

const struct carrier_class simulator_class = {
    .kind = "simulator",
    .new = simulator_new,
    .start = simulator_start,
    .idempotent = simulator_idempotent,
    .forgets = true,
    .send = simulator_take,
    .calls = &simulator_call_port,
    .numbers_can = simulator_numbers_can,
    .health = simulator_health,
    .kick = simulator_kick,
    .run_due = simulator_run_due,
    .stop = simulator_stop,
    .free = simulator_free,
};
