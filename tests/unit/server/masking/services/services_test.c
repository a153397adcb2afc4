#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Services: their names, settings and end. */

static const Maskline__Store__V1__Service *make(struct world *world, const char *name)
{
    const struct service_draft draft = {.unique_name = name, .settings = service_settings_unset()};
    return call_service_create(world, &draft);
}

static const char *ks(struct world *world, const Maskline__Store__V1__Service *service)
{
    ck_assert_ptr_nonnull(service);
    return arena_string(world->arena, sid_format("KS", service->sid.data).text);
}

/* holds: EXP-06 OUT-03 SES-23 SVC-05 SVC-07 SVC-08 */
START_TEST(is_made_with_every_default)
{
    struct world *world = world_open(NULL);
    const Maskline__Store__V1__Service *service = make(world, "rides");
    ck_done(service);
    const Maskline__Store__V1__Settings *settings = service->settings;
    ck_assert_int_eq(service->state, SERVICE_STATE(ACTIVE));
    ck_assert_int_eq(service->create_time, world_now(world));
    ck_assert_int_eq(settings->default_ttl, 0);
    ck_assert_int_eq(settings->default_mode, MODE(VOICE_AND_MESSAGE));
    ck_assert_int_eq(settings->number_selection, SELECTION(PREFER_STICKY));
    ck_assert_int_eq(settings->geo_match_level,
                     MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_COUNTRY);
    ck_assert_int_eq(settings->cool_down, 4 * HOUR);
    ck_assert_int_eq(settings->late_reply_window, 3 * HOUR);
    ck_assert_int_eq(settings->max_message_life, HOUR);
    ck_assert_int_eq(settings->closing_grace, 0);
    ck_assert_int_eq(settings->quarantine, 7 * DAY);
    ck_assert_int_eq(settings->idle_cap, 0);
    ck_assert(!settings->reuse_names);
    ck_assert_int_eq(settings->request_retention, DAY);
    ck_assert_int_eq(settings->requests_per_second, 0);
    ck_assert_int_eq(settings->closed_session_retention, 90 * DAY);
    ck_assert_int_eq(settings->event_retention, 30 * DAY);
    /* The log begins with it. */
    snprintf(world->service, sizeof world->service, "%s", ks(world, service));
    ck_assert_uint_eq(world_entries(world), 1);
    ck_assert_int_eq(world_entry(world, 1)->change_case, CHANGE(SERVICE_CREATED));
    ck_assert_ptr_nonnull(call_service_get(world, "rides"));
    ck_assert_ptr_nonnull(call_service_get(world, world->service));
    world_close(world);
}
END_TEST

static char *repeat(struct world *world, const char *piece, size_t times)
{
    size_t size = strlen(piece);
    char *text = arena_alloc(world->arena, size * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, piece, size);
    return text;
}

/* holds: API-20 API-23 ERR-80602 LIM-08 SVC-01 */
START_TEST(names_are_checked)
{
    struct world *world = world_open(NULL);
    ck_done(make(world, repeat(world, "\xf0\x9f\x9a\x97", 191))); /* characters, not bytes */
    ck_field(make(world, repeat(world, "x", 192)), "unique_name");
    ck_field(make(world, ""), "unique_name");
    ck_field(make(world, "KS0123456789abcdef0123456789abcdef"), "unique_name");
    ck_field(make(world, "ZZ0123456789ABCDEF0123456789abcdef"), "unique_name");
    ck_done(make(world, "KS0123456789abcdef0123456789abcde"));
    ck_field(make(world, "\xff"), "unique_name");
    ck_done(make(world, "x"));
    ck_refused(make(world, "x"), "SERVICE_NAME_TAKEN", 80602);
    ck_assert_int_eq(call_error.code, STATUS_ALREADY_EXISTS);
    world_close(world);
}
END_TEST

