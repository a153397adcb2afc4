#include "server/masking/bars/blocks.h"
#include "server/masking/calls/calls.h"
#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Messages of the Service itself. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_of_numbers(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    return world;
}

static struct message_draft to_ann(const struct world *world, const struct talk *talk,
                                   const char *body)
{
    return (struct message_draft){
        .service = world->service, .session = talk->session, .participant = talk->a, .body = body};
}

static void blocked(void *data, const Maskline__Store__V1__Block *block, const struct error *error)
{
    (void)block;
    ck_assert_ptr_null(error);
    *(_Atomic int *)data = 1;
}

typedef void (*interaction_change)(struct masking *masking, const struct interaction_name *name,
                                   interaction_done done, void *data);

#define ck_send_refused(draft, code, why)                                      \
    do {                                                                       \
        char its_reason[48];                                                   \
        ck_assert_int_eq(world_send(world, &(draft), NULL, its_reason), code); \
        ck_assert_str_eq(its_reason, why);                                     \
    } while (0)

/* holds: EXP-14 MSG-02 MSG-05 MSG-12 SES-08 */
START_TEST(goes_from_the_persons_own_number)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE - 1);
    struct message_draft draft = to_ann(world, &talk, "your table is ready");
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, &talk, 0);
    ck_assert_int_eq(interaction->type,
                     MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE);
    ck_assert_ptr_null(interaction->inbound);
    ck_assert_uint_eq(interaction->n_outbound, 1);
    ck_assert_str_eq(sid_format("KP", interaction->outbound[0]->participant.data).text, talk.a);
    ck_assert_int_eq(interaction->outbound[0]->status, STATUS(QUEUED));
    ck_assert_uint_eq(world->carriers[0].count, 0); /* answered before any carrier has it */
    world_run(world);
    struct sent *sent = world_sent(world, 0, 0);
    ck_assert_str_eq(sent->to, ANN);
    ck_assert_str_eq(sent->from, talk.proxy_a);
    ck_assert_str_eq(sent->body, "your table is ready");
    /* It counts as an interaction: the session lives on, and has begun. */
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status,
                     MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS);
    ck_assert_int_eq(session->effective_expire_time, world_now(world) + MINUTE);
    ck_assert_int_eq(session->last_interaction_time, world_now(world));
    /* A reply goes to the partner. */
    ck_accepted(world_text(world, ANN, sent->from, "thanks"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
    world_close(world);
}
END_TEST

/* holds: MSG-01 MSG-03 GRD-08 GRD-09 */
START_TEST(fields)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = to_ann(world, &talk, "");
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    static char body[1602];
    memset(body, 'x', 1601);
    draft.body = body;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    body[1600] = 0;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    Maskline__Store__V1__Media media = MASKLINE__STORE__V1__MEDIA__INIT;
    const Maskline__Store__V1__Media *list[11];
    for (int i = 0; i < 11; i++)
        list[i] = &media;
    draft.media = list;
    draft.media_count = 1;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD"); /* no URL */
    media.url = (char *)"https://example.test/1";
    draft.media_count = 11;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    static char url[2050];
    memset(url, 'u', 2049);
    memcpy(url, "http://", 7);
    draft.media_count = 1;
    media.url = url;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    url[2048] = 0;
    draft.media_count = 10;
    draft.body = NULL;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    draft.body = "with words";
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_run(world);
    ck_assert_uint_eq(world_sent(world, 0, 1)->media_count, 10);
    ck_assert_str_eq(world_sent(world, 0, 1)->body, "");
    ck_assert_uint_eq(world_sent(world, 0, 0)->media_count, 10);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "with words");
    draft.max_life = -1;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    ck_assert_uint_eq(world_interactions(world, &talk), 3);
    world_close(world);
}
END_TEST

/* holds: GRD-07 MSG-10 MSG-11 */
START_TEST(to_whom_it_cannot_go)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct talk other = world_talk(world, "+15551230003", "+15551230004", 0);
    struct message_draft draft = to_ann(world, &talk, "x");
    draft.service = "nobody's";
    ck_send_refused(draft, STATUS_NOT_FOUND, "SERVICE_NOT_FOUND");
    draft = to_ann(world, &talk, "x");
    draft.session = "nobody's";
    ck_send_refused(draft, STATUS_NOT_FOUND, "SESSION_NOT_FOUND");
    draft = to_ann(world, &talk, "x");
    draft.participant = other.a;
    ck_send_refused(draft, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND");
    draft.participant = "KP1";
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_SID");
    world_leave(world, &talk, talk.a);
    draft = to_ann(world, &talk, "x");
    ck_send_refused(draft, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND");
    draft.participant = talk.b;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_end_talk(world, &talk);
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED");
    talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE);
    draft = to_ann(world, &talk, "x");
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED");
    talk = world_talk_mode(world, "+15551230005", "+15551230006",
                           MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY);
    draft = to_ann(world, &talk, "x");
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "MODE_REFUSED");
    talk = world_talk(world, "+15551230007", "+15551230008", 0);
    world_number(world, "+15551230007", NULL); /* a person's number becomes a pool's */
    draft = to_ann(world, &talk, "x");
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "LOOP");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    world_close(world);
}
END_TEST

