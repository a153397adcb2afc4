#include "tests/unit/server/masking/world.h"

#include <sched.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* A message on its way in: each step, and each refusal. */

#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CEM   "+15551230003"
#define PROXY "+15559990001"
#define OTHER "+15559990002"

static const Maskline__Store__V1__Entry__ChangeCase CREATED =
    MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED;

/* The newest event says that something with this code came in and reached nobody. */
static void ck_told(struct world *world, int32_t original)
{
    const Maskline__Store__V1__Entry *entry = world_entry(world, world_entries(world));
    ck_assert_int_eq(entry->change_case, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED);
    ck_assert_int_eq(entry->inbound_rejected->original_code, original);
}

static struct world *world_of_two(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, PROXY, NULL);
    world_number(world, OTHER, NULL);
    return world;
}

/* holds: INB-07 INV-06 PAR-13 SES-08 SES-09 */
START_TEST(reaches_the_partner)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_int_eq(world_session(world, &talk)->start_time, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, &talk, 0);
    ck_assert_str_eq(interaction->content->body, "hello");
    ck_assert_int_eq(interaction->inbound->status, STATUS(RECEIVED));
    ck_assert_str_eq(interaction->inbound->carrier, "one");
    ck_assert_int_eq(interaction->outbound[0]->status, STATUS(QUEUED));
    ck_assert_int_eq(interaction->expire_time, interaction->create_time + HOUR);
    ck_assert_uint_eq(world->carriers[0].count, 0); /* not before it was asked about */
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    struct sent *sent = world_sent(world, 0, 0);
    ck_assert_str_eq(sent->from, talk.proxy_b);
    ck_assert_str_eq(sent->to, BOB);
    ck_assert_str_eq(sent->body, "hello");
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    ck_assert_str_eq(world_leg(world, &talk, 0)->provider_id, "provider");
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status,
                     MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS);
    ck_assert_int_eq(session->start_time, interaction->create_time);
    ck_assert_int_eq(session->last_interaction_time, interaction->create_time);
    ck_assert_uint_eq(session->interaction_count, 1);
    ck_assert(world_last(world, CREATED)->interaction_created->first);
    /* And back. */
    ck_accepted(world_text(world, BOB, talk.proxy_b, "hello yourself"));
    ck_assert(!world_last(world, CREATED)->interaction_created->first);
    ck_assert_int_eq(world_session(world, &talk)->start_time, interaction->create_time);
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_a);
    ck_assert_uint_eq(world_run(world), 0);
    world_close(world);
}
END_TEST

/* holds: INB-02 */
START_TEST(forms_of_a_sender)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const char *const same[] = {"+1 555 123 0001", "0015551230001", "+1-555-123-0001"};
    for (unsigned i = 0; i < 3; i++)
        ck_accepted(world_text(world, same[i], talk.proxy_a, "x"));
    static const char *const nobody[] = {"", "anonymous", "+266696687", "Restricted",
                                         "12345678901234567890"};
    for (unsigned i = 0; i < 5; i++)
        ck_rejected(world_text(world, nobody[i], talk.proxy_a, "x"), "NO_ROUTE");
    world_close(world);
}
END_TEST

/* holds: INB-01 */
START_TEST(who_may_bring_it)
{
    struct world *world = world_of_two();
    world_number(world, "+15559990003", "two three");
    struct inbound_message message = {
        .carrier = "one", .provider_id = "1", .from = ANN, .to = "+15559990003", .body = "x"};
    ck_rejected(world_hand_in(world, &message), "WRONG_CARRIER");
    message.carrier = "two";
    ck_rejected(world_hand_in(world, &message), "NO_ROUTE"); /* further on the way */
    message.carrier = "three";
    ck_rejected(world_hand_in(world, &message), "NO_ROUTE");
    message.to = PROXY; /* names none: the default's */
    message.provider_id = "2";
    ck_rejected(world_hand_in(world, &message), "WRONG_CARRIER");
    message.carrier = "nobody";
    ck_rejected(world_hand_in(world, &message), "CARRIER_UNKNOWN");
    uint64_t entries = world_entries(world);
    message.carrier = "one";
    message.to = "+15558880001";
    ck_rejected(world_hand_in(world, &message), "NUMBER_UNKNOWN");
    message.to = "rubbish";
    ck_rejected(world_hand_in(world, &message), "NUMBER_UNKNOWN");
    message.to = PROXY;
    message.provider_id = "";
    ck_rejected(world_hand_in(world, &message), "PROVIDER_ID_INVALID");
    ck_assert_uint_eq(world_entries(world), entries);
    world_close(world);
}
END_TEST

