#include "tests/unit/server/masking/calls.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Pools of every size: what they may have, and many numbers in one call. */

enum { MANY = 3000 };

struct seen {
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
    size_t count;
    struct {
        bool added;
        struct sid_text sid;
        char number[32];
        int code;
        int32_t original;
        char reason[48];
    } results[MANY];
};

static void tell(void *data, const struct number_added *results, const struct error *error)
{
    struct seen *seen = data;
    pthread_mutex_lock(&seen->lock);
    if (error)
        call_error = *error;
    else
        error_clear(&call_error);
    for (size_t i = 0; results && i < seen->count; i++) {
        const struct number_added *result = &results[i];
        seen->results[i].added = result->number;
        seen->results[i].code = result->code;
        seen->results[i].original = result->original;
        snprintf(seen->results[i].reason, sizeof seen->results[i].reason, "%s", result->reason);
        if (!result->number)
            continue;
        seen->results[i].sid = sid_format("PN", result->number->sid.data);
        snprintf(seen->results[i].number, sizeof seen->results[i].number, "%s",
                 result->number->phone_number);
    }
    seen->done = true;
    pthread_cond_signal(&seen->told);
    pthread_mutex_unlock(&seen->lock);
}

/* How many were added; -1: the call was refused. */
static int add_many(struct world *world, const struct number_draft *drafts, size_t count,
                    struct seen *seen)
{
    *seen = (struct seen){.count = count};
    pthread_mutex_init(&seen->lock, NULL);
    pthread_cond_init(&seen->told, NULL);
    numbers_add_many(world->masking, world->service, drafts, count, tell, seen);
    pthread_mutex_lock(&seen->lock);
    while (!seen->done)
        pthread_cond_wait(&seen->told, &seen->lock);
    pthread_mutex_unlock(&seen->lock);
    pthread_cond_destroy(&seen->told);
    pthread_mutex_destroy(&seen->lock);
    int added = 0;
    for (size_t i = 0; i < count; i++)
        added += seen->results[i].added;
    return call_error.code == STATUS_OK ? added : -1;
}

static struct world *world_of(int64_t most_reserved, int64_t most_unreserved)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.most_reserved = most_reserved;
    settings.most_unreserved = most_unreserved;
    world_service(world, &settings);
    return world;
}

static bool add(struct world *world, int number, bool reserved)
{
    char text[32];
    snprintf(text, sizeof text, "+1555999%04d", number);
    struct number_draft draft = number_draft(world, text);
    draft.reserved = reserved;
    return call_number_add(world, &draft).number;
}

/* holds: NUM-14 LIM-03 */
START_TEST(thousands_come_in_one_call)
{
    static char texts[MANY][32];
    static struct number_draft drafts[MANY];
    static struct seen seen;
    struct world *world = world_of(SETTING_UNSET, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "+1555999%04d", i);
        drafts[i] = number_draft(world, texts[i]);
    }
    ck_assert_int_eq(add_many(world, drafts, MANY, &seen), MANY);
    for (int i = 0; i < MANY; i++) {
        ck_assert_str_eq(seen.results[i].number, texts[i]);
        const Maskline__Store__V1__PhoneNumber *number = call_number_get(world, texts[i]).number;
        ck_done(number);
        ck_assert_str_eq(sid_format("PN", number->sid.data).text, seen.results[i].sid.text);
        ck_assert_str_eq(number->carriers[0], "one");
    }
    /* Each has its event. */
    ck_assert_uint_eq(world_entries(world), 1 + MANY + 1);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(WARNING)));
    /* Once more: they are there. */
    ck_assert_int_eq(add_many(world, drafts, MANY, &seen), 0);
    for (int i = 0; i < MANY; i++)
        ck_assert_str_eq(seen.results[i].reason, "NUMBER_IN_SERVICE");
    world_close(world);
}
END_TEST

