#include "server/masking/numbers/geo.h"

#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How near the number is that a person gets, and what is said of it. */

#define LEVEL(name)    MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_##name
#define MATCHING(name) MASKLINE__STORE__V1__GEO_MATCHING__GEO_MATCHING_##name
#define REASON(name)   MASKLINE__STORE__V1__CHOICE_REASON__CHOICE_REASON_##name
#define RELAXED(name)  (UINT32_C(1) << MASKLINE__STORE__V1__RELAXATION__RELAXATION_##name)

/* Manhattan, its overlay, elsewhere in the state, elsewhere in the country, an island. */
#define MANHATTAN "+12129990001"
#define OVERLAY   "+16469990001"
#define BUFFALO   "+17169990001"
#define TEXAS     "+12149990001"
#define JAMAICA   "+18769990001"
#define ANN       "+12125550001" /* of Manhattan */

static struct world *world_of(Maskline__Store__V1__GeoMatchLevel level,
                              Maskline__Store__V1__GeoMatching matching)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.geo_match_level = level;
    settings.geo_matching = matching;
    world_service(world, &settings);
    return world;
}

static void add(struct world *world, const char *numbers)
{
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", numbers);
    for (const char *number; (number = strtok_r(rest, " ", &rest));) {
        struct number_draft draft = number_draft(world, number);
        ck_done(call_number_add(world, &draft).number);
    }
}

static const Maskline__Store__V1__Session *alone(struct world *world,
                                                 struct participant_draft draft)
{
    return call_session_create(
        world, (struct session_draft){.participants = &draft, .participant_count = 1});
}

static const Maskline__Store__V1__Binding *binding_of(const Maskline__Store__V1__Session *session)
{
    ck_done(session);
    return session->participants[0]->bindings[0];
}

static const Maskline__Store__V1__Binding *chosen(struct world *world, const char *who)
{
    return binding_of(alone(world, person(world, who)));
}

static void is(const Maskline__Store__V1__Binding *binding, const char *number,
               Maskline__Store__V1__GeoMatchLevel level, uint32_t relaxed)
{
    ck_assert_str_eq(binding->proxy_identifier, number);
    ck_assert_int_eq(binding->matched_level, level);
    ck_assert_uint_eq(binding->relaxed, relaxed);
    ck_assert_int_eq(binding->choice_reason, REASON(LEAST_USED));
}

static void settle(struct world *world, Maskline__Store__V1__GeoMatchLevel level,
                   Maskline__Store__V1__GeoMatching matching)
{
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.geo_match_level = level;
    change.settings.geo_matching = matching;
    ck_done(call_service_update(world, &change));
}

