/*
 * Programs that come, take over, answer and go, while the domain sends: every attempt has one result, and it is true.
 */
#include "proto/c/clock.h"
#include "server/carriers/gateway/gateway.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 2, PROGRAMS = 3, SENDS = 1500, OUTPUTS = 60, PATIENCE = 1000 };

struct crowd {
    struct masking *fake;
    struct manual_clock timeouts;
    struct carriers *carriers;
    struct gateway *gateway;
    atomic_bool sent;                    /* all of it */
    bool relies[SENDERS * SENDS];        /* written by its sender before it is sent */
    atomic_uint handed[SENDERS * SENDS]; /* how often a program was given it */
    atomic_bool betrayed; /* one that relies on its key was given to a program that honours none */
    atomic_uint answered[SENDERS * SENDS]; /* that it was taken */
};

static uint64_t dice(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct sender {
    struct crowd *crowd;
    unsigned first;
    struct fake_attempt *attempts[SENDS];
};

/* Mostly there is somebody to send to. */
static void wait_for_program(struct crowd *crowd)
{
    struct carrier_info info;
    for (unsigned i = 0; i < PATIENCE; i++) {
        ck_assert(carriers_info(crowd->carriers, 0, &info));
        if (info.health == CARRIER_READY)
            return;
        sched_yield();
    }
}

static void *send_all(void *data)
{
    struct sender *sender = data;
    const struct carrier_port *port = sender->crowd->fake->ports[0];
    char key[16];
    struct outbound_message message = {
        .key = key, .from = "", .to = "", .body = "x", .expire_time = INT64_MAX};
    for (unsigned i = 0; i < SENDS; i++) {
        snprintf(key, sizeof key, "%u", sender->first + i);
        wait_for_program(sender->crowd);
        message.relies_on_key = i % 2 && port->idempotent(port->data);
        sender->crowd->relies[sender->first + i] = message.relies_on_key;
        sender->attempts[i] = fake_send_message(sender->crowd->fake, port, &message);
        if (i % 100 == 0) {
            manual_clock_move(&sender->crowd->timeouts, 2 * MICROSECONDS);
            carriers_kick(sender->crowd->carriers);
        }
    }
    return NULL;
}

struct program {
    struct crowd *crowd;
    uint64_t state;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    bool honours_keys;
    unsigned ended;
};

static void wake(void *data)
{
    struct program *program = data;
    pthread_mutex_lock(&program->lock);
    program->awake = true;
    pthread_cond_signal(&program->woken);
    pthread_mutex_unlock(&program->lock);
}

/* A while, but not for ever: nobody may have anything to say any more. */
static void wait_a_little(struct program *program)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 2000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&program->lock);
    if (!program->awake)
        (void)pthread_cond_timedwait(&program->woken, &program->lock, &until);
    program->awake = false;
    pthread_mutex_unlock(&program->lock);
}

static void answer(struct program *program, struct gateway_attachment *attachment, const char *key)
{
    unsigned index = (unsigned)strtoul(key, NULL, 10);
    atomic_fetch_add(&program->crowd->handed[index], 1);
    if (program->crowd->relies[index] && !program->honours_keys)
        atomic_store(&program->crowd->betrayed, true);
    if (dice(&program->state) % 4 == 0)
        return;
    /* Counted first: the result may be refused, but not the other way round. */
    atomic_fetch_add(&program->crowd->answered[index], 1);
    gateway_result(
        attachment, key,
        &(struct send_result){.outcome = SEND_TAKEN, .provider_id = "id", .carrier_code = ""});
}

static void hand_in(struct program *program, struct gateway_attachment *attachment)
{
    if (dice(&program->state) % 2) {
        gateway_inbound(attachment,
                        &(struct gateway_inbound){.provider_id = "p", .from = "", .to = ""});
        return;
    }
    gateway_receipt(attachment, &(struct gateway_receipt){.key = "k", .status = RECEIPT_DELIVERED});
}

