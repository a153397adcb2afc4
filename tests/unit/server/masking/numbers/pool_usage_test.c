#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <string.h>

/* How a pool is used, and how many numbers it needs. */

#define ANN "+15551230001"

static void settle(struct world *world, int64_t cool_down,
                   Maskline__Store__V1__NumberSelection selection)
{
    struct service_settings settings = service_settings_unset();
    settings.number_selection = selection;
    settings.max_message_life = SECOND;
    settings.late_reply_window = 0;
    settings.cool_down = cool_down;
    world_service(world, &settings);
}

static void add(struct world *world, const char *number, bool reserved)
{
    struct number_draft draft = number_draft(world, number);
    draft.reserved = reserved;
    ck_done(call_number_add(world, &draft).number);
}

static void fill(struct world *world, uint64_t count)
{
    char text[32];
    for (uint64_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "+1555999%04u", (unsigned)i);
        add(world, text, false);
    }
}

static const Maskline__Store__V1__Session *alone(struct world *world,
                                                 struct participant_draft draft)
{
    return call_session_create(
        world, (struct session_draft){.participants = &draft, .participant_count = 1});
}

/* ---- usage ---- */

static struct pool_usage usage_of(struct world *world)
{
    struct pool_usage usage = {.count = 0};
    error_clear(&call_error);
    struct view *view = view_open(world->store);
    ck_assert_msg(
        numbers_usage(view, world->store, world->service, world->arena, &usage, &call_error), "%s",
        call_error.reason);
    view_close(view);
    return usage;
}

static const struct number_share *share_of(const struct pool_usage *usage, const char *country,
                                           const char *area)
{
    for (size_t i = 0; i < usage->count; i++) {
        if (!strcmp(usage->shares[i].country, country) && !strcmp(usage->shares[i].area, area))
            return &usage->shares[i];
    }
    ck_abort_msg("no share of %s %s", country, area);
    return NULL;
}

/* holds: PLN-01 */
START_TEST(usage_is_told_by_country_and_area)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_assert_uint_eq(usage_of(world).count, 0);
    static const char *const NUMBERS[] = {"+12129990001", "+12129990002", "+17169990001",
                                          "+442071234567"};
    for (int i = 0; i < 4; i++)
        add(world, NUMBERS[i], false);
    add(world, "+12129990003", true);
    ck_done(alone(world, person_on(world, ANN, NUMBERS[0])));
    ck_done(alone(world, person_on(world, ANN, NUMBERS[2])));
    ck_done(alone(world, person_on(world, "+15551230002", NUMBERS[0])));
    ck_done(call_close(world, alone(world, person_on(world, ANN, NUMBERS[1]))));
    struct pool_usage usage = usage_of(world);
    ck_assert_uint_eq(usage.count, 4);
    ck_assert(!usage.sampled);
    static const struct {
        const char *country, *area;
        unsigned size, choosable, reserved, in_use, person;
        int64_t most;
    } EXPECTED[] = {
        {"GB", "", 1, 1, 0, 0, 0, 0},
        {"US", "", 4, 3, 1, 2, 2, 2},
        {"US", "212", 3, 2, 1, 1, 1, 2},
        {"US", "716", 1, 1, 0, 1, 1, 1},
    };
    for (int i = 0; i < 4; i++) {
        const struct number_share *share = &usage.shares[i];
        ck_assert_str_eq(share->country, EXPECTED[i].country);
        ck_assert_str_eq(share->area, EXPECTED[i].area);
        ck_assert_uint_eq(share->size, EXPECTED[i].size);
        ck_assert_uint_eq(share->choosable, EXPECTED[i].choosable);
        ck_assert_uint_eq(share->reserved, EXPECTED[i].reserved);
        ck_assert_uint_eq(share->in_use, EXPECTED[i].in_use);
        ck_assert_uint_eq(share->most_of_a_person, EXPECTED[i].person);
        ck_assert_int_eq(share->most_sessions, EXPECTED[i].most);
    }
    world_close(world);
}
END_TEST

