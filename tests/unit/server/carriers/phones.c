#include "tests/unit/server/carriers/phones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START (INT64_C(1000000) * MICROSECONDS)

void phones_behave(struct phones *phones, const char *number, struct simulator_behavior behavior)
{
    struct simulator_handset handset;
    struct error error;
    ck_assert(simulator_set_behavior(phones->simulator, number, &behavior, &handset, &error));
}

void phones_set_up(struct phones *phones)
{
    static const char *const numbers[] = {ANNA, BORIS, CLARA};
    struct simulator_handset handset;
    struct error error;
    *phones = (struct phones){.fake = fake_new(), .now = START, .arena = arena_new(1 << 24)};
    manual_clock_set(&phones->clock, START);
    const struct carrier_options options = {
        .clock = clock_manual(&phones->clock), .seed = 0xabc, .manual = true};
    phones->carriers = carriers_new(&options);
    ck_assert(carriers_add(phones->carriers, "simulator", &error));
    ck_assert(carriers_attach(phones->carriers, phones->fake, &error));
    phones->simulator = carriers_simulator(phones->carriers, "");
    phones->port = phones->fake->ports[0];
    phones->calls = phones->port->calls;
    ck_assert_ptr_nonnull(phones->calls);
    for (size_t i = 0; i < 3; i++)
        ck_assert(simulator_add_handset(phones->simulator, numbers[i], NULL, &handset, &error));
    phones->targets[0] = (struct call_target){SHOWN, BORIS};
    phones->plan = (struct call_plan){
        .key = "k1",
        .second = {phones->targets, 1},
        .announcement = "",
        .whisper = "",
        .key_limit = 10 * MICROSECONDS,
        .consent_notice = "",
        .ring_limit = 20 * MICROSECONDS,
        .longest_call = 100 * MICROSECONDS,
        .expire_time = START + 30 * MICROSECONDS,
    };
    phones->fake->call_result =
        (struct inbound_call_result){.outcome = CALL_ACCEPTED, .plan = &phones->plan};
}

void phones_tear_down(struct phones *phones)
{
    carriers_stop(phones->carriers);
    fake_answer(phones->fake);
    carriers_free(phones->carriers);
    arena_free(phones->arena);
    fake_free(phones->fake);
}

static void called(void *data, const char *provider_id, const struct inbound_call_result *result)
{
    struct phones *phones = data;
    phones->answers++;
    phones->outcome = result->outcome;
    snprintf(phones->id, sizeof phones->id, "%s", provider_id);
}

void phones_call(struct phones *phones, const char *number, const char *id)
{
    struct error error;
    const struct simulator_call call = {.handset = number, .recipient = PROXY, .provider_id = id};
    unsigned before = phones->answers;
    ck_assert(simulator_start_call(phones->simulator, &call, called, phones, &error));
    ck_assert(phones->fake->hold || phones->answers == before + 1);
    carriers_run_due(phones->carriers);
}

bool phones_place(struct phones *phones, const char *key)
{
    static const struct call_target first[] = {{PROXY, ANNA}};
    struct call_plan plan = phones->plan;
    plan.key = key;
    plan.first = (struct call_party){first, 1};
    bool taken = phones->calls->place(phones->port->data, &plan);
    carriers_run_due(phones->carriers);
    return taken;
}

void phones_wait(struct phones *phones, int64_t seconds)
{
    phones->now += seconds * MICROSECONDS;
    manual_clock_set(&phones->clock, phones->now);
    carriers_run_due(phones->carriers);
}

const char *phones_told(struct phones *phones)
{
    carriers_run_due(phones->carriers);
    fake_told(phones->fake, phones->read, phones->text, sizeof phones->text);
    phones->read = phones->fake->progress_count;
    return phones->text;
}

static void nothing(void *data)
{
    (void)data;
}

static void add(struct phones *phones, const struct simulator_happened *event)
{
    static const char *const names[] = {"CALLS",         "RINGS",     "PICKED_UP", "HEARS",
                                        "ASKED_FOR_KEY", "CONNECTED", "RECORDING", "ENDS"};
    size_t at = strlen(phones->text);
    const char *more = *event->other ? event->other : event->text;
    snprintf(phones->text + at, sizeof phones->text - at, "%s%lld %s%s%s", at > 0 ? "; " : "",
             (long long)((event->time - START) / MICROSECONDS), names[event->event],
             *more ? " " : "", more);
}

const char *phones_saw(struct phones *phones, const char *number)
{
    uint64_t *seen = &phones->seen[number[strlen(number) - 1] - '1'];
    struct simulator_watch *watch;
    uint64_t received;
    struct simulator_received text;
    struct simulator_happened event;
    struct error error;
    arena_reset(phones->arena);
    phones->text[0] = '\0';
    ck_assert(simulator_watch_new(phones->simulator, number, false, nothing, NULL, &watch,
                                  &received, &error));
    while (simulator_watch_next(watch, phones->arena, &text, &event, &error) ==
           SIMULATOR_CALL_EVENT) {
        if (event.number <= *seen)
            continue;
        ck_assert_uint_eq(event.number, ++*seen);
        add(phones, &event);
    }
    simulator_watch_free(watch);
    return phones->text;
}

void phones_pick_up(struct phones *phones, const char *number)
{
    struct error error;
    ck_assert(simulator_pick_up(phones->simulator, number, &error));
    carriers_run_due(phones->carriers);
}

void phones_press(struct phones *phones, const char *number, const char *key)
{
    struct error error;
    ck_assert(simulator_press_key(phones->simulator, number, key, &error));
    carriers_run_due(phones->carriers);
}

void phones_hang_up(struct phones *phones, const char *number)
{
    struct error error;
    ck_assert(simulator_hang_up(phones->simulator, number, &error));
    carriers_run_due(phones->carriers);
}