/* One attachment from attach to detach. False when the gateway has stopped. */
static bool live(struct program *program, struct arena *arena)
{
    program->honours_keys = dice(&program->state) % 2;
    const struct gateway_program described = {
        .honours_keys = program->honours_keys, .wake = wake, .read_on = wake, .data = program};
    struct gateway_attachment *attachment;
    struct gateway_output output;
    struct error error;
    bool took_over, half_closed = false;
    if (!gateway_attach(program->crowd->gateway, &described, &attachment, &took_over, &error))
        return false;
    uint64_t life = dice(&program->state) % OUTPUTS;
    for (uint64_t i = 0; i < life; i++) {
        arena_reset(arena);
        enum gateway_next next = gateway_next(attachment, arena, &output, &error);
        if (next == GATEWAY_ENDED) {
            program->ended++;
            break;
        }
        if (next == GATEWAY_LATER)
            wait_a_little(program);
        else if (output.kind == GATEWAY_SEND)
            answer(program, attachment, output.send.key);
        if (!half_closed && dice(&program->state) % 3 == 0)
            hand_in(program, attachment);
        if (!half_closed && dice(&program->state) % 50 == 0) {
            gateway_half_close(attachment);
            half_closed = true;
        }
    }
    gateway_detach(attachment);
    return true;
}

static void *run_program(void *data)
{
    struct program *program = data;
    struct arena *arena = arena_new(1024 * 1024);
    while (!atomic_load(&program->crowd->sent) && live(program, arena))
        ;
    arena_free(arena);
    return NULL;
}

static void begin(struct crowd *crowd)
{
    struct error error;
    memset(crowd, 0, sizeof *crowd);
    crowd->fake = fake_new();
    const struct carrier_options options = {.clock = clock_real(),
                                            .timeouts = clock_manual(&crowd->timeouts)};
    crowd->carriers = carriers_new(&options);
    ck_assert(carriers_add(crowd->carriers, "gateway:a", &error));
    ck_assert(carriers_attach(crowd->carriers, crowd->fake, &error));
    crowd->gateway = carriers_gateway(crowd->carriers, "a", &error);
}

static void check(const struct crowd *crowd, const struct sender *sender)
{
    for (unsigned i = 0; i < SENDS; i++) {
        const struct fake_attempt *attempt = sender->attempts[i];
        unsigned handed = atomic_load(&crowd->handed[sender->first + i]);
        ck_assert_uint_eq(attempt->results, 1);
        ck_assert_uint_le(handed, 1);
        switch (attempt->outcome) {
        case SEND_TAKEN:
            ck_assert_uint_eq(atomic_load(&crowd->answered[sender->first + i]), 1);
            break;
        case SEND_LOST:
            ck_assert_uint_eq(handed, 1);
            break;
        case SEND_RETRY:
            ck_assert_uint_eq(handed, 0);
            break;
        default:
            ck_abort();
        }
    }
}

static void run_crowd(bool stop_early)
{
    static struct crowd crowd;
    static struct sender senders[SENDERS];
    struct program programs[PROGRAMS];
    pthread_t sending[SENDERS], running[PROGRAMS];
    begin(&crowd);
    for (unsigned i = 0; i < PROGRAMS; i++) {
        programs[i] = (struct program){.crowd = &crowd, .state = 0x9e3779b97f4a7c15u + i};
        pthread_mutex_init(&programs[i].lock, NULL);
        pthread_cond_init(&programs[i].woken, NULL);
        ck_assert_int_eq(pthread_create(&running[i], NULL, run_program, &programs[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.crowd = &crowd, .first = i * SENDS};
        ck_assert_int_eq(pthread_create(&sending[i], NULL, send_all, &senders[i]), 0);
    }
    if (stop_early) {
        fake_await(crowd.fake, &crowd.fake->result_count, SENDS / 4);
        carriers_stop(crowd.carriers);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(sending[i], NULL);
    atomic_store(&crowd.sent, true);
    for (unsigned i = 0; i < PROGRAMS; i++)
        pthread_join(running[i], NULL);
    carriers_stop(crowd.carriers);
    for (unsigned i = 0; i < SENDERS; i++)
        check(&crowd, &senders[i]);
    ck_assert_uint_eq(crowd.fake->result_count, SENDERS * SENDS);
    ck_assert(!atomic_load(&crowd.betrayed));
    for (unsigned i = 0; i < PROGRAMS; i++) {
        pthread_cond_destroy(&programs[i].woken);
        pthread_mutex_destroy(&programs[i].lock);
    }
    carriers_free(crowd.carriers);
    fake_free(crowd.fake);
}

START_TEST(test_programs_come_and_go)
{
    run_crowd(false);
}
END_TEST

START_TEST(test_stopping_in_the_midst_of_it)
{
    run_crowd(true);
}
END_TEST

SUITE_MAIN("crowd", test_programs_come_and_go, test_stopping_in_the_midst_of_it)