START_TEST(places_of_numbers)
{
    static const struct {
        const char *number;
        struct geo geo;
    } CASES[] = {
        {MANHATTAN, {"1", "US", "US-NY", "212", "212"}},
        {OVERLAY, {"1", "US", "US-NY", "212", "646"}},
        {JAMAICA, {"1", "JM", "JM", "658", "876"}},
        {"+15559990001", {"1", "", "", "555", "555"}},
        {"+442071234567", {"44", "GB", "", "", ""}},
        {"+441534123456", {"44", "JE", "", "", ""}},
        {"nobody", {"", "", "", "", ""}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct geo geo;
        geo_of(CASES[i].number, &geo);
        ck_assert_str_eq(geo.code, CASES[i].geo.code);
        ck_assert_str_eq(geo.country, CASES[i].geo.country);
        ck_assert_str_eq(geo.region, CASES[i].geo.region);
        ck_assert_str_eq(geo.overlay, CASES[i].geo.overlay);
        ck_assert_str_eq(geo.area, CASES[i].geo.area);
    }
}
END_TEST

/* holds: GEO-05 SEL-10 */
START_TEST(area_code_takes_that_area_alone)
{
    struct world *world = world_of(LEVEL(AREA_CODE), MATCHING(STRICT));
    add(world, OVERLAY " " BUFFALO " " TEXAS);
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(call_metadata("needed_place"), "212");
    add(world, MANHATTAN);
    is(chosen(world, ANN), MANHATTAN, LEVEL(AREA_CODE), 0);
    /* It is taken, and the others are too far away. */
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    is(chosen(world, "+12145550001"), TEXAS, LEVEL(AREA_CODE), 0);
    world_close(world);
}
END_TEST

/* holds: GEO-07 GEO-08 */
START_TEST(overlay_takes_codes_of_the_same_ground)
{
    struct world *world = world_of(LEVEL(OVERLAY), MATCHING(STRICT));
    add(world, BUFFALO " " TEXAS);
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(call_metadata("needed_place"), "212 332 646 917");
    add(world, OVERLAY);
    is(chosen(world, ANN), OVERLAY, LEVEL(OVERLAY), 0);
    is(chosen(world, "+13325550001"), OVERLAY, LEVEL(OVERLAY), 0);
    add(world, "+16289990001");
    is(chosen(world, "+14155550001"), "+16289990001", LEVEL(OVERLAY), 0);
    world_close(world);
}
END_TEST

/* holds: GEO-09 */
START_TEST(radius_is_the_region_and_says_so)
{
    struct world *world = world_of(LEVEL(RADIUS), MATCHING(STRICT));
    add(world, TEXAS);
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(call_metadata("needed_place"), "US-NY");
    add(world, BUFFALO);
    is(chosen(world, ANN), BUFFALO, LEVEL(REGION), RELAXED(NO_COORDINATES));
    /* Of no known region: the country. */
    is(chosen(world, "+15551230001"), TEXAS, LEVEL(COUNTRY),
       RELAXED(NO_COORDINATES) | RELAXED(REGION_UNKNOWN));
    settle(world, LEVEL(REGION), 0);
    is(chosen(world, "+13325550001"), BUFFALO, LEVEL(REGION), 0);
    world_close(world);
}
END_TEST

/* holds: GEO-06 */
START_TEST(outside_north_america_every_level_is_the_country)
{
    static const Maskline__Store__V1__GeoMatchLevel LEVELS[] = {LEVEL(AREA_CODE), LEVEL(OVERLAY),
                                                                LEVEL(REGION)};
    struct world *world = world_of(LEVEL(COUNTRY), MATCHING(STRICT));
    add(world, "+441534123456 +442071234567 +12129990001");
    is(chosen(world, "+442079876501"), "+442071234567", LEVEL(COUNTRY), 0);
    for (int i = 0; i < 3; i++) {
        char who[32];
        snprintf(who, sizeof who, "+44207987651%d", i);
        settle(world, LEVELS[i], 0);
        is(chosen(world, who), "+442071234567", LEVEL(COUNTRY), RELAXED(NO_AREAS));
    }
    settle(world, LEVEL(RADIUS), 0);
    is(chosen(world, "+442079876502"), "+442071234567", LEVEL(COUNTRY),
       RELAXED(NO_AREAS) | RELAXED(NO_COORDINATES));
    world_close(world);
}
END_TEST

/* holds: GEO-10 SEL-09 SEL-10 */
START_TEST(best_effort_goes_wider_step_by_step)
{
    struct world *world = world_of(LEVEL(AREA_CODE), MATCHING(BEST_EFFORT));
    add(world, MANHATTAN " " OVERLAY " " BUFFALO " " TEXAS " " JAMAICA " +442071234567");
    is(chosen(world, ANN), MANHATTAN, LEVEL(AREA_CODE), 0);
    is(chosen(world, ANN), OVERLAY, LEVEL(OVERLAY), RELAXED(WIDER_LEVEL));
    is(chosen(world, ANN), BUFFALO, LEVEL(REGION), RELAXED(WIDER_LEVEL));
    is(chosen(world, ANN), TEXAS, LEVEL(COUNTRY), RELAXED(WIDER_LEVEL));
    is(chosen(world, ANN), JAMAICA, LEVEL(COUNTRY), RELAXED(WIDER_LEVEL) | RELAXED(OTHER_COUNTRY));
    /* Never another calling code. */
    ck_refused(alone(world, person(world, ANN)), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(call_metadata("needed_place"), "");
    world_close(world);
    /* Narrower than asked for is not looked at first. */
    world = world_of(LEVEL(REGION), MATCHING(BEST_EFFORT));
    add(world, MANHATTAN " " BUFFALO);
    is(chosen(world, "+13325550001"), MANHATTAN, LEVEL(REGION), 0);
    is(chosen(world, ANN), BUFFALO, LEVEL(REGION), 0);
    world_close(world);
}
END_TEST

/* Two people of one place, and one number there. */
START_TEST(what_one_command_takes_is_nearer_than_what_is_far)
{
    struct world *world = world_of(LEVEL(AREA_CODE), MATCHING(BEST_EFFORT));
    add(world, MANHATTAN " " TEXAS);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, "+12125550002");
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), MANHATTAN);
    ck_assert_str_eq(proxy_of(session, 1), MANHATTAN);
    ck_assert_int_eq(session->participants[1]->bindings[0]->matched_level, LEVEL(AREA_CODE));
    world_close(world);
}
END_TEST