/* holds: MSG-14 */
START_TEST(media_needs_mms)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    struct number_draft number = number_draft(world, "+15559990001");
    number.mms = false;
    ck_done(call_number_add(world, &number).number);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    Maskline__Store__V1__Media media = MASKLINE__STORE__V1__MEDIA__INIT;
    media.url = (char *)"https://example.test/1";
    const Maskline__Store__V1__Media *list[] = {&media};
    struct message_draft draft = to_ann(world, &talk, "look");
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    draft.media = list;
    draft.media_count = 1;
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "MMS_NOT_POSSIBLE");
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_close(world);
}
END_TEST

/* holds: OUT-06 */
START_TEST(life)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = to_ann(world, &talk, "x");
    draft.max_life = MINUTE;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    ck_assert_int_eq(world_interaction(world, &talk, 0)->expire_time, world_now(world) + MINUTE);
    draft.max_life = 5 * HOUR; /* counts as the Service's */
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    ck_assert_int_eq(world_interaction(world, &talk, 1)->expire_time, world_now(world) + HOUR);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(FAILED));
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    world_close(world);
}
END_TEST

/* holds: IDM-01 IDM-04 IDM-06 */
START_TEST(once_by_request_id)
{
    char path[] = "/tmp/maskline-send-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = to_ann(world, &talk, "x");
    draft.request =
        (struct request_id){.id = "r1", .method = "SendMessage", .body_hash = "0123456789abcde"};
    char first[40], again[40];
    ck_assert_int_eq(world_send(world, &draft, first, NULL), STATUS_OK);
    ck_assert_int_eq(world_send(world, &draft, again, NULL), STATUS_OK);
    ck_assert_str_eq(first, again);
    world_restart(world);
    ck_assert_int_eq(world_send(world, &draft, again, NULL), STATUS_OK);
    ck_assert_str_eq(first, again);
    world_end_talk(world, &talk);
    ck_assert_int_eq(world_send(world, &draft, again, NULL), STATUS_OK);
    ck_assert_str_eq(first, again);
    draft.request.body_hash[0] = 'x';
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED");
    /* A refusal is not kept. */
    draft.request.id = "r2";
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED");
    world_reopen_talk(world, &talk);
    ck_assert_int_eq(world_send(world, &draft, again, NULL), STATUS_OK);
    ck_assert_str_ne(first, again);
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    world_close(world);
    folder_remove(path);
}
END_TEST

static void changed(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    (void)service;
    (void)interaction;
    waiter_finish(data, error);
}

/* Whether it is refused, with what is said in call_error. */
static bool refused(struct world *world, interaction_change change, const char *session,
                    const char *interaction)
{
    struct waiter waiter;
    const struct interaction_name name = {world->service, session, interaction};
    waiter_init(&waiter);
    change(world->masking, &name, changed, &waiter);
    waiter_wait(&waiter);
    call_error = waiter.error;
    return call_error.code != STATUS_OK;
}

/* What is in another session, or in another Service, is not found in this one. */
/* holds: ERR-80610 */
START_TEST(of_others)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct talk other = world_talk(world, "+15551230003", "+15551230004", 0);
    struct message_draft draft = to_ann(world, &talk, "x");
    char sid[40];
    ck_assert_int_eq(world_send(world, &draft, sid, NULL), STATUS_OK);
    struct interaction_result got;
    struct view *view = view_open(world->store);
    error_clear(&call_error);
    ck_refused(interactions_get(view, world->store, world->service, other.session, sid,
                                world->arena, &got, &call_error),
               "INTERACTION_NOT_FOUND", 80610);
    view_close(view);
    ck_refused(call_leave(world, talk.session, other.a), "PARTICIPANT_NOT_FOUND", 80610);
    struct message_draft foreign = draft;
    foreign.participant = other.a;
    struct waiter waiter;
    waiter_init(&waiter);
    interactions_send(world->masking, &foreign, changed, &waiter);
    waiter_wait(&waiter);
    call_error = waiter.error;
    ck_refused(call_error.code == STATUS_OK, "PARTICIPANT_NOT_FOUND", 80610);
    static const interaction_change changes[] = {interactions_redact, interactions_delete,
                                                 calls_end};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ck_refused(!refused(world, changes[i], other.session, sid), "INTERACTION_NOT_FOUND", 80610);
    const struct call_draft call = {
        .service = world->service, .session = talk.session, .participant = other.b};
    waiter_init(&waiter);
    calls_place(world->masking, &call, changed, &waiter);
    waiter_wait(&waiter);
    call_error = waiter.error;
    ck_refused(call_error.code == STATUS_OK, "PARTICIPANT_NOT_FOUND", 80610);
    /* It is as it was, and nobody was called or written to. */
    ck_assert_str_eq(world_interaction(world, &talk, 0)->content->body, "x");
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    ck_assert_uint_eq(world_interactions(world, &other), 0);
    ck_assert_uint_eq(world->carriers[0].plan_count, 0);
    world_service(world, NULL);
    ck_refused(call_leave(world, talk.session, talk.a), "SESSION_NOT_FOUND", 0);
    world_close(world);
}
END_TEST

