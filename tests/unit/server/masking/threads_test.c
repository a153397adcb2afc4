#include "server/masking/calls/call_watch.h"
#include "server/masking/internal.h"
#include "tests/unit/server/masking/world.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The same with all threads: carriers' threads hand in, the outbox sends, a network answers and tells what became of it, sessions come
 * and go. In the end every message that was accepted has reached its person once, in order, and every leg says so.
 */

enum { TALKS = 8, HANDERS = 4, TEXTS = 200, ALL = HANDERS * TEXTS };

struct said {
    struct receipt receipt;
    char key[OUTBOUND_KEY_SIZE];
};

struct job {
    struct job *next;
    void *attempt;
    char key[OUTBOUND_KEY_SIZE];
};

struct network {
    struct world *world;
    struct talk talks[TALKS];
    char names[TALKS][2][24];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first, **last;
    bool ending;
    unsigned delivered;
    unsigned random;
    unsigned taken[ALL];           /* how often each text was taken */
    int order[TALKS][2];           /* the last text that was taken of each direction */
    atomic_uint accepted, refused; /* hand-ins */
};

static struct network network;

/* ---- the carrier: queues what it is given ---- */

static void net_send(void *data, const struct outbound_message *message, void *attempt)
{
    (void)data;
    struct job *job = calloc(1, sizeof *job);
    ck_assert_ptr_nonnull(job);
    job->attempt = attempt;
    snprintf(job->key, sizeof job->key, "%s", message->key);
    unsigned text, talk, side;
    int number;
    ck_assert_int_eq(sscanf(message->body, "%u %u %u %d", &text, &talk, &side, &number), 4);
    pthread_mutex_lock(&network.lock);
    network.random = network.random * 1103515245u + 12345u;
    bool take = network.random >> 16 & 3;
    ck_assert_str_eq(message->to, network.names[talk][!side]);
    if (take) {
        network.taken[text]++;
        ck_assert_int_gt(number, network.order[talk][side]);
        network.order[talk][side] = number;
        job->next = NULL;
        *network.last = job;
        network.last = &job->next;
        pthread_cond_broadcast(&network.changed);
    }
    pthread_mutex_unlock(&network.lock);
    if (take)
        return;
    ingress_sent(network.world->masking, attempt, &(struct send_result){.outcome = SEND_RETRY});
    free(job);
}

static bool net_idempotent(void *data)
{
    (void)data;
    return false;
}

static void told(void *data, const struct error *error)
{
    ck_assert_ptr_null(error);
    free(data);
    pthread_mutex_lock(&network.lock);
    network.delivered++;
    pthread_cond_broadcast(&network.changed);
    pthread_mutex_unlock(&network.lock);
}

static void tell(const char *key)
{
    struct said *said = calloc(1, sizeof *said);
    ck_assert_ptr_nonnull(said);
    memcpy(said->key, key, sizeof said->key);
    said->receipt = (struct receipt){.carrier = "net",
                                     .key = said->key,
                                     .status = RECEIPT_DELIVERED,
                                     .carrier_code = "",
                                     .provider_id = ""};
    ingress_receipt(network.world->masking, &said->receipt, told, said);
}

/* Answers in turn: first the result, or first the receipt. */
static void *answer(void *data)
{
    (void)data;
    bool result_first = true;
    pthread_mutex_lock(&network.lock);
    for (;;) {
        while (!network.first && !network.ending)
            pthread_cond_wait(&network.changed, &network.lock);
        struct job *job = network.first;
        if (!job)
            break;
        network.first = job->next;
        if (!network.first)
            network.last = &network.first;
        pthread_mutex_unlock(&network.lock);
        result_first = !result_first;
        if (!result_first)
            tell(job->key);
        ingress_sent(network.world->masking, job->attempt,
                     &(struct send_result){.outcome = SEND_TAKEN, .provider_id = "p"});
        if (result_first)
            tell(job->key);
        free(job);
        pthread_mutex_lock(&network.lock);
    }
    pthread_mutex_unlock(&network.lock);
    return NULL;
}

/* ---- those who hand in ---- */

struct text {
    struct inbound_message message;
    char id[24];
    char body[32];
};

static void handed_in(void *data, const struct inbound_result *result)
{
    if (result->outcome == INBOUND_ACCEPTED)
        network.accepted++;
    else
        network.refused++;
    free(data);
}

static void *hand_in(void *data)
{
    unsigned hander = (unsigned)(uintptr_t)data;
    for (unsigned i = 0; i < TEXTS; i++) {
        unsigned number = hander * TEXTS + i;
        /* Each direction of a talk has one hander, so that there is an order to keep. */
        unsigned talk = (hander * 2 + i % 2) % TALKS, side = i / 2 % 2;
        struct text *text = calloc(1, sizeof *text);
        ck_assert_ptr_nonnull(text);
        snprintf(text->id, sizeof text->id, "%u", number);
        snprintf(text->body, sizeof text->body, "%u %u %u %u", number, talk, side, i);
        text->message = (struct inbound_message){
            .carrier = "net",
            .provider_id = text->id,
            .from = network.names[talk][side],
            .to = side ? network.talks[talk].proxy_b : network.talks[talk].proxy_a,
            .body = text->body,
        };
        ingress_message(network.world->masking, &text->message, handed_in, text);
    }
    return NULL;
}