/* holds: SEL-07 SEL-10 */
START_TEST(sticky_is_told_and_keeps_within_the_level)
{
    struct world *world = world_of(LEVEL(COUNTRY), 0);
    add(world, MANHATTAN " " TEXAS);
    const Maskline__Store__V1__Session *session = alone(world, person_on(world, ANN, TEXAS));
    ck_assert_int_eq(binding_of(session)->choice_reason, REASON(ASKED));
    ck_assert_int_eq(binding_of(session)->matched_level, 0);
    ck_done(call_close(world, session));
    world_move(world, 5 * HOUR);
    session = alone(world, person(world, ANN));
    ck_assert_str_eq(proxy_of(session, 0), TEXAS);
    ck_assert_int_eq(binding_of(session)->choice_reason, REASON(STICKY));
    ck_assert_int_eq(binding_of(session)->matched_level, LEVEL(COUNTRY));
    ck_done(call_close(world, session));
    world_move(world, 5 * HOUR);
    settle(world, LEVEL(AREA_CODE), 0); /* it does not fit any more */
    session = alone(world, person(world, ANN));
    is(binding_of(session), MANHATTAN, LEVEL(AREA_CODE), 0);
    ck_done(call_close(world, session));
    world_move(world, 5 * HOUR);
    session = alone(world, person(world, ANN));
    ck_assert_int_eq(binding_of(session)->choice_reason, REASON(STICKY));
    ck_assert_int_eq(binding_of(session)->matched_level, LEVEL(AREA_CODE));
    /* What was chosen is kept with the session. */
    ck_assert_int_eq(binding_of(call_session_get(world, sid_of(world, session)))->choice_reason,
                     REASON(STICKY));
    world_close(world);
}
END_TEST

/* holds: SEL-08 SEL-10 */
START_TEST(avoid_sticky_says_when_it_could_not)
{
    struct world *world = world_of(0, 0);
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.number_selection = SELECTION(AVOID_STICKY);
    ck_done(call_service_update(world, &change));
    add(world, MANHATTAN);
    const Maskline__Store__V1__Session *session = alone(world, person(world, ANN));
    is(binding_of(session), MANHATTAN, LEVEL(COUNTRY), 0);
    ck_done(call_close(world, session));
    world_move(world, 5 * HOUR);
    is(chosen(world, ANN), MANHATTAN, LEVEL(COUNTRY), RELAXED(HAD_BEFORE));
    world_close(world);
}
END_TEST

/* holds: GEO-01 GEO-02 */
START_TEST(countries_of_one_calling_code_are_a_group)
{
    struct world *world = world_of(0, 0);
    static const char *const PEOPLE[] = {"+442079876501", "+441481123456", "+441624123456",
                                         "+441534123457"};
    add(world, "+441534123456 +12129990001 +33123456789");
    for (int i = 0; i < 4; i++)
        is(chosen(world, PEOPLE[i]), "+441534123456", LEVEL(COUNTRY),
           i == 3 ? 0 : RELAXED(OTHER_COUNTRY));
    for (int i = 0; i < 4; i++)
        ck_refused(alone(world, person(world, PEOPLE[i])), "ALL_NUMBERS_IN_USE", 80208);
    ck_refused(alone(world, person(world, "+4930123456")), "NO_COUNTRY_NUMBER", 80203);
    ck_assert_str_eq(call_metadata("needed_calling_code"), "49");
    world_close(world);
}
END_TEST

/* holds: GEO-03 */
START_TEST(islands_get_numbers_of_the_united_states)
{
    static const char *const ISLANDS[] = {"+12685550001", "+12645550001", "+14415550001",
                                          "+12425550001", "+16645550001", "+16495550001",
                                          "+12845550001", "+13405550001"};
    struct world *world = world_of(0, 0);
    add(world, "+14169990001 " JAMAICA " +15559990001");
    add(world, TEXAS);
    for (int i = 0; i < 8; i++)
        is(chosen(world, ISLANDS[i]), TEXAS, LEVEL(COUNTRY), RELAXED(OTHER_COUNTRY));
    is(chosen(world, "+14165550001"), "+14169990001", LEVEL(COUNTRY), 0);
    is(chosen(world, "+18765550001"), JAMAICA, LEVEL(COUNTRY), 0);
    world_close(world);
}
END_TEST