/* holds: ERR-80602 SVC-03 SVC-11 */
START_TEST(renaming_frees_the_old_name)
{
    struct world *world = world_open(NULL);
    const char *sid = ks(world, make(world, "old"));
    ck_done(make(world, "other"));
    struct service_change change = {
        .service = "old", .unique_name = "new", .settings = service_settings_unset()};
    world_move(world, SECOND);
    const Maskline__Store__V1__Service *renamed = call_service_update(world, &change);
    ck_done(renamed);
    ck_assert_str_eq(renamed->unique_name, "new");
    ck_assert_int_eq(renamed->update_time, renamed->create_time + SECOND);
    ck_refused(call_service_get(world, "old"), "SERVICE_NOT_FOUND", 0);
    ck_assert_str_eq(ks(world, call_service_get(world, "new")), sid);
    ck_done(make(world, "old"));
    change = (struct service_change){
        .service = sid, .unique_name = "other", .settings = service_settings_unset()};
    ck_refused(call_service_update(world, &change), "SERVICE_NAME_TAKEN", 80602);
    /* Nothing changes: no entry, no new time. */
    change.unique_name = "new";
    world_move(world, SECOND);
    const Maskline__Store__V1__Service *same = call_service_update(world, &change);
    ck_assert_int_eq(same->update_time, renamed->update_time);
    world_close(world);
}
END_TEST