/* holds: PLN-02 */
START_TEST(usage_warns_at_85_percent)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    fill(world, 20);
    char text[32];
    for (int i = 0; i < 17; i++) {
        struct pool_usage usage = usage_of(world);
        ck_assert(!share_of(&usage, "", "")->nearly_all_in_use);
        ck_assert(!share_of(&usage, "", "555")->person_nearly_out);
        snprintf(text, sizeof text, "+1555100%04d", i);
        ck_done(alone(world, person(world, i < 16 ? ANN : text))); /* spread over all */
    }
    struct pool_usage usage = usage_of(world); /* 17 in use, and 16 of them Ann's */
    ck_assert(share_of(&usage, "", "")->nearly_all_in_use);
    ck_assert(share_of(&usage, "", "555")->nearly_all_in_use);
    ck_assert(!share_of(&usage, "", "")->person_nearly_out);
    ck_done(alone(world, person(world, ANN)));
    usage = usage_of(world);
    ck_assert(share_of(&usage, "", "")->person_nearly_out);
    ck_assert_uint_eq(share_of(&usage, "", "")->most_of_a_person, 17);
    world_close(world);
}
END_TEST

/* holds: PLN-06 */
START_TEST(crowded_numbers_are_told_and_serve_on)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    fill(world, 1);
    char text[32];
    for (int i = 0; i < 101; i++) {
        struct pool_usage usage = usage_of(world);
        ck_assert_uint_eq(share_of(&usage, "", "")->crowded, 0);
        snprintf(text, sizeof text, "+1555100%04d", i);
        ck_done(alone(world, person(world, text)));
    }
    struct pool_usage usage = usage_of(world);
    ck_assert_uint_eq(share_of(&usage, "", "")->crowded, 1);
    ck_assert_int_eq(share_of(&usage, "", "")->most_sessions, 101);
    ck_done(alone(world, person(world, ANN)));
    world_close(world);
}
END_TEST

/* ---- plans ---- */

static bool plan(struct world *world, struct pool_load load, struct pool_plan *ret_plan)
{
    if (!load.service)
        load.service = "";
    if (!load.country)
        load.country = "";
    if (!load.area)
        load.area = "";
    error_clear(&call_error);
    struct view *view = view_open(world->store);
    bool ok = numbers_plan(view, world->store, &load, world->arena, ret_plan, &call_error);
    view_close(view);
    return ok;
}

/* What is only given when it is asked for helps nobody who does not ask. */
START_TEST(short_codes_and_senders_do_not_count)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    struct number_draft draft = number_draft(world, "12345");
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    ck_done(call_number_add(world, &draft).number);
    draft = number_draft(world, "whatsapp:+12129990001");
    draft.kind = NUMBER_CHANNEL;
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    ck_assert_uint_eq(usage_of(world).count, 0);
    struct pool_plan found;
    struct pool_load load = {.service = world->service, .most_sessions = 3, .session_length = HOUR};
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.present, 0);
    add(world, "+12129990001", false);
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.present, 1);
    ck_assert_uint_eq(usage_of(world).count, 2);
    world_close(world);
}
END_TEST

/* holds: PLN-03 PLN-04 PLN-07 */
START_TEST(the_law_of_pools)
{
    static const struct {
        int64_t sessions, length, cool_down;
        uint64_t numbers, in_bursts, shared;
    } CASES[] = {
        {1, HOUR, 0, 1, 1, 1},
        {8, HOUR, 0, 8, 8, 15},
        {8, HOUR, 4 * HOUR, 40, 40, 75},
        {4, HOUR, 90 * MINUTE, 10, 12, 18},
        {3, 24 * HOUR, 4 * HOUR, 4, 6, 6},
        {100000, SECOND, 366 * DAY, UINT64_C(3162240100000), UINT64_C(3162240100000),
         UINT64_C(6324448577599)},
    };
    struct world *world = world_open(NULL);
    struct pool_plan found;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct pool_load load = {.most_sessions = CASES[i].sessions,
                                       .session_length = CASES[i].length,
                                       .cool_down = CASES[i].cool_down};
        ck_assert(plan(world, load, &found));
        ck_assert_uint_eq(found.without_cool_down, (uint64_t)CASES[i].sessions);
        ck_assert_uint_eq(found.numbers, CASES[i].numbers);
        ck_assert_uint_eq(found.in_bursts, CASES[i].in_bursts);
        ck_assert_uint_eq(found.shared, CASES[i].shared);
        ck_assert_uint_eq(found.missing, 0);
        ck_assert_uint_eq(found.missing_in_bursts, 0);
    }
    world_close(world);
}
END_TEST