/* holds: GEO-04 SEL-03 */
START_TEST(each_has_a_number_of_the_own_country)
{
    struct world *world = world_of(LEVEL(AREA_CODE), MATCHING(STRICT));
    add(world, "+442071234567 " MANHATTAN " " TEXAS);
    const Maskline__Store__V1__Session *session = call_talk(world, "+442079876501", ANN);
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), "+442071234567");
    ck_assert_str_eq(proxy_of(session, 1), MANHATTAN);
    /* What is asked for may be far away. */
    ck_done(alone(world, person_on(world, ANN, TEXAS)));
    ck_done(alone(world, person_on(world, "+4930123456", TEXAS)));
    world_close(world);
}
END_TEST

/* holds: SEL-01 SEL-11 ERR-80206 ERR-80208 */
START_TEST(refusals_say_what_was_there_and_what_would_do)
{
    struct world *world = world_of(LEVEL(OVERLAY), MATCHING(STRICT));
    ck_refused(alone(world, person(world, ANN)), "POOL_EMPTY", 80205);
    ck_assert_str_eq(call_metadata("left"), "all=0 able=0 country=0 choosable=0 near=0 free=0");
    struct number_draft draft = number_draft(world, BUFFALO);
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    ck_refused(alone(world, person(world, ANN)), "NO_VOICE_NUMBER", 80201);
    ck_assert_str_eq(call_metadata("left"), "all=1 able=0 country=0 choosable=0 near=0 free=0");
    add(world, "+442071234567");
    ck_refused(alone(world, person(world, ANN)), "NO_COUNTRY_NUMBER", 80203);
    draft = number_draft(world, MANHATTAN);
    draft.reserved = true;
    ck_done(call_number_add(world, &draft).number);
    ck_refused(alone(world, person(world, ANN)), "ONLY_RESERVED_NUMBERS", 80207);
    ck_assert_str_eq(call_metadata("left"), "all=3 able=2 country=1 choosable=0 near=0 free=0");
    add(world, TEXAS);
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(call_metadata("left"), "all=4 able=3 country=2 choosable=1 near=0 free=0");
    ck_assert_str_eq(call_metadata("needed_numbers"), "1");
    ck_assert_str_eq(call_metadata("needed_capabilities"), "sms voice");
    ck_assert_str_eq(call_metadata("needed_calling_code"), "1");
    ck_assert_str_eq(call_metadata("needed_place"), "212 332 646 917");
    add(world, OVERLAY); /* as it says */
    const Maskline__Store__V1__Session *session = alone(world, person(world, ANN));
    is(binding_of(session), OVERLAY, LEVEL(OVERLAY), 0);
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206); /* TEXAS is free */
    ck_assert_str_eq(call_metadata("left"), "all=5 able=4 country=3 choosable=2 near=1 free=0");
    ck_assert_str_eq(call_metadata("free_time"), "");
    ck_done(call_close(world, session));
    ck_refused(alone(world, person(world, ANN)), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_ne(call_metadata("free_time"), ""); /* or wait so long */
    ck_assert_int_eq(call_error.retry_ms, 4 * 3600 * 1000);
    ck_done(call_number_remove(world, TEXAS, false).number);
    ck_refused(alone(world, person(world, ANN)), "ALL_NUMBERS_IN_USE", 80208);
    add(world, "+13329990001");
    is(chosen(world, ANN), "+13329990001", LEVEL(OVERLAY), 0);
    world_close(world);
}
END_TEST

/* Adds what the refusal says, and no more. */
static void add_needed(struct world *world, const char *first, const char *second)
{
    const char *also = call_metadata("needed_also");
    ck_assert_str_eq(call_metadata("needed_numbers"), second ? "2" : "1");
    ck_assert_str_eq(call_metadata("participant"), "0");
    ck_assert_int_eq(*also != '\0', second != NULL);
    add(world, first);
    if (second)
        add(world, second);
}