/* holds: GRD-06 */
START_TEST(loops_are_refused)
{
    struct world *world = world_of_two();
    ck_rejected(world_text(world, OTHER, PROXY, "x"), "LOOP");
    ck_rejected(world_text(world, PROXY, PROXY, "x"), "LOOP");
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED);
    ck_assert_str_eq(entry->inbound_rejected->reason, "LOOP");
    ck_assert_str_eq(entry->inbound_rejected->proxy_identifier, PROXY);
    world_close(world);
}
END_TEST

/* holds: NUM-13 */
START_TEST(locked_number_is_silent)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_number_state(world, talk.proxy_a, MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "NUMBER_LOCKED");
    world_number_state(world, talk.proxy_a,
                       MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_DRAINING);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_close(world);
}
END_TEST

/* holds: ERR-80902 ERR-80903 INB-05 */
START_TEST(no_session_no_way)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct answer answer = world_text(world, CEM, talk.proxy_a, "x");
    ck_rejected(answer, "NO_ROUTE");
    ck_assert_int_eq(answer.original, 80903);
    ck_told(world, 80903);
    world_end_talk(world, &talk);
    answer = world_text(world, ANN, talk.proxy_a, "x");
    ck_rejected(answer, "SESSION_CLOSED");
    ck_assert_int_eq(answer.original, 80902);
    ck_told(world, 80902);
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED);
    ck_assert_uint_eq(entry->inbound_rejected->session.len, SID_BYTES);
    ck_assert_uint_eq(entry->inbound_rejected->participant.len, SID_BYTES);
    ck_assert_int_eq(entry->inbound_rejected->original_code, 80902);
    ck_assert_str_eq(entry->inbound_rejected->proxy_identifier, talk.proxy_a); /* not who wrote */
    world_delete_talk(world, &talk);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "NO_ROUTE");
    world_close(world);
}
END_TEST

/* holds: ERR-80910 */
START_TEST(mode_is_kept)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk_mode(world, ANN, BOB, MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY);
    struct answer answer = world_text(world, ANN, talk.proxy_a, "x");
    ck_rejected(answer, "MODE_REFUSED");
    ck_assert_int_eq(answer.original, 80910);
    ck_told(world, 80910);
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    ck_assert_int_eq(world_session(world, &talk)->last_interaction_time, 0);
    world_close(world);
}
END_TEST

/* holds: ERR-80614 */
START_TEST(nobody_is_left)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_leave(world, &talk, talk.b);
    struct answer answer = world_text(world, ANN, talk.proxy_a, "x");
    ck_rejected(answer, "NO_PARTNER");
    ck_assert_int_eq(answer.original, 80614);
    ck_told(world, 80614);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "PARTICIPANT_REMOVED");
    /* It is known who that was, and which session it is. */
    const Maskline__Store__V1__InboundRejected *told =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED)->inbound_rejected;
    ck_assert_str_eq(sid_format("KP", told->participant.data).text, talk.b);
    ck_assert_uint_eq(told->last_session->n_participants, 2);
    world_close(world);
}
END_TEST

