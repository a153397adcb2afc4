/* Carriers that write down what they are asked to send, and answer as they are told. */
#include "tests/model/subject_internal.h"

#include "server/masking/outbox/outbound_key.h"

#include <string.h>

static struct send_result result_of(enum attempt_mode outcome, int64_t retry_after)
{
    static const enum send_outcome outcomes[] = {
        [MODE_HOLD] = SEND_UNKNOWN, [MODE_TAKE] = SEND_TAKEN,      [MODE_REFUSE] = SEND_REFUSED,
        [MODE_RETRY] = SEND_RETRY,  [MODE_UNKNOWN] = SEND_UNKNOWN, [MODE_LOST] = SEND_LOST};
    return (struct send_result){.outcome = outcomes[outcome],
                                .provider_id = outcome == MODE_TAKE ? "p" : "",
                                .carrier_code = outcome == MODE_TAKE ? "" : "e",
                                .retry_after = retry_after};
}

static void keep(struct fake *fake, const struct outbound_message *message, void *handle)
{
    struct subject *subject = fake->subject;
    if (subject->attempt_count == ATTEMPTS_MOST)
        subject_die("more is sent than this test has room for", NULL);
    struct kept_attempt *kept = &subject->attempts[subject->attempt_count++];
    struct leg_id id;
    *kept = (struct kept_attempt){.handle = handle};
    strncpy(kept->key, message->key, sizeof(kept->key) - 1);
    kept->plain = (struct attempt){
        .carrier = fake->index,
        .from = world_number_of(&subject->world, message->from),
        .to = world_who(&subject->world, message->to),
        .message = world_text_read(message->body),
        .media = message->media_count == 1,
        .expire_time = message->expire_time,
        .outcome = fake->mode,
    };
    kept->plain.leaks =
        world_leaks(&subject->world, message->body, strlen(message->body), kept->plain.to) ||
        world_leaks(&subject->world, message->from, strlen(message->from), WHOS) ||
        world_leaks(&subject->world, message->key, strlen(message->key), WHOS);
    if (outbound_key_read(message->key, &id))
        memcpy(kept->plain.interaction.bytes, id.interaction, PLAIN_SID);
    if (fake->mode != MODE_HOLD)
        kept->handle = NULL;
}

static void fake_send(void *data, const struct outbound_message *message, void *attempt)
{
    struct fake *fake = data;
    pthread_mutex_lock(&fake->subject->mutex);
    keep(fake, message, attempt);
    pthread_mutex_unlock(&fake->subject->mutex);
    if (fake->mode == MODE_HOLD)
        return;
    struct send_result result = result_of(fake->mode, 0);
    ingress_sent(fake->subject->masking, attempt, &result);
}

/* The second one recognises a repeated key. */
static bool fake_idempotent(void *data)
{
    const struct fake *fake = data;
    return fake->index == 1;
}

void fakes_init(struct subject *subject)
{
    for (int i = 0; i < CARRIERS; i++) {
        struct fake *fake = &subject->fakes[i];
        *fake = (struct fake){.subject = subject, .index = i};
        fake->port = (struct carrier_port){.data = fake,
                                           .name = world_carrier(i),
                                           .idempotent = fake_idempotent,
                                           .send = fake_send};
        fake_calls_init(fake);
    }
}

void fakes_add(struct subject *subject)
{
    for (int i = 0; i < CARRIERS; i++) {
        struct error error;
        if (!ingress_add_carrier(subject->masking, &subject->fakes[i].port, &error))
            subject_die("a carrier is not taken", &error);
    }
}

void fakes_forget(struct subject *subject)
{
    for (int i = 0; i < subject->attempt_count; i++)
        subject->attempts[i].handle = NULL;
}

void fake_answer(struct subject *subject, struct kept_attempt *attempt, enum attempt_mode outcome,
                 int64_t retry_after)
{
    struct send_result result = result_of(outcome, retry_after);
    void *handle = attempt->handle;
    attempt->handle = NULL;
    ingress_sent(subject->masking, handle, &result);
}
