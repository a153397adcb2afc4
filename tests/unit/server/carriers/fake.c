#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Far enough away for any clock of a test. */
#define LATE INT64_C(4000000000000000)

struct masking *fake_new(void)
{
    struct masking *fake = calloc(1, sizeof *fake);
    ck_assert_ptr_nonnull(fake);
    pthread_mutex_init(&fake->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&fake->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return fake;
}

void fake_free(struct masking *fake)
{
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

static void note(char (*ret_text)[FAKE_TEXT], const char *text)
{
    snprintf(*ret_text, FAKE_TEXT, "%s", text ? text : "(null)");
}

bool ingress_add_carrier(struct masking *masking, const struct carrier_port *port,
                         struct error *error)
{
    (void)error;
    masking->ports[masking->port_count++] = port;
    return true;
}

void ingress_sent(struct masking *masking, void *attempt, const struct send_result *result)
{
    struct fake_attempt *made = attempt;
    pthread_mutex_lock(&masking->lock);
    made->results++;
    made->outcome = result->outcome;
    made->retry_after = result->retry_after;
    note(&made->provider_id, result->provider_id);
    note(&made->carrier_code, result->carrier_code);
    masking->result_count++;
    pthread_cond_broadcast(&masking->changed);
    pthread_mutex_unlock(&masking->lock);
}

void ingress_carrier_ready(struct masking *masking, const char *carrier)
{
    ck_assert_ptr_nonnull(carrier);
    pthread_mutex_lock(&masking->lock);
    masking->ready++;
    pthread_mutex_unlock(&masking->lock);
    if (masking->on_ready)
        masking->on_ready(masking->on_ready_data);
}

/* What an answer is made of, read under the lock. */
struct saying {
    enum status_code refuse;
    bool reject;
    bool hang_up;
    struct inbound_call_result call;
};

static struct saying saying_of(const struct masking *fake)
{
    return (struct saying){fake->refuse, fake->reject, fake->hang_up, fake->call_result};
}

static void answer_message(const struct fake_note *taken, struct saying saying)
{
    struct error error;
    struct inbound_result result = {.outcome = INBOUND_ACCEPTED};
    if (saying.refuse) {
        error_set(&error, saying.refuse, "NOT_NOW", 0, "Not now.");
        result = (struct inbound_result){.outcome = INBOUND_FAILED, .error = &error};
    } else if (saying.reject) {
        result = (struct inbound_result){
            .outcome = INBOUND_REJECTED, .repeated = true, .reason = "NO_ROUTE", .original = 80904};
    }
    taken->message_done(taken->data, &result);
}

static void answer_receipt(const struct fake_note *taken, struct saying saying)
{
    struct error error;
    if (saying.refuse)
        error_set(&error, saying.refuse, "NOT_NOW", 0, "Not now.");
    taken->receipt_done(taken->data, saying.refuse ? &error : NULL);
}

void ingress_message(struct masking *masking, const struct inbound_message *message,
                     void (*done)(void *data, const struct inbound_result *result), void *data)
{
    struct fake_note taken = {
        .media_count = message->media_count, .message_done = done, .data = data};
    note(&taken.id, message->provider_id);
    note(&taken.from, message->from);
    note(&taken.to, message->to);
    note(&taken.body, message->body);
    pthread_mutex_lock(&masking->lock);
    ck_assert_uint_lt(masking->message_count, FAKE_NOTES);
    masking->messages[masking->message_count++] = taken;
    bool hold = masking->hold;
    struct saying saying = saying_of(masking);
    pthread_cond_broadcast(&masking->changed);
    pthread_mutex_unlock(&masking->lock);
    if (!hold)
        answer_message(&taken, saying);
}

void ingress_receipt(struct masking *masking, const struct receipt *receipt,
                     void (*done)(void *data, const struct error *error), void *data)
{
    struct fake_note taken = {.status = receipt->status, .receipt_done = done, .data = data};
    note(&taken.id, receipt->key);
    note(&taken.from, receipt->provider_id);
    note(&taken.code, receipt->carrier_code);
    pthread_mutex_lock(&masking->lock);
    ck_assert_uint_lt(masking->receipt_count, FAKE_NOTES);
    masking->receipts[masking->receipt_count++] = taken;
    bool hold = masking->hold;
    struct saying saying = saying_of(masking);
    pthread_cond_broadcast(&masking->changed);
    pthread_mutex_unlock(&masking->lock);
    if (!hold)
        answer_receipt(&taken, saying);
}

static void answer_call(const struct fake_call *taken, struct saying saying)
{
    struct error error;
    struct inbound_call_result result = saying.call;
    if (saying.refuse) {
        error_set(&error, saying.refuse, "NOT_NOW", 0, "Not now.");
        result = (struct inbound_call_result){.outcome = CALL_UNDECIDED, .error = &error};
    }
    taken->done(taken->data, &result);
}

static void answer_progress(const struct fake_progress *taken, struct saying saying)
{
    struct error error;
    if (saying.refuse)
        error_set(&error, saying.refuse, "NOT_NOW", 0, "Not now.");
    ck_assert_str_eq(taken->progress->key, taken->key);
    ck_assert_int_eq(taken->progress->status, taken->status);
    const struct call_answer answer = {.hang_up = saying.hang_up,
                                       .error = saying.refuse ? &error : NULL};
    taken->done(taken->data, &answer);
}

void ingress_call(struct masking *masking, const struct inbound_call *call,
                  void (*done)(void *data, const struct inbound_call_result *result), void *data)
{
    struct fake_call taken = {.done = done, .data = data};
    note(&taken.id, call->provider_id);
    note(&taken.carrier, call->carrier);
    note(&taken.from, call->from);
    note(&taken.to, call->to);
    pthread_mutex_lock(&masking->lock);
    ck_assert_uint_lt(masking->call_count, FAKE_CALLS);
    masking->calls[masking->call_count++] = taken;
    bool hold = masking->hold;
    struct saying saying = saying_of(masking);
    pthread_cond_broadcast(&masking->changed);
    pthread_mutex_unlock(&masking->lock);
    if (!hold)
        answer_call(&taken, saying);
}

static void describe(const struct call_progress *progress, char (*ret_text)[FAKE_TEXT])
{
    static const char *const names[] = {"RINGING",   "PICKED_UP", "CONNECTED", "COMPLETED", "BUSY",
                                        "NO_ANSWER", "FAILED",    "CANCELED",  "GONE"};
    const char *side = progress->side == CALL_FIRST ? "first" : "second";
    char seconds[32];
    snprintf(seconds, sizeof seconds, " %llds", (long long)progress->seconds);
    if (progress->status < CALL_COMPLETED)
        snprintf(*ret_text, FAKE_TEXT, "%s %s %zu", side, names[progress->status],
                 progress->target);
    else
        snprintf(*ret_text, FAKE_TEXT, "%s %s %zu%s%s%s%s", side, names[progress->status],
                 progress->target, progress->seconds < 0 ? "" : seconds,
                 progress->recorded ? " recorded" : "", *progress->carrier_code ? " " : "",
                 progress->carrier_code);
}

void ingress_call_progress(struct masking *masking, const struct call_progress *progress,
                           void (*done)(void *data, const struct call_answer *answer), void *data)
{
    struct fake_progress taken = {.status = progress->status,
                                  .time = progress->time,
                                  .progress = progress,
                                  .done = done,
                                  .data = data};
    snprintf(taken.key, sizeof taken.key, "%s", progress->key);
    describe(progress, &taken.text);
    note(&taken.id, progress->provider_id);
    pthread_mutex_lock(&masking->lock);
    ck_assert_uint_lt(masking->progress_count, FAKE_NOTES);
    masking->progress[masking->progress_count++] = taken;
    bool hold = masking->hold;
    struct saying saying = saying_of(masking);
    pthread_cond_broadcast(&masking->changed);
    pthread_mutex_unlock(&masking->lock);
    if (!hold)
        answer_progress(&taken, saying);
}

const char *fake_told(struct masking *fake, size_t from, char *ret_text, size_t size)
{
    size_t at = 0;
    *ret_text = '\0';
    pthread_mutex_lock(&fake->lock);
    for (size_t i = from; i < fake->progress_count && at < size; i++)
        at += (size_t)snprintf(ret_text + at, size - at, "%s%s %s", i == from ? "" : "; ",
                               fake->progress[i].key, fake->progress[i].text);
    pthread_mutex_unlock(&fake->lock);
    return ret_text;
}

void fake_answer(struct masking *fake)
{
    pthread_mutex_lock(&fake->lock);
    bool held = fake->hold;
    size_t messages = fake->message_count, receipts = fake->receipt_count;
    size_t calls = fake->call_count, progress = fake->progress_count;
    struct saying saying = saying_of(fake);
    fake->hold = false;
    pthread_mutex_unlock(&fake->lock);
    for (size_t i = 0; held && i < messages; i++)
        answer_message(&fake->messages[i], saying);
    for (size_t i = 0; held && i < receipts; i++)
        answer_receipt(&fake->receipts[i], saying);
    for (size_t i = 0; held && i < calls; i++)
        answer_call(&fake->calls[i], saying);
    for (size_t i = 0; held && i < progress; i++)
        answer_progress(&fake->progress[i], saying);
}

struct fake_attempt *fake_send_message(struct masking *fake, const struct carrier_port *port,
                                       const struct outbound_message *message)
{
    pthread_mutex_lock(&fake->lock);
    ck_assert_uint_lt(fake->attempt_count, FAKE_ATTEMPTS);
    struct fake_attempt *attempt = &fake->attempts[fake->attempt_count++];
    pthread_mutex_unlock(&fake->lock);
    port->send(port->data, message, attempt);
    return attempt;
}

struct fake_attempt *fake_send(struct masking *fake, const struct carrier_port *port,
                               const char *key, const char *to, const char *body)
{
    const struct outbound_message message = {
        .key = key,
        .from = "+15550000001",
        .to = to,
        .body = body,
        .expire_time = LATE,
    };
    return fake_send_message(fake, port, &message);
}

void fake_await(struct masking *fake, const size_t *count, size_t at_least)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&fake->lock);
    int failed = 0;
    while (*count < at_least && !failed)
        failed = pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
    size_t got = *count;
    pthread_mutex_unlock(&fake->lock);
    ck_assert_uint_ge(got, at_least);
}

size_t fake_read(struct masking *fake, const size_t *count)
{
    pthread_mutex_lock(&fake->lock);
    size_t value = *count;
    pthread_mutex_unlock(&fake->lock);
    return value;
}