/* holds: CDN-07 ERR-80701 */
START_TEST(settings_are_checked)
{
    struct world *world = world_open(NULL);
    struct service_draft draft = {.unique_name = "a", .settings = service_settings_unset()};
    draft.settings.cool_down = 4 * HOUR - 1;
    ck_refused(call_service_create(world, &draft), "COOL_DOWN_TOO_SHORT", 0);
    ck_assert_int_eq(call_error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_uint_eq(call_error.metadata_count, 1);
    ck_assert_str_eq(call_error.metadata[0].key, "least_cool_down");
    ck_assert_str_eq(call_error.metadata[0].value, "14400.000000s");
    draft.settings.max_message_life = HOUR - 1;
    ck_done(call_service_create(world, &draft));
    struct service_change change = {.service = "a", .settings = service_settings_unset()};
    change.settings.late_reply_window = 3 * HOUR + 1;
    ck_refused(call_service_update(world, &change), "COOL_DOWN_TOO_SHORT", 0);
    change.settings.cool_down = 5 * HOUR;
    ck_done(call_service_update(world, &change));
    static const struct {
        size_t place;
        int64_t good, bad;
        const char *path;
    } BOUNDS[] = {
#define AT(field) offsetof(struct service_settings, field)
        {AT(default_ttl), 2147483646 * SECOND, 2147483646 * SECOND + 1,
         "session_policy.default_ttl"},
        {AT(idle_cap), 2147483646 * SECOND, 2147483647 * SECOND, "session_policy.idle_cap"},
        {AT(cool_down), 366 * DAY, 366 * DAY + 1, "number_policy.cool_down"},
        {AT(late_reply_window), 0, 366 * DAY + 1, "number_policy.late_reply_window"},
        {AT(quarantine), 0, 366 * DAY + 1, "number_policy.quarantine"},
        {AT(max_message_life), 1, 0, "message_policy.max_life"},
        {AT(max_message_life), 7 * DAY, 7 * DAY + 1, "message_policy.max_life"},
        {AT(closing_grace), 7 * DAY, 7 * DAY + 1, "message_policy.closing_grace"},
        {AT(closed_session_retention), 3660 * DAY, 0, "retention_policy.closed_sessions"},
        {AT(event_retention), 3660 * DAY, 3660 * DAY + 1, "retention_policy.events"},
        {AT(closing_grace), 0, -2, "message_policy.closing_grace"},
        {AT(request_retention), 1, 0, "retention_policy.request_ids"},
        {AT(request_retention), 366 * DAY, 366 * DAY + 1, "retention_policy.request_ids"},
        {AT(requests_per_second), 1000, 1001, "rate_policy.requests_per_second"},
        {AT(requests_per_second), 0, 1001, "rate_policy.requests_per_second"},
        {AT(ring_limit), 5 * SECOND, 5 * SECOND - 1, "voice_policy.ring_limit"},
        {AT(ring_limit), 120 * SECOND, 120 * SECOND + 1, "voice_policy.ring_limit"},
        {AT(ring_limit_without_key), 5 * SECOND, 0, "voice_policy.ring_limit_without_key"},
        {AT(ring_limit_without_key), 120 * SECOND, 121 * SECOND,
         "voice_policy.ring_limit_without_key"},
        {AT(longest_call), 10 * SECOND, 10 * SECOND - 1, "voice_policy.longest_call"},
        {AT(longest_call), 24 * HOUR, 24 * HOUR + 1, "voice_policy.longest_call"},
        {AT(call_acceptance), CALLS_TAKE_PICK_UP, 3, "voice_policy.acceptance"},
        {AT(call_recording), CALLS_RECORDED, 3, "voice_policy.recording"},
    };
    for (size_t i = 0; i < sizeof BOUNDS / sizeof *BOUNDS; i++) {
        change.settings = service_settings_unset();
        memcpy((char *)&change.settings + BOUNDS[i].place, &BOUNDS[i].good, sizeof(int64_t));
        ck_done(call_service_update(world, &change));
        memcpy((char *)&change.settings + BOUNDS[i].place, &BOUNDS[i].bad, sizeof(int64_t));
        ck_field(call_service_update(world, &change), BOUNDS[i].path);
        ck_assert_int_eq(call_error.original, 80701);
    }
    static const struct {
        int64_t ring_limit, longest_call, max_message_life, closing_grace;
        const char *told;
    } LEAST[] = {
#define UNSET SETTING_UNSET
        {SECOND, UNSET, UNSET, UNSET, "At least 5 seconds."},
        {0, UNSET, UNSET, UNSET, "At least 5 seconds."},
        {UNSET, 10 * SECOND - 1, UNSET, UNSET, "At least 10 seconds."},
        {UNSET, UNSET, 0, UNSET, "This must be more than 0."},
        {UNSET, UNSET, UNSET, -2, "This must not be negative."},
#undef UNSET
    };
    for (size_t i = 0; i < sizeof LEAST / sizeof *LEAST; i++) {
        change.settings = service_settings_unset();
        change.settings.ring_limit = LEAST[i].ring_limit;
        change.settings.longest_call = LEAST[i].longest_call;
        change.settings.max_message_life = LEAST[i].max_message_life;
        change.settings.closing_grace = LEAST[i].closing_grace;
        ck_assert_ptr_null(call_service_update(world, &change));
        ck_assert_str_eq(call_error.fields[0].description, LEAST[i].told);
    }
    change.settings = service_settings_unset();
    change.settings.default_mode = (Maskline__Store__V1__Mode)9;
    ck_field(call_service_update(world, &change), "session_policy.default_mode");
    world_close(world);
}
END_TEST

START_TEST(calls_have_settings)
{
    struct world *world = world_open(NULL);
    const Maskline__Store__V1__Service *service = make(world, "rides");
    ck_assert_ptr_null(service->settings->voice); /* what is as by default takes no room */
    struct service_settings held = service_settings_held(service->settings);
    ck_assert_int_eq(held.ring_limit, 30 * SECOND);
    ck_assert_int_eq(held.ring_limit_without_key, 18 * SECOND);
    ck_assert_int_eq(held.longest_call, 4 * HOUR);
    ck_assert_int_eq(held.call_acceptance, CALLS_TAKE_KEY);
    ck_assert_int_eq(held.call_recording, CALLS_UNRECORDED);
    ck_assert_str_eq(held.whisper, "");
    ck_assert_str_eq(held.announcement, "");
    ck_assert_str_eq(held.consent_notice, "This call is recorded.");
    ck_assert(!held.opt_out_of_calls);
    snprintf(world->service, sizeof world->service, "%s", ks(world, service));
    uint64_t entries = world_entries(world);
    struct service_change change = {.service = "rides", .settings = service_settings_unset()};
    change.settings.whisper = "A call about your ride.";
    change.settings.ring_limit = 20 * SECOND;
    change.settings.call_acceptance = CALLS_TAKE_PICK_UP;
    change.settings.call_recording = CALLS_RECORDED;
    change.settings.opt_out_of_calls = true;
    ck_done(call_service_update(world, &change));
    ck_done(call_service_update(world, &change)); /* which changes nothing */
    ck_assert_uint_eq(world_entries(world), entries + 1);
    change.settings = service_settings_unset();
    change.settings.announcement = "Please hold.";
    change.settings.consent_notice = "";
    ck_done(call_service_update(world, &change));
    held = service_settings_held(call_service_get(world, "rides")->settings);
    ck_assert_int_eq(held.ring_limit, 20 * SECOND);
    ck_assert_int_eq(held.ring_limit_without_key, 18 * SECOND);
    ck_assert_int_eq(held.longest_call, 4 * HOUR);
    ck_assert_int_eq(held.call_acceptance, CALLS_TAKE_PICK_UP);
    ck_assert_int_eq(held.call_recording, CALLS_RECORDED);
    ck_assert_str_eq(held.whisper, "A call about your ride.");
    ck_assert_str_eq(held.announcement, "Please hold.");
    ck_assert_str_eq(held.consent_notice, "This call is recorded.");
    ck_assert(held.opt_out_of_calls);
    change.settings = service_settings_unset();
    change.settings.whisper = repeat(world, "\xc3\xa9", 501);
    ck_field(call_service_update(world, &change), "voice_policy.whisper");
    change.settings.whisper = repeat(world, "\xc3\xa9", 500);
    ck_done(call_service_update(world, &change));
    world_close(world);
}
END_TEST

/* holds: ERR-80408 */
START_TEST(is_named_by_sid_or_name)
{
    struct world *world = world_open(NULL);
    ck_done(make(world, "a"));
    ck_refused(call_service_get(world, "KC0123456789abcdef0123456789abcdef"), "INVALID_SID", 80408);
    ck_refused(call_service_get(world, "KS0123456789ABCDEF0123456789abcdef"), "INVALID_SID", 80408);
    ck_refused(call_service_get(world, "KS0123456789abcdef0123456789abcdef"), "SERVICE_NOT_FOUND",
               0);
    ck_assert_int_eq(call_error.code, STATUS_NOT_FOUND);
    ck_refused(call_service_get(world, "b"), "SERVICE_NOT_FOUND", 0);
    ck_field(call_service_get(world, ""), "service");
    world_close(world);
}
END_TEST

/* holds: SVC-04 SVC-12 SVC-13 SVC-14 SVC-18 */
START_TEST(goes_in_pieces)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.quarantine = HOUR;
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    struct talk talk = {.session = ""};
    for (int i = 0; i < 300; i++) {
        char a[32], b[32];
        snprintf(a, sizeof a, "+1555100%04d", i);
        snprintf(b, sizeof b, "+1555200%04d", i);
        talk = world_talk(world, a, b, HOUR);
    }
    ck_accepted(world_text(world, "+15551000299", talk.proxy_a, "hello"));
    const Maskline__Store__V1__Service *gone = call_service_delete(world, world->service);
    ck_done(gone);
    int64_t began = world_now(world);
    ck_assert_int_eq(gone->state, SERVICE_STATE(DELETING));
    ck_assert_int_eq(gone->delete_time, began);
    /* At once: nothing is made, nothing routes, the name is free. */
    ck_refused(call_talk(world, "+15551110001", NULL), "SERVICE_DELETED", 0);
    ck_assert_int_eq(call_error.code, STATUS_NOT_FOUND);
    ck_assert_int_ne(world_text(world, "+15551000299", talk.proxy_a, "hello").outcome,
                     INBOUND_ACCEPTED);
    ck_done(make(world, gone->unique_name));
    ck_assert_int_eq(call_service_delete(world, world->service)->state, SERVICE_STATE(DELETING));
    world_move(world, MINUTE);
    atomic_store(&world->keys_most, 0);
    world_run(world);
    ck_assert_uint_le(atomic_load(&world->keys_most), 256); /* a session's end is one */
    ck_assert_int_eq(call_service_get(world, world->service)->state, SERVICE_STATE(DELETED));
    ck_assert_int_eq(call_service_delete(world, world->service)->state, SERVICE_STATE(DELETED));
    const Maskline__Store__V1__Entry *last = world_entry(world, world_entries(world));
    ck_assert_int_eq(last->change_case, CHANGE(SERVICE_DELETED));
    const Maskline__Store__V1__Entry *session = world_last(world, CHANGE(SESSION_DELETED));
    ck_assert(session->session_deleted->service_deleted);
    /* Quarantine is an hour here, and never shorter than the cool-down. */
    ck_assert_int_eq(world_last(world, CHANGE(NUMBER_REMOVED))->number_removed->free_time,
                     began + 4 * HOUR);
    /* Nothing of it is left but its log and its row. */
    struct log_id log = world_log(world);
    const uint8_t *sid = log_service(&log);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_sessions(TENANT_DEFAULT, sid)), 0);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_numbers(TENANT_DEFAULT, sid)), 0);
    struct key scope = key_sessions(TENANT_DEFAULT, sid);
    for (const char *kind = "IRU"; *kind; kind++) {
        scope.data[scope.size - 1] = (uint8_t)*kind;
        ck_assert_msg(!world_rows(world, KV_LIVE, scope), "%c", *kind);
    }
    world_move(world, 7 * DAY);
    world_run(world);
    ck_refused(call_service_get(world, world->service), "SERVICE_NOT_FOUND", 0);
    world_close(world);
}
END_TEST

