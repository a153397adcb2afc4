#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests that are repeated. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"

static struct request_id request(const char *method, const char *id, uint8_t body)
{
    return (struct request_id){.id = id, .method = method, .body_hash = {body}};
}

static const Maskline__Store__V1__Session *create(struct world *world, const char *id, uint8_t body)
{
    const struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    return call_session_create(
        world, (struct session_draft){.participants = people,
                                      .participant_count = 2,
                                      .request = request("CreateSession", id, body)});
}

static struct world *world_with(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    return world;
}

/* holds: IDM-01 */
START_TEST(a_repeat_gets_the_first_answer)
{
    struct world *world = world_with(NULL);
    const Maskline__Store__V1__Session *first = create(world, "a", 1);
    ck_done(first);
    uint64_t entries = world_entries(world);
    ck_done(call_close(world, first)); /* whatever became of it since */
    const Maskline__Store__V1__Session *again = create(world, "a", 1);
    ck_done(again);
    ck_assert_str_eq(sid_of(world, again), sid_of(world, first));
    ck_assert_int_eq(again->status, SESSION_STATUS(OPEN));
    ck_assert_str_eq(proxy_of(again, 0), proxy_of(first, 0));
    ck_done(call_session_delete(world, sid_of(world, first)));
    ck_assert_str_eq(sid_of(world, create(world, "a", 1)), sid_of(world, first));
    ck_assert_uint_eq(world_entries(world), entries + 2);
    world_close(world);
}
END_TEST

/* holds: SVC-10 */
START_TEST(it_is_known_for_as_long_as_the_service_says)
{
    char path[] = "/tmp/maskline-requests-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path);
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    const Maskline__Store__V1__Session *before =
        call_session_create(world, (struct session_draft){.request = request("Other", "a", 1)});
    change.settings.request_retention = HOUR;
    ck_done(call_service_update(world, &change));
    const Maskline__Store__V1__Session *first =
        call_session_create(world, (struct session_draft){.request = request("Other", "b", 1)});
    world_move(world, HOUR - 1);
    const struct session_draft again = {.request = request("Other", "b", 1)};
    ck_assert_str_eq(sid_of(world, call_session_create(world, again)), sid_of(world, first));
    world_restart(world);
    ck_assert_str_eq(sid_of(world, call_session_create(world, again)), sid_of(world, first));
    world_move(world, 1);
    ck_assert_str_ne(sid_of(world, call_session_create(world, again)), sid_of(world, first));
    /* One that was used before the change is known for as long as was said then. */
    const struct session_draft earlier = {.request = request("Other", "a", 1)};
    ck_assert_str_eq(sid_of(world, call_session_create(world, earlier)), sid_of(world, before));
    world_move(world, 23 * HOUR);
    ck_assert_str_ne(sid_of(world, call_session_create(world, earlier)), sid_of(world, before));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: IDM-01 IDM-04 */
START_TEST(a_repeat_bars_nobody_who_was_let_in_since)
{
    struct world *world = world_with(NULL);
    const struct request_id new = request("CreateOptOut", "a", 1);
    const struct request_id there = request("CreateOptOut", "b", 1);
    const struct request_id other = request("CreateOptOut", "a", 2);
    ck_done(call_opt_out_asked(world, opt_outs_create, ANN, "", new));
    ck_done(call_opt_out_asked(world, opt_outs_create, ANN, "", there)); /* makes nothing */
    ck_refused(call_opt_out_asked(world, opt_outs_create, BOB, "", other), "REQUEST_ID_REUSED", 0);
    ck_done(call_opt_out(world, opt_outs_delete, ANN, ""));
    ck_done(call_opt_out_asked(world, opt_outs_create, ANN, "", new));
    ck_done(call_opt_out_asked(world, opt_outs_create, ANN, "", there));
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 0);
    const struct request_id block = request("CreateBlock", "a", 1);
    const struct request_id blocked = request("CreateBlock", "b", 1);
    const struct request_id another = request("CreateBlock", "a", 2);
    ck_done(call_block_asked(world, blocks_create, ANN, BOB, block));
    ck_done(call_block_asked(world, blocks_create, ANN, BOB, blocked));
    ck_refused(call_block_asked(world, blocks_create, ANN, "", another), "REQUEST_ID_REUSED", 0);
    ck_done(call_block(world, blocks_delete, ANN, BOB));
    ck_done(call_block_asked(world, blocks_create, ANN, BOB, block));
    ck_done(call_block_asked(world, blocks_create, ANN, BOB, blocked));
    ck_assert_uint_eq(call_blocks_listed(world, ""), 0);
    world_close(world);
}
END_TEST

