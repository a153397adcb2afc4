/*
 * Calls of the simulator from many threads at once; and when nothing is under way any more.
 */
#include "tests/unit/server/carriers/phones.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void count(void *data)
{
    ++*(unsigned *)data;
}

START_TEST(test_when_it_is_quiet)
{
    struct phones phones;
    unsigned quiet = 0;
    phones_set_up(&phones);
    simulator_when_quiet(phones.simulator, count, &quiet);
    ck_assert_uint_eq(quiet, 1);
    phones.fake->hold = true;
    phones_call(&phones, ANNA, "c1");
    simulator_when_quiet(phones.simulator, count, &quiet);
    simulator_when_quiet(phones.simulator, count, &quiet);
    ck_assert_uint_eq(quiet, 1);
    /* The answer makes the network ask whether it may ring. */
    phones.fake->calls[0].done(phones.fake->calls[0].data, &phones.fake->call_result);
    ck_assert_uint_eq(quiet, 1);
    carriers_run_due(phones.carriers);
    ck_assert_uint_eq(quiet, 1);
    const struct fake_progress *asked = phones.fake->progress;
    asked->done(asked->data, &(struct call_answer){.hang_up = false});
    ck_assert_uint_eq(quiet, 3);
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN);
    /* What the clock has made due happens first. */
    manual_clock_set(&phones.clock, phones.now + 20 * MICROSECONDS);
    simulator_when_quiet(phones.simulator, count, &quiet);
    ck_assert_uint_eq(quiet, 3);
    carriers_run_due(phones.carriers);
    asked++;
    /* What the domain cannot take now is not waited for. */
    struct error error;
    error_set(&error, STATUS_UNAVAILABLE, "NOT_NOW", 0, "Not now.");
    asked->done(asked->data, &(struct call_answer){.error = &error});
    ck_assert_uint_eq(quiet, 4);
    phones_wait(&phones, 21);
    simulator_when_quiet(phones.simulator, count, &quiet);
    ck_assert_uint_eq(quiet, 4);
    carriers_stop(phones.carriers);
    ck_assert_uint_eq(quiet, 5);
    simulator_when_quiet(phones.simulator, count, &quiet);
    ck_assert_uint_eq(quiet, 6);
    asked++;
    asked->done(asked->data, &(struct call_answer){.hang_up = false});
    phones.fake->hold = false;
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_network_that_loses_reports_is_quiet)
{
    struct phones phones;
    unsigned quiet = 0;
    phones_set_up(&phones);
    simulator_set_network(phones.simulator, &(struct simulator_network){.loses_reports = true});
    phones.fake->hold = true;
    phones_call(&phones, ANNA, "c1");
    simulator_when_quiet(phones.simulator, count, &quiet);
    fake_answer(phones.fake);
    ck_assert_uint_eq(quiet, 0);
    carriers_run_due(phones.carriers);
    ck_assert_uint_eq(quiet, 1);
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_in_a_crowd_nobody_waits_for_ever)
{
    struct phones phones;
    unsigned quiet = 0;
    char key[32];
    phones_set_up(&phones);
    phones_behave(&phones, ANNA, (struct simulator_behavior){.call = SIMULATED_BUSY});
    phones.fake->hold = true;
    ck_assert(phones_place(&phones, "never answered"));
    phones.fake->hold = false;
    simulator_when_quiet(phones.simulator, count, &quiet);
    for (int i = 0; i < 9999; i++) {
        snprintf(key, sizeof key, "p%d", i);
        ck_assert(phones_place(&phones, key));
    }
    ck_assert_uint_eq(quiet, 0);
    ck_assert(phones_place(&phones, "one more"));
    ck_assert_uint_eq(quiet, 1);
    const struct fake_progress *first = phones.fake->progress;
    first->done(first->data, &(struct call_answer){.hang_up = false});
    phones_tear_down(&phones);
}
END_TEST

/* ---- many threads ---- */

enum { PEOPLE = 24, THREADS = 4, ROUNDS = 400, PLACED = 200 };

struct crowd {
    struct masking *fake;
    struct simulator *simulator;
    const struct carrier_port *port;
    pthread_t threads[THREADS];
    unsigned turn;
};

static void number_of(unsigned person, char ret_number[16])
{
    snprintf(ret_number, 16, "+155512300%02u", person);
}

static void answered(void *data, const char *provider_id, const struct inbound_call_result *result)
{
    ck_assert_str_ne(provider_id, "");
    ck_assert_int_eq(result->outcome, CALL_REJECTED);
    __atomic_add_fetch((unsigned *)data, 1, __ATOMIC_RELAXED);
}

