#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that are taken again, in Services that let them be. */

static void let_names_be_taken(struct world *world, bool again)
{
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.reuse_names = again;
    const Maskline__Store__V1__Service *service = call_service_update(world, &change);
    ck_done(service);
    ck_assert_int_eq(service->settings->reuse_names, again);
}

static struct world *world_of_names(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    let_names_be_taken(world, true);
    return world;
}

/* A session of that name; its SID. NULL: refused. */
static const char *make(struct world *world, const char *name)
{
    const Maskline__Store__V1__Session *session =
        call_session_create(world, (struct session_draft){.unique_name = name});
    return session ? sid_of(world, session) : NULL;
}

static void close_it(struct world *world, const char *session)
{
    ck_done(call_session_update(
        world, (struct session_change){.session = session, .status = SESSION_STATUS(CLOSED)}));
}

static const Maskline__Store__V1__Session *reopen(struct world *world, const char *session)
{
    return call_session_update(
        world, (struct session_change){.session = session, .status = SESSION_STATUS(IN_PROGRESS)});
}

#define ck_means(world, name, sid) \
    ck_assert_str_eq(sid_of(world, call_session_get(world, name)), sid)

/* Who has or had the name, oldest first: as in "KC... KC...". */
static const char *all_named(struct world *world, const char *name)
{
    const struct session_filter filter = {.unique_name = name};
    const char *all = "";
    struct page page = {.size = 1};
    do {
        struct session_list list;
        struct view *view = view_open(world->store);
        ck_assert_msg(sessions_list(view, world->store, world->service, &filter, &page,
                                    world->arena, &list, &call_error),
                      "%s", call_error.message);
        for (size_t i = 0; i < list.count; i++)
            all = arena_printf(world->arena, "%s%s%s", all, *all ? " " : "",
                               sid_format("KC", list.sessions[i]->sid.data).text);
        view_close(view);
        page.token = arena_string(world->arena, list.next_token);
    } while (*page.token);
    return all;
}

#define ck_all_named(world, name, ...) \
    ck_assert_str_eq(all_named(world, name), arena_printf((world)->arena, __VA_ARGS__))

/* holds: SES-03 */
START_TEST(an_ended_sessions_name_is_taken_again)
{
    struct world *world = world_of_names(NULL);
    const char *first = make(world, "a");
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603); /* it is active */
    close_it(world, first);
    ck_means(world, "a", first);
    const char *second = make(world, "a");
    ck_done(second);
    ck_means(world, "a", second);
    ck_assert_str_eq(call_session_get(world, first)->unique_name, "a");
    ck_all_named(world, "a", "%s %s", first, second);
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603);
    /* One that has ended unnoticed has ended. */
    ck_done(call_session_update(
        world, (struct session_change){
                   .session = "a", .set_ttl = true, .ttl_given = true, .ttl = MINUTE}));
    world_move(world, MINUTE);
    const char *third = make(world, "a");
    ck_done(third);
    ck_all_named(world, "a", "%s %s %s", first, second, third);
    ck_all_named(world, "b", "%s", "");
    world_close(world);
}
END_TEST

/* holds: SES-02 SES-03 */
START_TEST(is_off_by_default)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    const char *first = make(world, "a");
    close_it(world, first);
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603);
    ck_all_named(world, "a", "%s", first);
    /* What was made before counts when it is turned on, and turned off again. */
    let_names_be_taken(world, true);
    const char *second = make(world, "a");
    ck_all_named(world, "a", "%s %s", first, second);
    let_names_be_taken(world, false);
    close_it(world, second);
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603);
    ck_done(call_session_delete(world, second));
    ck_means(world, "a", first);
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603); /* the first has it still */
    ck_done(reopen(world, first));
    ck_means(world, "a", first);
    ck_done(call_session_delete(world, first));
    const char *third = make(world, "a");
    ck_all_named(world, "a", "%s", third);
    world_close(world);
}
END_TEST