/* holds: SEL-11 */
START_TEST(a_refusal_counts_for_both_people)
{
    struct world *world = world_of(0, 0);
    ck_refused(call_talk(world, ANN, "+442079876501"), "POOL_EMPTY", 80205);
    ck_assert_str_eq(call_metadata("needed_calling_code"), "1");
    ck_assert_str_eq(call_metadata("needed_also"), "+44");
    add_needed(world, TEXAS, "+442071234567");
    ck_done(call_talk(world, ANN, "+442079876501"));
    /* The second alone lacks one. */
    add(world, MANHATTAN);
    ck_refused(call_talk(world, ANN, "+442079876501"), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(call_metadata("needed_numbers"), "1");
    ck_assert_str_eq(call_metadata("needed_calling_code"), "44");
    ck_assert_str_eq(call_metadata("participant"), "1");
    ck_assert_str_eq(call_metadata("needed_also"), "");
    add(world, "+442071234568");
    ck_done(call_talk(world, ANN, "+442079876501"));
    /* Both can have one. */
    ck_refused(call_talk(world, ANN, "+12125550002"), "ALL_NUMBERS_IN_USE", 80208);
    add_needed(world, BUFFALO, NULL);
    ck_done(call_talk(world, ANN, "+12125550002"));
    world_close(world);

    world = world_of(LEVEL(AREA_CODE), MATCHING(STRICT));
    add(world, JAMAICA);
    ck_refused(call_talk(world, ANN, "+17165550001"), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(call_metadata("needed_place"), "212");
    ck_assert_str_eq(call_metadata("needed_also"), "+1 716");
    add_needed(world, MANHATTAN, BUFFALO);
    ck_done(call_talk(world, ANN, "+17165550001"));
    world_close(world);

    /* Who may have any of the country is content with the other's; then the narrower place is told. */
    world = world_of(LEVEL(REGION), MATCHING(STRICT));
    ck_refused(call_talk(world, "+15551230001", ANN), "POOL_EMPTY", 80205);
    ck_assert_str_eq(call_metadata("needed_calling_code"), "1");
    ck_assert_str_eq(call_metadata("needed_place"), "US-NY");
    add_needed(world, BUFFALO, NULL);
    ck_done(call_talk(world, "+15551230001", ANN));
    world_close(world);
}
END_TEST

/* What a level's index knows follows numbers and their load. */
START_TEST(narrow_levels_follow_the_pool)
{
    char path[] = "/tmp/maskline-geo-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    settle(world, LEVEL(AREA_CODE), 0);
    add(world, MANHATTAN " +12129990002");
    is(chosen(world, ANN), MANHATTAN, LEVEL(AREA_CODE), 0);
    is(chosen(world, "+12125550002"), "+12129990002", LEVEL(AREA_CODE), 0);
    add(world, "+12129990003");
    is(chosen(world, "+12125550003"), "+12129990003", LEVEL(AREA_CODE), 0);
    is(chosen(world, "+12125550004"), MANHATTAN, LEVEL(AREA_CODE), 0);
    world_number_state(world, "+12129990002", NUMBER_STATE(DRAINING));
    is(chosen(world, "+12125550005"), "+12129990003", LEVEL(AREA_CODE), 0);
    world_number_state(world, "+12129990002", NUMBER_STATE(ACTIVE));
    is(chosen(world, "+12125550006"), "+12129990002", LEVEL(AREA_CODE), 0);
    world_restart(world);
    ck_done(call_number_remove(world, "+12129990003", true).number);
    /* Two each. */
    const char *first = chosen(world, "+12125550007")->proxy_identifier;
    ck_assert_str_ne(first, chosen(world, "+12125550008")->proxy_identifier);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("geo", places_of_numbers, area_code_takes_that_area_alone,
           overlay_takes_codes_of_the_same_ground, radius_is_the_region_and_says_so,
           outside_north_america_every_level_is_the_country, best_effort_goes_wider_step_by_step,
           what_one_command_takes_is_nearer_than_what_is_far,
           sticky_is_told_and_keeps_within_the_level, avoid_sticky_says_when_it_could_not,
           countries_of_one_calling_code_are_a_group, islands_get_numbers_of_the_united_states,
           each_has_a_number_of_the_own_country, refusals_say_what_was_there_and_what_would_do,
           a_refusal_counts_for_both_people, narrow_levels_follow_the_pool)