/* holds: NUM-14 */
START_TEST(what_is_refused_hinders_no_other)
{
    static struct seen seen;
    struct world *world = world_of(SETTING_UNSET, 4);
    char mine[40];
    snprintf(mine, sizeof mine, "%s", world->service);
    world_service(world, NULL);
    ck_done(add(world, 7, false));
    snprintf(world->service, sizeof world->service, "%s", mine);
    struct number_draft drafts[] = {
        number_draft(world, "+15559990001"), number_draft(world, "nonsense"),
        number_draft(world, "+15559990002"), number_draft(world, "+15559990001"),
        number_draft(world, "+15559990007"), number_draft(world, "+15559990003"),
        number_draft(world, "+15559990004"), number_draft(world, "+15559990005"),
        number_draft(world, "+15559990006"), number_draft(world, "+15559990008"),
    };
    drafts[5].country = "usa";
    drafts[9].reserved = true;
    enum { COUNT = sizeof drafts / sizeof *drafts };
    static const struct {
        const char *reason;
        int32_t original;
        int code;
    } EXPECTED[COUNT] = {
        {"", 0, STATUS_OK},
        {"INVALID_PHONE_NUMBER", 80406, STATUS_INVALID_ARGUMENT},
        {"", 0, STATUS_OK},
        {"NUMBER_IN_SERVICE", 80104, STATUS_ALREADY_EXISTS},
        {"NUMBER_IN_OTHER_SERVICE", 80101, STATUS_ALREADY_EXISTS},
        {"INVALID_FIELD", 80701, STATUS_INVALID_ARGUMENT},
        {"", 0, STATUS_OK},
        {"", 0, STATUS_OK},
        {"POOL_FULL", 80622, STATUS_FAILED_PRECONDITION},
        {"", 0, STATUS_OK},
    };
    ck_assert_int_eq(add_many(world, drafts, COUNT, &seen), 5);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_str_eq(seen.results[i].reason, EXPECTED[i].reason);
        ck_assert_int_eq(seen.results[i].original, EXPECTED[i].original);
        ck_assert_int_eq(seen.results[i].code, EXPECTED[i].code);
    }
    ck_assert(call_number_get(world, "+15559990008").number->reserved);
    /* Of a Service that is none, the call is refused. */
    snprintf(world->service, sizeof world->service, "nobody");
    ck_assert_int_eq(add_many(world, drafts, COUNT, &seen), -1);
    ck_assert_str_eq(call_error.reason, "SERVICE_NOT_FOUND");
    world_close(world);
}
END_TEST

/* ---- two at once ---- */

enum { RACED = 400 };

struct racer {
    struct world *world;
    pthread_t thread;
    char service[40];
    struct number_draft drafts[RACED];
    struct seen seen;
};

static void *race(void *data)
{
    struct racer *racer = data;
    struct seen *seen = &racer->seen;
    numbers_add_many(racer->world->masking, racer->service, racer->drafts, RACED, tell, seen);
    pthread_mutex_lock(&seen->lock);
    while (!seen->done)
        pthread_cond_wait(&seen->told, &seen->lock);
    pthread_mutex_unlock(&seen->lock);
    return NULL;
}

/* holds: NUM-08 */
START_TEST(of_adds_that_race_one_wins)
{
    static char texts[RACED][32];
    static struct racer racers[2];
    struct world *world = world_open(NULL);
    for (int i = 0; i < 2; i++) {
        world_service(world, NULL);
        racers[i] = (struct racer){.world = world, .seen = {.count = RACED}};
        memcpy(racers[i].service, world->service, sizeof racers[i].service);
        pthread_mutex_init(&racers[i].seen.lock, NULL);
        pthread_cond_init(&racers[i].seen.told, NULL);
        for (int j = 0; j < RACED; j++) { /* the other way round */
            snprintf(texts[j], sizeof texts[j], "+1555999%04d", j);
            racers[i].drafts[i ? RACED - 1 - j : j] = number_draft(world, texts[j]);
        }
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(racers[i].thread, NULL);
    for (int j = 0; j < RACED; j++) {
        bool first = racers[0].seen.results[j].added;
        bool second = racers[1].seen.results[RACED - 1 - j].added;
        ck_assert_int_ne(first, second);
        ck_assert_str_eq(first ? racers[1].seen.results[RACED - 1 - j].reason
                               : racers[0].seen.results[j].reason,
                         "NUMBER_IN_OTHER_SERVICE");
        memcpy(world->service, racers[!first].service, sizeof world->service);
        ck_done(call_number_get(world, texts[j]).number);
        memcpy(world->service, racers[first].service, sizeof world->service);
        ck_refused(call_number_get(world, texts[j]).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    }
    for (int i = 0; i < 2; i++) {
        pthread_cond_destroy(&racers[i].seen.told);
        pthread_mutex_destroy(&racers[i].seen.lock);
    }
    world_close(world);
}
END_TEST

/* holds: LIM-01 LIM-02 */
START_TEST(caps_are_those_of_the_original)
{
    static char texts[MANY][32];
    static struct number_draft drafts[MANY];
    static struct seen seen;
    struct world *world = world_of(SETTING_UNSET, SETTING_UNSET);
    const Maskline__Store__V1__Settings *settings =
        call_service_get(world, world->service)->settings;
    ck_assert_uint_eq(settings->most_reserved, 5000);
    ck_assert_uint_eq(settings->most_unreserved, 500);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(texts[i], sizeof texts[i], "+1555%d99%04d", 8 + round, i);
            drafts[i] = number_draft(world, texts[i]);
            drafts[i].reserved = true;
        }
        ck_assert_int_eq(add_many(world, drafts, MANY, &seen), round ? 2000 : 3000);
    }
    ck_assert_str_eq(seen.results[MANY - 1].reason, "POOL_FULL");
    for (int i = 0; i < 600; i++) {
        snprintf(texts[i], sizeof texts[i], "+1555888%04d", i);
        drafts[i] = number_draft(world, texts[i]);
    }
    ck_assert_int_eq(add_many(world, drafts, 600, &seen), 500);
    ck_assert(seen.results[499].added);
    ck_assert_str_eq(seen.results[500].reason, "POOL_FULL");
    world_close(world);
}
END_TEST