START_TEST(a_plan_counts_what_is_there)
{
    struct world *world = world_open(NULL);
    settle(world, 2 * HOUR, 0);
    add(world, "+12129990001", false);
    add(world, "+17169990001", false);
    add(world, "+442071234567", false);
    add(world, "+12129990002", true);
    struct number_draft draft = number_draft(world, "+12129990003");
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    struct pool_plan found;
    struct pool_load load = {.service = world->service,
                             .most_sessions = 2,
                             .session_length = HOUR,
                             .cool_down = SETTING_UNSET};
    ck_assert(plan(world, load, &found));
    ck_assert_int_eq(found.cool_down, 2 * HOUR);
    ck_assert_uint_eq(found.numbers, 6);
    ck_assert_uint_eq(found.present, 4);
    ck_assert_uint_eq(found.missing, 2);
    ck_assert_uint_eq(found.missing_in_bursts, 2);
    load.country = "US";
    load.cool_down = 90 * MINUTE;
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.present, 3);
    ck_assert_uint_eq(found.numbers, 5);
    ck_assert_uint_eq(found.missing, 2);
    ck_assert_uint_eq(found.in_bursts, 6);
    ck_assert_uint_eq(found.missing_in_bursts, 3);
    load.cool_down = 0; /* enough */
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.missing, 0);
    ck_assert_uint_eq(found.missing_in_bursts, 0);
    load.cool_down = SETTING_UNSET;
    load.voice = true;
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.present, 2);
    load.area = "212";
    ck_assert(plan(world, load, &found));
    ck_assert_uint_eq(found.present, 1);
    load.area = "21";
    ck_field(plan(world, load, &found), "area_code");
    load.area = "";
    load.most_sessions = 0;
    ck_field(plan(world, load, &found), "most_sessions");
    load.most_sessions = 1;
    load.session_length = SECOND - 1;
    ck_field(plan(world, load, &found), "session_length");
    load.session_length = HOUR;
    load.service = "nobody";
    ck_refused(plan(world, load, &found), "SERVICE_NOT_FOUND", 0);
    world_close(world);
}
END_TEST

/* ---- loads that were planned for ---- */

enum { SESSIONS_MOST = 16 };

/* Whom Ann talks to: everybody once; or people of another country, who come back, where numbers that one had are avoided. */
enum peers { PEERS_NEW, PEERS_RETURNING };

struct load {
    struct world *world;
    enum peers peers;
    int64_t sessions, length;
    unsigned begun;
    const Maskline__Store__V1__Session *open[SESSIONS_MOST];
};

/* Ann talks to somebody else, in this slot of hers; false: there is no number. */
static bool begin(struct load *load, int slot)
{
    char peer[32];
    if (load->open[slot])
        ck_done(call_close(load->world, load->open[slot]));
    if (load->peers == PEERS_NEW)
        snprintf(peer, sizeof peer, "+1555200%04u", load->begun);
    else /* nobody is in two at once */
        snprintf(peer, sizeof peer, "+4420794600%02u",
                 load->begun % (unsigned)(load->sessions + 1));
    load->begun++;
    load->open[slot] = call_talk(load->world, ANN, peer);
    return load->open[slot];
}

static bool runs_evenly(struct load *load)
{
    for (int i = 0; i < 10 * load->sessions; i++) {
        if (!begin(load, i % (int)load->sessions))
            return false;
        world_move(load->world, load->length / load->sessions);
    }
    return true;
}

static bool runs_in_bursts(struct load *load)
{
    for (int i = 0; i < 10; i++) {
        for (int slot = 0; slot < load->sessions; slot++) {
            if (load->open[slot])
                ck_done(call_close(load->world, load->open[slot]));
            load->open[slot] = NULL;
        }
        for (int slot = 0; slot < load->sessions; slot++) {
            if (!begin(load, slot))
                return false;
        }
        world_move(load->world, load->length);
    }
    return true;
}