struct bringing {
    struct command command;
    struct waiter waiter;
    struct log_id log;
};

static bool bring_back(struct command *command, struct txn *txn)
{
    const uint8_t *sid = log_service(&((struct bringing *)command)->log);
    for (int i = 0; i < 300; i++) {
        struct person person = {{1, (uint8_t)i, (uint8_t)(i >> 8)}};
        struct key keys[] = {key_opt_out(TENANT_DEFAULT, sid, &person, ""),
                             key_block(TENANT_DEFAULT, sid, &person, NULL),
                             key_interaction(TENANT_DEFAULT, sid, sid, person.bytes)};
        for (int j = 0; j < 3; j++)
            ck_assert(txn_put(txn, KV_LIVE, key_bytes(&keys[j]), (struct bytes){"x", 1}, 0));
    }
    return true;
}

static void brought(struct command *command, enum command_outcome outcome,
                    const struct error *error)
{
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    waiter_finish(&((struct bringing *)command)->waiter, error);
}

/* A crash brings rows back that were deleted without an entry: they go with the log. holds: SVC-15 */
START_TEST(what_a_crash_brings_back_goes_with_the_log)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_done(call_service_delete(world, world->service));
    world_run(world);
    ck_assert_int_eq(call_service_get(world, world->service)->state, SERVICE_STATE(DELETED));
    struct bringing bringing = {.command = {.decide = bring_back, .done = brought},
                                .log = world_log(world)};
    waiter_init(&bringing.waiter);
    pipeline_submit(masking_pipeline(world->masking), &bringing.command);
    waiter_wait(&bringing.waiter);
    const uint8_t *sid = log_service(&bringing.log);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_opt_outs(TENANT_DEFAULT, sid)), 300);
    world_move(world, 7 * DAY);
    world_run(world);
    ck_refused(call_service_get(world, world->service), "SERVICE_NOT_FOUND", 0);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_opt_outs(TENANT_DEFAULT, sid)), 0);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_blocks(TENANT_DEFAULT, sid)), 0);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_all_interactions(TENANT_DEFAULT, sid)), 0);
    world_close(world);
}
END_TEST