/* Sessions of others come, are closed and expire meanwhile. */
static void *disturb(void *data)
{
    struct world *world = data;
    for (int i = 0; i < 60; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        struct talk talk = world_talk(world, a, b, i % 2 ? SECOND : 0);
        if (i % 4 == 0)
            world_end_talk(world, &talk);
        if (i % 4 == 2)
            world_delete_talk(world, &talk);
    }
    return NULL;
}

static void wait_for_delivery(void)
{
    struct timespec end, until;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 100;
    pthread_mutex_lock(&network.lock);
    while (network.delivered < ALL) {
        clock_gettime(CLOCK_REALTIME, &until);
        ck_assert_msg(until.tv_sec < end.tv_sec, "%u of %d delivered", network.delivered, ALL);
        until.tv_nsec += 5000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_cond_timedwait(&network.changed, &network.lock, &until) == 0)
            continue;
        /* Nothing happens: what waits, waits for time. */
        pthread_mutex_unlock(&network.lock);
        world_move(network.world, SECOND);
        pthread_mutex_lock(&network.lock);
    }
    pthread_mutex_unlock(&network.lock);
}

/* holds: INV-03 INV-04 */
START_TEST(every_message_once)
{
    static struct carrier_port port = {
        .name = "net", .send = net_send, .idempotent = net_idempotent};
    struct world *world = world_open_threaded(NULL, &port);
    network.world = world;
    network.last = &network.first;
    network.random = 7;
    memset(network.order, -1, sizeof network.order);
    pthread_mutex_init(&network.lock, NULL);
    pthread_cond_init(&network.changed, NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", "net");
    world_number(world, "+15559990002", "net");
    for (unsigned i = 0; i < TALKS; i++) {
        snprintf(network.names[i][0], 24, "+1555400%04u", i);
        snprintf(network.names[i][1], 24, "+1555500%04u", i);
        network.talks[i] = world_talk(world, network.names[i][0], network.names[i][1], 0);
    }
    pthread_t answerer, disturber, handers[HANDERS];
    ck_assert_int_eq(pthread_create(&answerer, NULL, answer, NULL), 0);
    ck_assert_int_eq(pthread_create(&disturber, NULL, disturb, world), 0);
    for (uintptr_t i = 0; i < HANDERS; i++)
        ck_assert_int_eq(pthread_create(&handers[i], NULL, hand_in, (void *)i), 0);
    for (unsigned i = 0; i < HANDERS; i++)
        pthread_join(handers[i], NULL);
    pthread_join(disturber, NULL);
    wait_for_delivery();
    pthread_mutex_lock(&network.lock);
    network.ending = true;
    pthread_cond_broadcast(&network.changed);
    pthread_mutex_unlock(&network.lock);
    pthread_join(answerer, NULL);
    ck_assert_uint_eq(network.accepted, ALL);
    for (unsigned i = 0; i < ALL; i++)
        ck_assert_uint_eq(network.taken[i], 1);
    for (unsigned i = 0; i < TALKS; i++) {
        unsigned count = world_interactions(world, &network.talks[i]);
        for (unsigned n = 0; n < count; n++)
            ck_assert_int_eq(world_leg(world, &network.talks[i], n)->status, STATUS(DELIVERED));
    }
    world_close(world);
}
END_TEST

/* ---- a store that cannot be made ready ---- */

struct spoiling {
    struct command command;
    struct waiter waiter;
    struct key key;
};

static bool spoil(struct command *command, struct txn *txn)
{
    const struct spoiling *spoiling = (const struct spoiling *)command;
    return txn_put(txn, KV_META, key_bytes(&spoiling->key), (struct bytes){"\xff", 1}, 0);
}

static void spoilt(struct command *command, enum command_outcome outcome, const struct error *error)
{
    ck_assert_int_eq(outcome, COMMAND_UNKNOWN);
    waiter_finish(&((struct spoiling *)command)->waiter, error);
}

/* A write that is said to have failed leaves a Service that cannot be read: nothing can be made ready again. The threads come by from time
 * to time, and do not turn round and round. */
START_TEST(nobody_is_busy_while_nothing_can_be_read)
{
    static struct carrier_port port = {
        .name = "net", .send = net_send, .idempotent = net_idempotent};
    struct world *world = world_open_threaded(NULL, &port);
    world_service(world, NULL);
    struct log_id log = world_log(world);
    struct spoiling spoiling = {.command = {.decide = spoil, .done = spoilt},
                                .key = key_service(TENANT_DEFAULT, log_service(&log))};
    waiter_init(&spoiling.waiter);
    atomic_store(&world->denies, true);
    pipeline_submit(masking_pipeline(world->masking), &spoiling.command);
    waiter_wait(&spoiling.waiter);
    uint64_t before = atomic_load(&world->clock_asked);
    for (int i = 0; i < 20; i++) {
        const struct timespec pause = {.tv_nsec = 100000000};
        calls_look_at_all(world->masking->calls);
        nanosleep(&pause, NULL);
    }
    struct error why;
    ck_assert(pipeline_refuses(masking_pipeline(world->masking), &why));
    ck_assert_uint_lt(atomic_load(&world->clock_asked) - before, 1000);
    world_close(world);
}
END_TEST

SUITE_MAIN("threads", every_message_once, nobody_is_busy_while_nothing_can_be_read)
