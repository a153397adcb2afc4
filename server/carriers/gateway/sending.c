/*
 * Attempts: in a queue until a program pulls them, then in a table until their result comes.
 */
#include "server/carriers/gateway/internal.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

static size_t bucket_of(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32) % BUCKETS;
}

static void put(struct attempts *list, struct attempt *attempt)
{
    attempt->newer = NULL;
    attempt->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = attempt;
    list->newest = attempt;
}

static void take(struct attempts *list, struct attempt *attempt)
{
    *(attempt->older ? &attempt->older->newer : &list->oldest) = attempt->newer;
    *(attempt->newer ? &attempt->newer->older : &list->newest) = attempt->older;
}

bool sending_init(struct sending *sending)
{
    struct attempt **buckets = calloc(BUCKETS, sizeof(*buckets));
    if (!buckets)
        return false;
    *sending = (struct sending){.buckets = buckets};
    return true;
}

void sending_done(struct sending *sending)
{
    free(sending->buckets);
}

static size_t size_of(const struct attempt *attempt)
{
    return sizeof *attempt + attempt->text.bytes;
}

struct attempt *sending_queue(struct sending *sending, const struct outbound_message *message,
                              void *attempt, int64_t deadline)
{
    if (sending->count == GATEWAY_ATTEMPTS || sending->bytes > GATEWAY_ATTEMPT_BYTES)
        return NULL;
    struct attempt *queued = calloc(1, sizeof *queued);
    if (!queued)
        return NULL;
    const char *strings[] = {
        [SEND_KEY] = message->key,
        [SEND_FROM] = message->from,
        [SEND_TO] = message->to,
        [SEND_BODY] = message->body,
    };
    if (!text_copy(&queued->text, strings, 4, message->media, message->media_count)) {
        free(queued);
        return NULL;
    }
    queued->attempt = attempt;
    queued->expire_time = message->expire_time;
    queued->relies_on_key = message->relies_on_key;
    queued->deadline = deadline;
    put(&sending->queued, queued);
    sending->count++;
    sending->bytes += size_of(queued);
    return queued;
}

void sending_hand_over(struct sending *sending, struct gateway_attachment *to, int64_t deadline)
{
    struct attempt *attempt = sending->queued.oldest;
    take(&sending->queued, attempt);
    put(&sending->handed, attempt);
    attempt->given = to;
    attempt->deadline = deadline;
    struct attempt **link = &sending->buckets[bucket_of(attempt->text.strings[SEND_KEY])];
    while (*link)
        link = &(*link)->next_in_bucket;
    *link = attempt;
}

struct attempt *sending_find(const struct sending *sending, const struct gateway_attachment *given,
                             const char *key)
{
    struct attempt *attempt = sending->buckets[bucket_of(key)];
    while (attempt &&
           (attempt->given != given || strcmp(attempt->text.strings[SEND_KEY], key) != 0))
        attempt = attempt->next_in_bucket;
    return attempt;
}

static void out_of_table(struct sending *sending, struct attempt *attempt)
{
    struct attempt **link = &sending->buckets[bucket_of(attempt->text.strings[SEND_KEY])];
    while (*link != attempt)
        link = &(*link)->next_in_bucket;
    *link = attempt->next_in_bucket;
}

void settle(struct sending *sending, struct attempt *attempt, const struct send_result *result,
            struct settled *settled)
{
    if (attempt->given) {
        out_of_table(sending, attempt);
        take(&sending->handed, attempt);
    } else {
        take(&sending->queued, attempt);
    }
    sending->count--;
    sending->bytes -= size_of(attempt);
    attempt->result = *result;
    put(&settled->attempts, attempt);
}

void settle_queued(struct sending *sending, struct attempt *attempt, struct settled *settled)
{
    const struct send_result again = {.outcome = SEND_RETRY, .provider_id = "", .carrier_code = ""};
    settle(sending, attempt, &again, settled);
}

void settle_lost(struct sending *sending, struct attempt *attempt, struct settled *settled)
{
    const struct send_result lost = {.outcome = SEND_LOST, .provider_id = "", .carrier_code = ""};
    settle(sending, attempt, &lost, settled);
}

void settle_all_queued(struct sending *sending, struct settled *settled)
{
    while (sending->queued.oldest)
        settle_queued(sending, sending->queued.oldest, settled);
}

void settle_all_relying(struct sending *sending, struct settled *settled)
{
    struct attempt *attempt = sending->queued.oldest;
    while (attempt) {
        struct attempt *newer = attempt->newer;
        if (attempt->relies_on_key)
            settle_queued(sending, attempt, settled);
        attempt = newer;
    }
}

void settle_all_given(struct sending *sending, const struct gateway_attachment *given,
                      struct settled *settled)
{
    struct attempt *attempt = sending->handed.oldest;
    while (attempt) {
        struct attempt *newer = attempt->newer;
        if (attempt->given == given)
            settle_lost(sending, attempt, settled);
        attempt = newer;
    }
}

void settled_tell(struct settled *settled, struct masking *masking)
{
    struct attempt *attempt = settled->attempts.oldest;
    while (attempt) {
        struct attempt *newer = attempt->newer;
        ingress_sent(masking, attempt->attempt, &attempt->result);
        text_done(&attempt->text);
        free(attempt);
        attempt = newer;
    }
    settled->attempts = (struct attempts){.oldest = NULL};
}