/* At the instant of expiry the session is expired; one tick before, it routes. Traffic closes it, as of that instant. */
/* holds: ERR-80904 EXP-01 EXP-09 EXP-11 */
START_TEST(expiry_to_the_tick)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 10 * SECOND);
    int64_t created = world_session(world, &talk)->create_time;
    world_move(world, 10 * SECOND - 1);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x")); /* and it counts anew from here */
    world_move(world, 10 * SECOND - 1);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "y"));
    ck_assert_int_eq(world_last(world, CREATED)->interaction_created->effective_expire_time,
                     world_now(world) + 10 * SECOND);
    world_move(world, 10 * SECOND);
    struct answer answer = world_text(world, BOB, talk.proxy_b, "z");
    ck_rejected(answer, "SESSION_EXPIRED");
    ck_assert_int_eq(answer.original, 80904);
    ck_told(world, 80904);
    /* The text itself tells of what it closed. */
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED);
    const Maskline__Store__V1__Session *last = entry->inbound_rejected->last_session;
    ck_assert_ptr_nonnull(last);
    ck_assert_int_eq(last->status, MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED);
    ck_assert_int_eq(last->end_time, created + 30 * SECOND - 2);
    ck_assert_uint_eq(last->n_participants, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(last->participants[i]->n_identifiers, 0);
        ck_assert_uint_eq(last->participants[i]->n_persons, 0);
        ck_assert_str_eq(last->participants[i]->bindings[0]->proxy_identifier,
                         i ? talk.proxy_b : talk.proxy_a);
    }
    entry = world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED);
    ck_assert_ptr_nonnull(entry);
    ck_assert_int_eq(entry->session_closed->reason,
                     MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_TTL_EXPIRED);
    ck_assert_int_eq(entry->session_closed->end_time, created + 30 * SECOND - 2);
    /* Later it is found closed. */
    world_move(world, 5 * SECOND);
    uint64_t entries = world_entries(world);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "z"), "SESSION_EXPIRED");
    ck_assert_uint_eq(world_entries(world), entries + 1);
    world_close(world);
}
END_TEST

/* holds: IDM-09 */
START_TEST(seen_before)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "same", .from = ANN, .to = talk.proxy_a, .body = "first"};
    ck_accepted(world_hand_in(world, &message));
    uint64_t entries = world_entries(world);
    struct answer again = world_hand_in(world, &message);
    ck_accepted(again);
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_entries(world), entries);
    /* Also when it would be refused by now. */
    world_end_talk(world, &talk);
    again = world_hand_in(world, &message);
    ck_accepted(again);
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    /* A refusal is kept as well. */
    message.provider_id = "refused";
    ck_rejected(world_hand_in(world, &message), "SESSION_CLOSED");
    world_reopen_talk(world, &talk);
    again = world_hand_in(world, &message);
    ck_rejected(again, "SESSION_CLOSED");
    ck_assert(again.repeated);
    ck_assert_int_eq(again.original, 80902);
    world_close(world);
}
END_TEST

/* holds: IDM-10 */
START_TEST(id_with_other_content)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "same", .from = ANN, .to = talk.proxy_a, .body = "first"};
    ck_accepted(world_hand_in(world, &message));
    message.body = "second";
    struct answer other = world_hand_in(world, &message);
    ck_accepted(other);
    ck_assert(!other.repeated);
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING);
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(entry->warning->reason, "PROVIDER_ID_REUSED");
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    /* Each of the two is known again. */
    ck_assert(world_hand_in(world, &message).repeated);
    message.body = "first";
    ck_assert(world_hand_in(world, &message).repeated);
    message.media_count = 1;
    message.media = &(struct ingress_media){"https://example.test/1", "image/png"};
    ck_assert(!world_hand_in(world, &message).repeated);
    ck_assert_uint_eq(world_interactions(world, &talk), 3);
    ck_assert_uint_eq(world_interaction(world, &talk, 2)->content->n_media, 1);
    world_close(world);
}
END_TEST

/* Two at once: the second finds the first before it is durable. */
struct both {
    _Atomic int ready;
    _Atomic int repeated;
};

static void one_of_both(void *data, const struct inbound_result *result)
{
    struct both *both = data;
    ck_assert_int_eq(result->outcome, INBOUND_ACCEPTED);
    both->repeated += result->repeated;
    both->ready++;
}