START_TEST(reopening_takes_the_name_back)
{
    struct world *world = world_of_names(NULL);
    const char *first = make(world, "a");
    close_it(world, first);
    const char *second = make(world, "a");
    ck_refused(reopen(world, first), "SESSION_NAME_TAKEN", 80603);
    ck_assert_int_eq(call_session_get(world, first)->status, SESSION_STATUS(CLOSED));
    close_it(world, second);
    ck_done(reopen(world, first));
    ck_means(world, "a", first);
    ck_refused(reopen(world, second), "SESSION_NAME_TAKEN", 80603);
    ck_refused(make(world, "a"), "SESSION_NAME_TAKEN", 80603);
    close_it(world, first);
    const char *third = make(world, "a");
    ck_done(call_session_delete(world, third));
    ck_means(world, "a", second); /* the newest that is left */
    ck_all_named(world, "a", "%s %s", first, second);
    ck_done(reopen(world, "a"));
    ck_means(world, "a", second);
    let_names_be_taken(world, false);
    close_it(world, second);
    ck_refused(reopen(world, first), "SESSION_NAME_TAKEN", 80603);
    ck_done(reopen(world, second));
    world_close(world);
}
END_TEST

/* holds: SES-04 */
START_TEST(what_is_gone_leaves_nothing)
{
    struct world *world = world_of_names(NULL);
    const char *first = make(world, "a");
    close_it(world, first);
    world_move(world, DAY);
    const char *second = make(world, "a");
    close_it(world, second);
    world_move(world, 89 * DAY); /* the first is to be purged */
    ck_all_named(world, "a", "%s", second);
    world_run(world);
    ck_all_named(world, "a", "%s", second);
    world_move(world, DAY);
    ck_refused(call_session_get(world, "a"), "SESSION_NOT_FOUND", 80308);
    const char *third = make(world, "a"); /* and takes the second out of the way */
    ck_all_named(world, "a", "%s", third);
    ck_done(call_session_delete(world, third));
    world_run(world);
    struct log_id log = world_log(world);
    struct key scope = key_sessions(TENANT_DEFAULT, log_service(&log));
    for (const char *kind = "ru"; *kind; kind++) {
        scope.data[scope.size - 1] = (uint8_t)*kind;
        ck_assert_uint_eq(world_rows(world, KV_IDX, scope), 0);
    }
    world_close(world);
}
END_TEST

/* The one that has the name may be purged before one that had it earlier, and that was opened again since under the name's rules. */
START_TEST(a_purged_one_leaves_the_name_to_earlier_ones)
{
    struct world *world = world_of_names(NULL);
    const char *first = make(world, "a");
    close_it(world, first);
    const char *second = make(world, "a");
    close_it(world, second); /* it has the name */
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    const char *third = make(world, "a");
    close_it(world, third);
    change.settings.closed_session_retention = 10 * DAY;
    ck_done(call_service_update(world, &change));
    ck_done(reopen(world, third));
    close_it(world, third); /* and is purged long before the others */
    world_move(world, 10 * DAY);
    ck_means(world, "a", second);
    world_run(world);
    ck_means(world, "a", second);
    ck_all_named(world, "a", "%s %s", first, second);
    world_close(world);
}
END_TEST

START_TEST(names_are_there_after_a_restart)
{
    char path[] = "/tmp/maskline-names-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of_names(path);
    const char *first = make(world, "a");
    close_it(world, first);
    const char *second = make(world, "a");
    close_it(world, second);
    ck_done(reopen(world, first));
    world_restart(world);
    ck_means(world, "a", first);
    ck_all_named(world, "a", "%s %s", first, second);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("session names", an_ended_sessions_name_is_taken_again, is_off_by_default,
           reopening_takes_the_name_back, what_is_gone_leaves_nothing,
           a_purged_one_leaves_the_name_to_earlier_ones, names_are_there_after_a_restart)