/* People do all that they can think of, whether it makes sense or not. */
static void *people(void *data)
{
    struct crowd *crowd = data;
    unsigned seed = __atomic_add_fetch(&crowd->turn, 1, __ATOMIC_RELAXED);
    unsigned answers = 0, wanted = 0;
    struct error error;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char number[16];
        number_of((unsigned)rand_r(&seed) % PEOPLE, number);
        const struct simulator_call call = {.handset = number, .recipient = PROXY};
        switch (rand_r(&seed) % 4) {
        case 0:
            wanted += simulator_start_call(crowd->simulator, &call, answered, &answers, &error);
            break;
        case 1:
            simulator_pick_up(crowd->simulator, number, &error);
            break;
        case 2:
            simulator_press_key(crowd->simulator, number, "1", &error);
            break;
        default:
            simulator_hang_up(crowd->simulator, number, &error);
            break;
        }
    }
    ck_assert_uint_eq(answers, wanted);
    return NULL;
}

static void *domain(void *data)
{
    struct crowd *crowd = data;
    unsigned seed = 99;
    for (unsigned i = 0; i < PLACED; i++) {
        char key[16], first[16], second[16];
        snprintf(key, sizeof key, "p%u", i);
        number_of((unsigned)rand_r(&seed) % PEOPLE, first);
        number_of((unsigned)rand_r(&seed) % PEOPLE, second);
        const struct call_target targets[] = {{PROXY, first}, {SHOWN, second}};
        const struct call_plan plan = {.key = key,
                                       .first = {&targets[0], 1},
                                       .second = {&targets[1], 1},
                                       .announcement = "a",
                                       .whisper = "w",
                                       .ask_key = i % 2,
                                       .key_limit = MICROSECONDS / 200,
                                       .consent_notice = "",
                                       .ring_limit = MICROSECONDS / 200,
                                       .longest_call = MICROSECONDS / 100,
                                       .expire_time = INT64_MAX};
        ck_assert(crowd->port->calls->place(crowd->port->data, &plan));
        if (i % 3 == 0)
            crowd->port->calls->hang_up(crowd->port->data, key);
    }
    return NULL;
}

/* Each call that was placed has ended, once, and after its end nothing was told of it. */
static void check(struct crowd *crowd)
{
    unsigned ends[PLACED] = {0};
    for (size_t i = 0; i < crowd->fake->progress_count; i++) {
        const struct fake_progress *progress = &crowd->fake->progress[i];
        size_t which = strtoul(progress->key + 1, NULL, 10);
        if (progress->status == CALL_GONE)
            continue;
        ck_assert_msg(ends[which] == 0, "%s %s after its end", progress->key, progress->text);
        ends[which] += progress->status >= CALL_COMPLETED;
    }
    for (size_t i = 0; i < PLACED; i++)
        ck_assert_uint_eq(ends[i], 1);
}

static unsigned ended(struct masking *fake)
{
    unsigned ends = 0;
    pthread_mutex_lock(&fake->lock);
    for (size_t i = 0; i < fake->progress_count; i++)
        ends += fake->progress[i].status >= CALL_COMPLETED && fake->progress[i].status != CALL_GONE;
    pthread_mutex_unlock(&fake->lock);
    return ends;
}

/* All limits are over soon; 30 s at most. */
static void wait_for_ends(struct crowd *crowd)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < 30000 && ended(crowd->fake) < PLACED; i++)
        nanosleep(&pause, NULL);
}

START_TEST(test_many_at_once)
{
    struct error error;
    struct simulator_handset handset;
    struct crowd crowd = {.fake = fake_new()};
    const struct carrier_options options = {.clock = clock_real()};
    struct carriers *carriers = carriers_new(&options);
    ck_assert(carriers_add(carriers, "simulator", &error));
    ck_assert(carriers_attach(carriers, crowd.fake, &error));
    crowd.fake->call_result =
        (struct inbound_call_result){.outcome = CALL_REJECTED, .reason = "NO_ROUTE"};
    crowd.simulator = carriers_simulator(carriers, "");
    crowd.port = crowd.fake->ports[0];
    for (unsigned i = 0; i < PEOPLE; i++) {
        char number[16];
        number_of(i, number);
        const struct simulator_behavior behavior = {
            .call = i % 2 ? SIMULATED_PICKS_UP : SIMULATED_RINGS, .keys = "1"};
        ck_assert(simulator_add_handset(crowd.simulator, number, &behavior, &handset, &error));
    }
    pthread_t placing;
    pthread_create(&placing, NULL, domain, &crowd);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&crowd.threads[i], NULL, people, &crowd);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(crowd.threads[i], NULL);
    pthread_join(placing, NULL);
    wait_for_ends(&crowd);
    carriers_stop(carriers);
    check(&crowd);
    carriers_free(carriers);
    fake_free(crowd.fake);
}
END_TEST

SUITE_MAIN("call_crowd", test_when_it_is_quiet, test_a_network_that_loses_reports_is_quiet,
           test_in_a_crowd_nobody_waits_for_ever, test_many_at_once)