/* Slots are idle for a while between their sessions, each of which ends in time. */
static bool runs_anyhow(struct load *load)
{
    int64_t next[SESSIONS_MOST] = {0}, now = 0;
    uint64_t random = 7;
    for (int i = 0; i < 40 * load->sessions; i++) {
        int slot = 0;
        for (int other = 1; other < load->sessions; other++)
            slot = next[other] < next[slot] ? other : slot;
        world_move(load->world, next[slot] - now);
        now = next[slot];
        if (load->open[slot]) { /* idle now */
            ck_done(call_close(load->world, load->open[slot]));
            load->open[slot] = NULL;
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            next[slot] += (int64_t)(random >> 33) % (load->length / 2);
            continue;
        }
        if (!begin(load, slot))
            return false;
        next[slot] += load->length;
    }
    return true;
}

static bool runs_with(enum peers peers, bool (*how)(struct load *load), int64_t sessions,
                      int64_t length, int64_t cool_down, uint64_t numbers)
{
    struct world *world = world_open(NULL);
    bool avoid = peers == PEERS_RETURNING;
    settle(world, cool_down,
           avoid ? MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_AVOID_STICKY : 0);
    fill(world, numbers);
    if (peers == PEERS_RETURNING) { /* as many for the least busy: these have one session each */
        char text[32];
        uint64_t needed = 1 + (uint64_t)((cool_down + length - 1) / length);
        for (uint64_t i = 0; i < needed; i++) {
            snprintf(text, sizeof text, "+4420700%05u", (unsigned)i);
            add(world, text, false);
        }
    }
    struct load load = {.world = world, .peers = peers, .sessions = sessions, .length = length};
    bool ran = how(&load);
    if (!ran)
        ck_assert_str_eq(call_error.reason, "ALL_NUMBERS_IN_USE");
    world_close(world);
    return ran;
}

static bool runs(bool (*how)(struct load *load), int64_t sessions, int64_t length,
                 int64_t cool_down, uint64_t numbers)
{
    return runs_with(PEERS_NEW, how, sessions, length, cool_down, numbers);
}

/* holds: PLN-05 */
START_TEST(a_load_that_was_planned_for_meets_no_refusal)
{
    static const struct {
        int64_t sessions, length, cool_down;
    } LOADS[] = {
        {1, HOUR, 4 * HOUR}, {4, HOUR, 90 * MINUTE}, {6, 30 * MINUTE, 20 * MINUTE},
        {5, DAY, 4 * HOUR},  {3, HOUR, HOUR},
    };
    struct world *world = world_open(NULL);
    for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++) {
        int64_t sessions = LOADS[i].sessions, length = LOADS[i].length;
        struct pool_plan found;
        ck_assert(plan(world,
                       (struct pool_load){.most_sessions = sessions,
                                          .session_length = length,
                                          .cool_down = LOADS[i].cool_down},
                       &found));
        ck_assert(runs(runs_evenly, sessions, length, LOADS[i].cool_down, found.numbers));
        ck_assert(runs(runs_in_bursts, sessions, length, LOADS[i].cool_down, found.in_bursts));
        ck_assert(runs(runs_anyhow, sessions, length, LOADS[i].cool_down, found.in_bursts));
        /* Two countries, each with what its own people need. Fewer may do: a number does not rest from who comes back. */
        ck_assert(runs_with(PEERS_RETURNING, runs_evenly, sessions, length, LOADS[i].cool_down,
                            found.numbers));
        ck_assert(runs_with(PEERS_RETURNING, runs_in_bursts, sessions, length, LOADS[i].cool_down,
                            found.in_bursts));
        /* It names no more than are needed. */
        ck_assert(!runs(runs_evenly, sessions, length, LOADS[i].cool_down, found.numbers - 1));
        ck_assert(!runs(runs_in_bursts, sessions, length, LOADS[i].cool_down, found.in_bursts - 1));
    }
    world_close(world);
}
END_TEST

SUITE_MAIN("pool usage", usage_is_told_by_country_and_area, usage_warns_at_85_percent,
           crowded_numbers_are_told_and_serve_on, short_codes_and_senders_do_not_count,
           the_law_of_pools, a_plan_counts_what_is_there,
           a_load_that_was_planned_for_meets_no_refusal)