/* holds: SVC-15 */
START_TEST(deletion_goes_on_after_a_restart)
{
    char path[] = "/tmp/maskline-services-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_talk(world, "+15551000001", "+15551000002", HOUR);
    ck_done(call_service_delete(world, world->service));
    world_restart(world);
    ck_assert_int_eq(call_service_get(world, world->service)->state, SERVICE_STATE(DELETING));
    world_run(world);
    ck_assert_int_eq(call_service_get(world, world->service)->state, SERVICE_STATE(DELETED));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: LST-04 LST-08 */
START_TEST(are_listed_oldest_first)
{
    struct world *world = world_open(NULL);
    char name[32];
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "s%d", i);
        ck_done(make(world, name));
    }
    ck_done(call_service_delete(world, "s3"));
    ck_done(call_service_delete(world, "s5"));
    world_run(world);
    ck_done(make(world, "s5"));
    static const char *const expected[] = {"s0", "s1", "s2", "s4", "s6", "s5"};
    struct page page = {.size = 2};
    struct service_list list;
    size_t seen = 0;
    do {
        struct view *view = view_open(world->store);
        ck_assert(services_list(view, world->store, &page, world->arena, &list, &call_error));
        view_close(view);
        for (size_t i = 0; i < list.count; i++, seen++)
            ck_assert_str_eq(list.services[i]->unique_name, expected[seen]);
        page.token = arena_string(world->arena, list.next_token);
    } while (*page.token);
    ck_assert_uint_eq(seen, 6);
    world_close(world);
}
END_TEST

/* holds: LIM-14 */
START_TEST(as_many_as_one_likes)
{
    struct world *world = world_open(NULL);
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "s%d", i);
        ck_done(make(world, name));
        arena_reset(world->arena);
    }
    ck_assert_ptr_nonnull(call_service_get(world, "s0"));
    world_close(world);
}
END_TEST

SUITE_MAIN("services", as_many_as_one_likes, is_made_with_every_default, names_are_checked,
           renaming_frees_the_old_name, settings_are_checked, calls_have_settings,
           is_named_by_sid_or_name, goes_in_pieces, deletion_goes_on_after_a_restart,
           what_a_crash_brings_back_goes_with_the_log, are_listed_oldest_first)