/* holds: LIM-03 NUM-17 */
START_TEST(caps_can_be_set)
{
    struct world *world = world_of(2, 3);
    for (int i = 0; i < 3; i++)
        ck_done(add(world, i, false));
    ck_refused(add(world, 3, false), "POOL_FULL", 80622);
    ck_done(add(world, 4, true));
    ck_done(add(world, 5, true));
    ck_refused(add(world, 6, true), "POOL_FULL", 80622);
    struct number_change change = {.service = world->service,
                                   .number = "+15559990000",
                                   .set_reserved = true,
                                   .reserved = true};
    ck_refused(call_number_update(world, &change).number, "POOL_FULL", 80622);
    struct service_change more = {.service = world->service, .settings = service_settings_unset()};
    more.settings.most_reserved = 3;
    ck_done(call_service_update(world, &more));
    ck_done(call_number_update(world, &change).number);
    ck_done(add(world, 3, false)); /* that made room for it */
    /* Fewer than there are: none goes, none comes. */
    more.settings.most_reserved = more.settings.most_unreserved = 1;
    ck_done(call_service_update(world, &more));
    ck_done(call_number_get(world, "+15559990003").number);
    ck_refused(add(world, 7, false), "POOL_FULL", 80622);
    more.settings.most_reserved = 0;
    ck_field(call_service_update(world, &more), "number_policy.most_reserved");
    more.settings.most_reserved = 1;
    more.settings.most_unreserved = 100001;
    ck_field(call_service_update(world, &more), "number_policy.most_unreserved");
    world_close(world);
}
END_TEST

static unsigned warnings(struct world *world)
{
    unsigned count = 0;
    for (uint64_t i = 1; i <= world_entries(world); i++) {
        const Maskline__Store__V1__Entry *entry = world_entry(world, i);
        if (entry->change_case != CHANGE(WARNING) || !strcmp(entry->warning->reason, "POOL_FULL"))
            continue;
        ck_assert_str_eq(entry->warning->reason, "POOL_NEARLY_FULL");
        ck_assert_int_eq(entry->warning->original_code, 80624);
        count++;
    }
    return count;
}

/* holds: ERR-80624 */
START_TEST(a_pool_that_fills_is_told_of_once)
{
    struct world *world = world_of(4, 20);
    for (int i = 0; i < 16; i++)
        ck_done(add(world, i, false));
    ck_assert_uint_eq(warnings(world), 0);
    ck_done(add(world, 16, false)); /* 17 of 20 */
    ck_assert_uint_eq(warnings(world), 1);
    for (int i = 17; i < 20; i++)
        ck_done(add(world, i, false));
    ck_refused(add(world, 20, false), "POOL_FULL", 80622);
    ck_assert_uint_eq(warnings(world), 1);
    /* Reserved ones have a cap of their own: 4 of 4 is the first that is 85 %. */
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(warnings(world), 1);
        char text[32];
        snprintf(text, sizeof text, "+1555999%04d", i);
        struct number_change change = {
            .service = world->service, .number = text, .set_reserved = true, .reserved = true};
        ck_done(call_number_update(world, &change).number);
    }
    ck_assert_uint_eq(warnings(world), 2);
    world_close(world);
}
END_TEST

SUITE_MAIN("batch", thousands_come_in_one_call, what_is_refused_hinders_no_other,
           of_adds_that_race_one_wins, caps_are_those_of_the_original, caps_can_be_set,
           a_pool_that_fills_is_told_of_once)