/* holds: IDM-09 */
START_TEST(seen_in_flight)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    enum { TIMES = 200 };
    struct inbound_message message = {
        .carrier = "one", .provider_id = "same", .from = ANN, .to = talk.proxy_a, .body = "x"};
    struct both both = {0};
    for (int i = 0; i < TIMES; i++)
        ingress_message(world->masking, &message, one_of_both, &both);
    while (both.ready < TIMES)
        sched_yield();
    ck_assert_int_eq(both.repeated, TIMES - 1);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* holds: IDM-09 */
START_TEST(seen_before_a_restart)
{
    char path[] = "/tmp/maskline-inbound-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, PROXY, NULL);
    world_number(world, OTHER, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "same", .from = ANN, .to = talk.proxy_a, .body = "x"};
    ck_accepted(world_hand_in(world, &message));
    world_restart(world);
    ck_assert(world_hand_in(world, &message).repeated);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* Writes a route's row anew, with a generation that its session never had. */
struct ageing {
    struct command command;
    struct key key;
    _Atomic bool done;
};

static bool age_route(struct command *command, struct txn *txn)
{
    struct ageing *ageing = (struct ageing *)command;
    struct kv_value value;
    struct error error;
    uint8_t packed[512];
    ck_assert_int_eq(txn_get(txn, KV_LIVE, key_bytes(&ageing->key), &value, &error), KV_FOUND);
    Maskline__Store__V1__Route *route = maskline__store__v1__route__unpack(
        arena_allocator(txn_arena(txn)), value.bytes.size, value.bytes.data);
    ck_assert_ptr_nonnull(route);
    route->generation += 7;
    ck_assert_uint_le(maskline__store__v1__route__get_packed_size(route), sizeof packed);
    size_t size = maskline__store__v1__route__pack(route, packed);
    return txn_put(txn, KV_LIVE, key_bytes(&ageing->key), (struct bytes){packed, size}, 0);
}

static void route_aged(struct command *command, enum command_outcome outcome,
                       const struct error *error)
{
    (void)error;
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    ((struct ageing *)command)->done = true;
}

/* A route that was decided on for other people in the session leads to nobody. */
/* holds: INB-09 OUT-01 */
START_TEST(a_route_of_another_generation_leads_nowhere)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct log_id log = world_log(world);
    struct person person = person_of(store_hash_key(world->store), ANN);
    struct ageing ageing = {
        .command = {.decide = age_route, .done = route_aged},
        .key = key_route(TENANT_DEFAULT, log_service(&log), &person, talk.proxy_a),
    };
    pipeline_submit(masking_pipeline(world->masking), &ageing.command);
    while (!ageing.done)
        sched_yield();
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "NO_ROUTE");
    ck_accepted(world_text(world, BOB, talk.proxy_b, "x"));
    /* Nor is anything sent by it. */
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "ROUTE_CHANGED");
    world_close(world);
}
END_TEST

static void number_gone(void *data, const struct number_result *result, const struct error *error)
{
    (void)result;
    ck_assert_ptr_null(error);
    *(_Atomic int *)data = 1;
}

/* A number that leaves its Service is nobody's for a while, and reaches nobody. */
START_TEST(released_number_reaches_nobody)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    _Atomic int gone = 0;
    numbers_remove(world->masking, world->service, talk.proxy_b, true, number_gone, (void *)&gone);
    while (!gone)
        sched_yield();
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NUMBER_QUARANTINED");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_a); /* BOB has it, too, now */
    /* In its quarantine it may be a person's, for all we know; after that it is nobody's. */
    ck_assert_int_ne(world_text(world, talk.proxy_b, OTHER, "x").outcome, INBOUND_ACCEPTED);
    world_move(world, 7 * DAY);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NUMBER_UNKNOWN");
    world_close(world);
}
END_TEST

SUITE_MAIN("inbound", reaches_the_partner, forms_of_a_sender, who_may_bring_it, loops_are_refused,
           locked_number_is_silent, no_session_no_way, mode_is_kept, nobody_is_left,
           expiry_to_the_tick, seen_before, id_with_other_content, seen_in_flight,
           seen_before_a_restart, a_route_of_another_generation_leads_nowhere,
           released_number_reaches_nobody)