/* holds: ERR-80403 INT-14 LST-04 LST-08 MSG-07 */
START_TEST(reading)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = to_ann(world, &talk, "x");
    char sids[25][40];
    for (int i = 0; i < 25; i++) {
        ck_assert_int_eq(world_send(world, &draft, sids[i], NULL), STATUS_OK);
        world_move(world, SECOND);
        if (i == 9)
            world_run(world);
    }
    struct error error;
    struct view *view = view_open(world->store);
    struct interaction_result got;
    ck_assert(interactions_get(view, world->store, world->service, talk.session, sids[3],
                               world->arena, &got, &error));
    ck_assert_str_eq(sid_format("KI", got.interaction->sid.data).text, sids[3]);
    ck_assert(!interactions_get(view, world->store, world->service, talk.session, "KI1",
                                world->arena, &got, &error));
    ck_assert_int_eq(error.original, 80403);
    ck_assert(!interactions_get(view, world->store, world->service, talk.session,
                                "KI00000000000000000000000000000000", world->arena, &got, &error));
    ck_assert_int_eq(error.code, STATUS_NOT_FOUND);
    struct interaction_filter filter = {0};
    struct page page = {.size = 10, .token = ""};
    struct interaction_list list;
    char token[PAGE_TOKEN_SIZE];
    for (int start = 0; start < 25; start += 10) {
        ck_assert(interactions_list(view, world->store, world->service, talk.session, &filter,
                                    &page, world->arena, &list, &error));
        ck_assert_uint_eq(list.count, start == 20 ? 5 : 10);
        for (unsigned i = 0; i < list.count; i++)
            ck_assert_str_eq(sid_format("KI", list.interactions[i]->sid.data).text,
                             sids[(unsigned)start + i]);
        memcpy(token, list.next_token, sizeof token);
        ck_assert_int_eq(*token == 0, start == 20);
        page.token = token;
    }
    page = (struct page){.size = 0, .token = ""};
    filter.type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    ck_assert(interactions_list(view, world->store, world->service, talk.session, &filter, &page,
                                world->arena, &list, &error));
    ck_assert_uint_eq(list.count, 0);
    filter.type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE;
    filter.outbound_statuses = 1u << STATUS(SENT);
    ck_assert(interactions_list(view, world->store, world->service, talk.session, &filter, &page,
                                world->arena, &list, &error));
    ck_assert_uint_eq(list.count, 10);
    filter.outbound_statuses |= 1u << STATUS(QUEUED);
    filter.created_from = got.interaction ? list.interactions[5]->create_time : 0;
    filter.created_to = list.interactions[9]->create_time;
    ck_assert(interactions_list(view, world->store, world->service, talk.session, &filter, &page,
                                world->arena, &list, &error));
    ck_assert_uint_eq(list.count, 4);
    page.size = 1001; /* served as 1,000 */
    ck_assert(interactions_list(view, world->store, world->service, talk.session, &filter, &page,
                                world->arena, &list, &error));
    ck_assert_uint_eq(list.count, 4);
    page = (struct page){.size = 10, .token = "rubbish"};
    ck_assert(!interactions_list(view, world->store, world->service, talk.session, &filter, &page,
                                 world->arena, &list, &error));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    view_close(view);
    world_close(world);
}
END_TEST

/* holds: MSG-04 GRD-10 */
START_TEST(as_another_participant)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = to_ann(world, &talk, "I am downstairs");
    draft.sender = talk.b;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, &talk, 0);
    ck_assert_ptr_null(interaction->inbound);
    ck_assert_str_eq(sid_format("KP", interaction->sender.data).text, talk.b);
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_a);
    /* Somebody who is in the session, and somebody else. */
    draft.sender = talk.a;
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_FIELD");
    draft.sender = "KP0123456789abcdef0123456789abcdef";
    ck_send_refused(draft, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND");
    draft.sender = "Bob";
    ck_send_refused(draft, STATUS_INVALID_ARGUMENT, "INVALID_SID");
    /* What holds for it holds for what is sent in its name. */
    struct block_name name = {.service = world->service, .identifier = BOB, .to_identifier = ANN};
    _Atomic int done = 0;
    blocks_create(world->masking, &name, blocked, (void *)&done);
    while (!done)
        sched_yield();
    draft.sender = talk.b;
    ck_send_refused(draft, STATUS_FAILED_PRECONDITION, "BLOCKED");
    draft.sender = "";
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_leave(world, &talk, talk.b);
    draft.sender = talk.b;
    ck_send_refused(draft, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND");
    world_close(world);
}
END_TEST

SUITE_MAIN("send", as_another_participant, goes_from_the_persons_own_number, fields,
           to_whom_it_cannot_go, media_needs_mms, life, once_by_request_id, of_others, reading)