/* holds: IDM-04 */
START_TEST(another_body_is_refused)
{
    struct world *world = world_with(NULL);
    ck_done(create(world, "a", 1));
    ck_refused(create(world, "a", 2), "REQUEST_ID_REUSED", 0);
    ck_assert_int_eq(call_error.code, STATUS_FAILED_PRECONDITION);
    ck_done(create(world, "b", 2));
    ck_done(create(world, "a", 1));
    world_close(world);
}
END_TEST

/* holds: IDM-02 */
START_TEST(it_counts_for_one_method_of_one_service)
{
    struct world *world = world_with(NULL);
    const Maskline__Store__V1__Session *session = create(world, "a", 1);
    const Maskline__Store__V1__Session *one =
        call_session_create(world, (struct session_draft){.request = request("Other", "a", 1)});
    ck_assert_str_ne(sid_of(world, one), sid_of(world, session));
    world_service(world, NULL);
    struct number_draft draft = number_draft(world, "+15559990009");
    draft.request = request("AddPhoneNumber", "a", 1);
    const Maskline__Store__V1__PhoneNumber *number = call_number_add(world, &draft).number;
    ck_done(number);
    ck_assert_int_eq(
        memcmp(call_number_add(world, &draft).number->sid.data, number->sid.data, SID_BYTES), 0);
    const Maskline__Store__V1__Session *elsewhere = create(world, "a", 1);
    ck_done(elsewhere);
    ck_assert_str_ne(sid_of(world, elsewhere), sid_of(world, session));
    world_close(world);
}
END_TEST

/* holds: IDM-06 */
START_TEST(failures_are_not_kept)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_refused(create(world, "a", 1), "POOL_EMPTY", 80205);
    world_number(world, N1, NULL);
    ck_done(create(world, "a", 1));
    world_close(world);
}
END_TEST

/* holds: IDM-05 */
START_TEST(it_is_known_for_a_day)
{
    struct world *world = world_with(NULL);
    const Maskline__Store__V1__Session *first = create(world, "a", 1);
    world_move(world, DAY - 1);
    ck_assert_str_eq(sid_of(world, create(world, "a", 1)), sid_of(world, first));
    world_move(world, 1);
    const Maskline__Store__V1__Session *second = create(world, "a", 1);
    ck_done(second);
    ck_assert_str_ne(sid_of(world, second), sid_of(world, first));
    world_close(world);
}
END_TEST

/* holds: IDM-05 */
START_TEST(it_is_known_as_long_as_the_service_says)
{
    struct world *world = world_with(NULL);
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.request_retention = HOUR;
    ck_done(call_service_update(world, &change));
    const Maskline__Store__V1__Session *first = create(world, "a", 1);
    world_move(world, HOUR - 1);
    ck_assert_str_eq(sid_of(world, create(world, "a", 1)), sid_of(world, first));
    world_move(world, 1);
    const Maskline__Store__V1__Session *second = create(world, "a", 2); /* another body, too */
    ck_done(second);
    ck_assert_str_ne(sid_of(world, second), sid_of(world, first));
    world_close(world);
}
END_TEST

START_TEST(its_form_is_checked)
{
    struct world *world = world_with(NULL);
    char id[66];
    memset(id, 'x', sizeof id);
    id[65] = '\0';
    ck_field(create(world, id, 1), "request_id");
    id[64] = '\0';
    ck_done(create(world, id, 1));
    ck_done(create(world, "", 1)); /* none: two sessions of the same two */
    world_close(world);
}
END_TEST

/* holds: IDM-01 IDM-04 */
START_TEST(a_service_too)
{
    struct world *world = world_open(NULL);
    struct service_draft draft = {.unique_name = "s",
                                  .settings = service_settings_unset(),
                                  .request = request("CreateService", "a", 1)};
    const Maskline__Store__V1__Service *first = call_service_create(world, &draft);
    ck_done(first);
    const Maskline__Store__V1__Service *again = call_service_create(world, &draft);
    ck_done(again);
    ck_assert_int_eq(memcmp(first->sid.data, again->sid.data, SID_BYTES), 0);
    draft.request.body_hash[0] = 2;
    ck_refused(call_service_create(world, &draft), "REQUEST_ID_REUSED", 0);
    draft.request = request("CreateService", "b", 1);
    ck_refused(call_service_create(world, &draft), "SERVICE_NAME_TAKEN", 80602);
    world_close(world);
}
END_TEST

/* holds: IDM-01 */
START_TEST(a_participant_too)
{
    struct world *world = world_with(NULL);
    const char *sid = sid_of(world, call_talk(world, NULL, NULL));
    const Maskline__Store__V1__Session *first = call_join(world, sid, person(world, ANN), "a");
    ck_done(first);
    ck_done(call_join(world, sid, person(world, BOB), "b"));
    const Maskline__Store__V1__Session *again = call_join(world, sid, person(world, ANN), "a");
    ck_done(again);
    ck_assert_str_eq(participant_sid(world, again, (unsigned)again->n_participants - 1),
                     participant_sid(world, first, 0));
    ck_done(call_session_delete(world, sid));
    again = call_join(world, sid, person(world, ANN), "a");
    ck_done(again);
    ck_assert_str_eq(sid_of(world, again), sid);
    world_close(world);
}
END_TEST

/* holds: IDM-08 */
START_TEST(it_is_known_after_a_restart)
{
    char path[] = "/tmp/maskline-requests-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path);
    const Maskline__Store__V1__Session *first = create(world, "a", 1);
    world_restart(world);
    ck_assert_str_eq(sid_of(world, create(world, "a", 1)), sid_of(world, first));
    ck_refused(create(world, "a", 2), "REQUEST_ID_REUSED", 0);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* The same request many times at once: one session, one answer. */

enum { TWINS = 16 };

struct twin {
    struct world *world;
    struct session_draft draft;
    struct participant_draft people[2];
    pthread_mutex_t *lock;
    pthread_cond_t *done;
    unsigned *left;
    uint8_t sid[SID_BYTES];
    bool ok;
};

static void twin_told(void *data, const Maskline__Store__V1__Service *service,
                      const Maskline__Store__V1__Session *session, const struct error *error)
{
    (void)service;
    struct twin *twin = data;
    twin->ok = !error;
    if (session)
        memcpy(twin->sid, session->sid.data, SID_BYTES);
    pthread_mutex_lock(twin->lock);
    if (!--*twin->left)
        pthread_cond_signal(twin->done);
    pthread_mutex_unlock(twin->lock);
}

/* holds: IDM-07 */
START_TEST(one_in_flight_is_waited_for)
{
    struct world *world = world_with(NULL);
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t done = PTHREAD_COND_INITIALIZER;
    unsigned left = TWINS;
    struct twin twins[TWINS];
    for (int i = 0; i < TWINS; i++) {
        twins[i] = (struct twin){.world = world,
                                 .people = {person(world, ANN), person(world, BOB)},
                                 .lock = &lock,
                                 .done = &done,
                                 .left = &left};
        twins[i].draft = (struct session_draft){.service = world->service,
                                                .participants = twins[i].people,
                                                .participant_count = 2,
                                                .request = request("CreateSession", "a", 1)};
        sessions_create(world->masking, &twins[i].draft, twin_told, &twins[i]);
    }
    pthread_mutex_lock(&lock);
    while (left)
        pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < TWINS; i++) {
        ck_assert(twins[i].ok);
        ck_assert_int_eq(memcmp(twins[i].sid, twins[0].sid, SID_BYTES), 0);
    }
    world_close(world);
}
END_TEST

SUITE_MAIN("requests", a_repeat_gets_the_first_answer, a_repeat_bars_nobody_who_was_let_in_since,
           it_is_known_for_as_long_as_the_service_says, another_body_is_refused,
           it_counts_for_one_method_of_one_service, failures_are_not_kept, it_is_known_for_a_day,
           it_is_known_as_long_as_the_service_says, its_form_is_checked, a_service_too,
           a_participant_too, it_is_known_after_a_restart, one_in_flight_is_waited_for)
