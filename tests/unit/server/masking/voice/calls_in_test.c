#include "server/masking/messages/inbound.h"
#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <stdio.h>
#include <string.h>

/* Calls that come in: who is rung, who is rejected, and what is written down. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define N3  "+15559990003"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"
#define DAN "+15551230004"

static struct world *two(void)
{
    return world_with_two(NULL, NULL, NULL);
}

#define ck_call_rejected(given, why, code80)               \
    do {                                                   \
        struct call_seen its_call = (given);               \
        ck_assert_int_eq(its_call.outcome, CALL_REJECTED); \
        ck_assert_str_eq(its_call.reason, why);            \
        ck_assert_int_eq(its_call.original, code80);       \
    } while (0)

/* holds: VOI-01 INB-04 INB-06 INT-01 INT-03 INT-08 */
START_TEST(a_call_rings_the_partner_alone)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    ck_assert_uint_eq(seen.plan.first.count, 0);
    ck_assert_uint_eq(seen.plan.second.count, 1);
    ck_assert_str_eq(seen.plan.second.number[0], BOB);
    ck_assert_str_eq(seen.plan.second.caller_id[0], talk.proxy_b);
    ck_assert(seen.plan.ask_key);
    ck_assert(!seen.plan.record);
    ck_assert_int_eq(seen.plan.ring_limit, 30 * SECOND);
    ck_assert_int_eq(seen.plan.longest_call, 4 * HOUR);
    ck_assert_str_eq(seen.plan.consent_notice, "");
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, IN_PROGRESS, INITIATED);
    ck_assert_str_eq(sid_format("KP", call->inbound->participant.data).text, talk.a);
    ck_assert_str_eq(sid_format("KP", call->outbound[0]->participant.data).text, talk.b);
    ck_assert_int_eq(call->expire_time, seen.plan.expire_time);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    ck_assert_uint_eq(world_run(world), 0);
    ck_assert_uint_eq(world_all_hang_ups(world), 0);
    world_close(world);
}
END_TEST

/* holds: VOI-02 INT-01 INT-04 SES-26 */
START_TEST(it_is_picked_up_and_ends)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    const char *key = seen.plan.key;
    ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 1);
    world_connect(world, key);
    ck_call(world_call_at(world, &talk, 0), IN_PROGRESS, IN_PROGRESS);
    world_move(world, 90 * SECOND + 1);
    struct progress_seen end = world_progress(world, key, CALL_FIRST, CALL_COMPLETED);
    ck_assert_int_eq(end.code, STATUS_OK);
    ck_assert(end.hang_up);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, COMPLETED, COMPLETED);
    ck_assert_uint_eq(call->call->seconds, 90);
    ck_assert_int_eq(call->call->end_time, world_now(world));
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_uint_eq(session->n_live_calls, 0);
    ck_assert_uint_eq(session->call_count, 1);
    ck_assert_uint_eq(session->call_seconds, 90);
    ck_assert_uint_eq(session->interaction_count, 1);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_close(world);
}
END_TEST

/* holds: ERR-80906 */
START_TEST(an_end_that_comes_again_changes_nothing)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    world_progress(world, seen.plan.key, CALL_SECOND, CALL_BUSY);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, BUSY);
    uint64_t entries = world_entries(world);
    ck_assert(world_progress(world, seen.plan.key, CALL_SECOND, CALL_BUSY).hang_up);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert(world_progress(world, seen.plan.key, CALL_SECOND, CALL_COMPLETED).hang_up);
    ck_assert_uint_eq(world_entries(world), entries + 1);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(WARNING)));
    const Maskline__Store__V1__Warning *warning = world_last(world, CHANGE(WARNING))->warning;
    ck_assert_str_eq(warning->reason, "CALL_ALREADY_ENDED");
    ck_assert_int_eq(warning->original_code, 80906);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, BUSY);
    world_close(world);
}
END_TEST

/* holds: ERR-80907 */
START_TEST(word_of_a_call_that_is_gone_is_told)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    world_delete_talk(world, &talk);
    struct progress_seen answer = world_progress(world, seen.plan.key, CALL_SECOND, CALL_RINGING);
    ck_assert_int_eq(answer.code, STATUS_OK);
    ck_assert(answer.hang_up);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(WARNING)));
    const Maskline__Store__V1__Warning *warning = world_last(world, CHANGE(WARNING))->warning;
    ck_assert_str_eq(warning->reason, "CALL_NOT_OPEN");
    ck_assert_int_eq(warning->original_code, 80907);
    uint64_t entries = world_entries(world);
    ck_assert(world_progress(world, seen.plan.key, CALL_SECOND, CALL_GONE).hang_up);
    ck_assert_uint_eq(world_entries(world), entries);
    world_close(world);
}
END_TEST

START_TEST(keys_are_of_one_carrier)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    struct call_progress other = {
        .carrier = "two", .key = seen.plan.key, .side = CALL_SECOND, .status = CALL_CONNECTED};
    struct progress_seen answer = world_report(world, &other);
    ck_assert_int_eq(answer.code, STATUS_PERMISSION_DENIED);
    ck_assert(answer.hang_up);
    ck_call(world_call_at(world, &talk, 0), IN_PROGRESS, INITIATED);
    other.carrier = "one";
    other.key = "no key";
    answer = world_report(world, &other);
    ck_assert_int_eq(answer.code, STATUS_NOT_FOUND);
    ck_assert(answer.hang_up);
    /* A message's key is no call's, nor the other way round. */
    world_say(world, &talk, "one", "hello");
    world_run(world);
    answer = world_progress(world, world_sent(world, 0, 0)->key, CALL_SECOND, CALL_RINGING);
    ck_assert_int_eq(answer.code, STATUS_NOT_FOUND);
    uint64_t entries = world_entries(world);
    ck_assert_int_eq(world_receipt(world, "one", seen.plan.key, RECEIPT_DELIVERED),
                     STATUS_NOT_FOUND);
    ck_assert_uint_eq(world_entries(world), entries);
    struct call_progress wrong = {.carrier = "one",
                                  .key = seen.plan.key,
                                  .side = CALL_SECOND,
                                  .status = CALL_RINGING,
                                  .target = 1};
    ck_assert_int_eq(world_report(world, &wrong).code, STATUS_INVALID_ARGUMENT);
    world_close(world);
}
END_TEST

/* holds: INB-08 PAR-14 */
START_TEST(ringing_back_reaches_the_other)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    const struct participant_draft people[] = {person_on(world, ANN, N1),
                                               person_on(world, BOB, N1)};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
    ck_done(session);
    struct call_seen there = world_call(world, ANN, N1), back = world_call(world, BOB, N1);
    ck_assert_int_eq(there.outcome, CALL_ACCEPTED);
    ck_assert_int_eq(back.outcome, CALL_ACCEPTED);
    ck_assert_str_eq(there.plan.second.number[0], BOB);
    ck_assert_str_eq(there.plan.second.caller_id[0], N1);
    ck_assert_str_eq(back.plan.second.number[0], ANN);
    ck_assert_str_eq(back.plan.second.caller_id[0], N1);
    world_close(world);
}
END_TEST

/* holds: ERR-80902 OOS-01 INB-11 ERR-80911 */
START_TEST(who_reaches_nobody_is_rejected)
{
    static const struct notice_setting said[] = {
        {MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_OUT_OF_SESSION, "", "Nobody."},
        {MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_MODE_REFUSED, "", "No calls."},
    };
    const struct notice_list notices = {said, 2};
    struct service_settings settings = service_settings_unset();
    settings.notices = &notices;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk over = world_talk(world, ANN, BOB, 0);
    world_end_talk(world, &over);
    struct call_seen seen = world_call(world, ANN, over.proxy_a);
    ck_call_rejected(seen, "SESSION_CLOSED", 80902);
    ck_assert_str_eq(seen.notice, "Nobody.");
    const Maskline__Store__V1__InboundRejected *told =
        world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected;
    ck_assert_int_eq(told->type, MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE);
    ck_assert_int_eq(told->original_code, 80902);
    ck_assert_ptr_null(told->notice);
    ck_call_rejected(world_call(world, CAT, N1), "NO_ROUTE", 80903);
    ck_call_rejected(world_call(world, "anonymous", N1), "NO_ROUTE", 80903);
    ck_call_rejected(world_call(world, ANN, "+15558880001"), "NUMBER_UNKNOWN", 0);
    struct talk quiet = world_talk_mode(world, CAT, BOB, MODE(MESSAGE_ONLY));
    seen = world_call(world, CAT, quiet.proxy_a);
    ck_call_rejected(seen, "MODE_REFUSED", 80911);
    ck_assert_str_eq(seen.notice, "No calls.");
    ck_assert_int_eq(world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->original_code,
                     80911);
    ck_assert_uint_eq(world_interactions(world, &quiet), 0);
    /* Nobody was sent anything. */
    world_run(world);
    ck_assert_ptr_null(world_sent(world, 0, 0));
    world_close(world);
}
END_TEST

START_TEST(a_repeat_gets_the_first_answer)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_call call = {"one", "id", ANN, talk.proxy_a};
    struct call_seen first = world_call_in(world, &call), second = world_call_in(world, &call);
    ck_assert_int_eq(first.outcome, CALL_ACCEPTED);
    ck_assert(!first.repeated);
    ck_assert_int_eq(second.outcome, CALL_ACCEPTED);
    ck_assert(second.repeated);
    ck_assert_mem_eq(&first.plan, &second.plan, sizeof first.plan);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    /* A text has ids of its own. */
    struct inbound_message text = {
        .carrier = "one", .provider_id = "id", .from = ANN, .to = talk.proxy_a, .body = ""};
    struct answer answer = world_hand_in(world, &text);
    ck_accepted(answer);
    ck_assert(!answer.repeated);
    ck_assert_ptr_null(world_last(world, CHANGE(WARNING)));
    /* Between other numbers it is another call. */
    struct talk other = world_talk(world, CAT, BOB, 0);
    struct inbound_call reused = {"one", "id", CAT, other.proxy_a};
    struct call_seen third = world_call_in(world, &reused);
    ck_assert_int_eq(third.outcome, CALL_ACCEPTED);
    ck_assert(!third.repeated);
    ck_assert_str_eq(world_last(world, CHANGE(WARNING))->warning->reason, "PROVIDER_ID_REUSED");
    /* Of one that has ended nobody is rung again. */
    world_progress(world, first.plan.key, CALL_SECOND, CALL_NO_ANSWER);
    second = world_call_in(world, &call);
    ck_call_rejected(second, "CALL_ENDED", 0);
    ck_assert(second.repeated);
    /* Nor of one whose time to ring is over. */
    world_move(world, third.plan.expire_time - world_now(world));
    ck_call_rejected(world_call_in(world, &reused), "CALL_ENDED", 0);
    struct inbound_call refused = {"one", "of nobody", CAT, N1};
    if (!strcmp(other.proxy_a, N1))
        refused.to = N2;
    ck_call_rejected(world_call_in(world, &refused), "NO_ROUTE", 80903);
    uint64_t entries = world_entries(world);
    second = world_call_in(world, &refused);
    ck_call_rejected(second, "NO_ROUTE", 80903);
    ck_assert(second.repeated);
    ck_assert_uint_eq(world_entries(world), entries);
    world_close(world);
}
END_TEST

/* ---- whom it rings ---- */

static struct talk talk_of(struct world *world, struct participant_draft a,
                           struct participant_draft b)
{
    const struct participant_draft people[] = {a, b};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
    ck_done(session);
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    snprintf(talk.a, sizeof talk.a, "%s", participant_sid(world, session, 0));
    snprintf(talk.b, sizeof talk.b, "%s", participant_sid(world, session, 1));
    snprintf(talk.proxy_a, sizeof talk.proxy_a, "%s", proxy_of(session, 0));
    snprintf(talk.proxy_b, sizeof talk.proxy_b, "%s", proxy_of(session, 1));
    snprintf(talk.person_a, sizeof talk.person_a, "%s", a.identifiers[0]);
    return talk;
}

/* holds: VOI-14 */
START_TEST(all_phones_of_a_person_are_rung_in_their_order)
{
    struct world *world = two();
    struct talk talk =
        talk_of(world, person(world, ANN), person_of_many(world, BOB " " CAT " " DAN));
    struct plan_seen plan = world_ring(world, &talk).plan;
    ck_assert_uint_eq(plan.second.count, 3);
    ck_assert_str_eq(plan.second.number[0], BOB);
    ck_assert_str_eq(plan.second.number[1], CAT);
    ck_assert_str_eq(plan.second.number[2], DAN);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(plan.second.caller_id[i], talk.proxy_b);
    /* From whichever phone it calls. */
    ck_assert_int_eq(world_call(world, DAN, talk.proxy_b).outcome, CALL_ACCEPTED);
    struct call_progress step = {
        .carrier = "one", .key = plan.key, .side = CALL_SECOND, .seconds = -1};
    for (step.target = 0; step.target < 3; step.target++) {
        step.status = CALL_RINGING;
        ck_assert(!world_report(world, &step).hang_up);
    }
    ck_assert_uint_eq(world_call_at(world, &talk, 0)->outbound[0]->attempts, 3);
    world_close(world);
}
END_TEST

/* holds: IDM-09 VOI-14 */
START_TEST(a_repeat_by_a_carrier_that_does_not_ask_rings_the_first_phone_again)
{
    struct world *world = two();
    struct talk talk = talk_of(world, person(world, ANN), person_of_many(world, BOB " " CAT));
    const struct inbound_call call = {"one", "id", ANN, talk.proxy_a};
    world->carriers[0].abilities &= ~(unsigned)CALL_CAN_ASK;
    for (int i = 0; i < 2; i++) {
        struct call_seen seen = world_call_in(world, &call);
        ck_assert_int_eq(seen.outcome, CALL_ACCEPTED);
        ck_assert(seen.repeated == (i > 0));
        ck_assert_uint_eq(seen.plan.second.count, 1);
        ck_assert_str_eq(seen.plan.second.number[0], BOB);
    }
    world_close(world);
}
END_TEST

/* holds: GRD-06 */
START_TEST(no_number_of_a_pool_is_rung)
{
    struct world *world = two();
    struct talk talk = talk_of(world, person(world, ANN), person_of_many(world, BOB " " CAT));
    world_number(world, BOB, NULL);
    struct plan_seen plan = world_ring(world, &talk).plan;
    ck_assert_uint_eq(plan.second.count, 1);
    ck_assert_str_eq(plan.second.number[0], CAT);
    world_number(world, CAT, NULL);
    ck_call_rejected(world_call(world, ANN, talk.proxy_a), "LOOP", 0);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 1);
    ck_call(call, COMPLETED, CANCELED);
    ck_assert_str_eq(call->outbound[0]->reason, "LOOP");
    ck_call_rejected(world_call(world, BOB, talk.proxy_b), "LOOP", 0);
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    world_close(world);
}
END_TEST

/* Writes rows as no version writes them: what is checked twice, to be checked at all. */
struct damage {
    struct command command;
    struct waiter waiter;
    struct key key;
    const ProtobufCMessageDescriptor *kind;
    void (*change)(void *record);
};

static bool damage_decide(struct command *command, struct txn *txn)
{
    const struct damage *damage = (struct damage *)command;
    struct kv_value row;
    struct error error;
    uint8_t packed[512];
    ck_assert_int_eq(txn_get(txn, KV_LIVE, key_bytes(&damage->key), &row, &error), KV_FOUND);
    ProtobufCMessage *record = protobuf_c_message_unpack(
        damage->kind, arena_allocator(txn_arena(txn)), row.bytes.size, row.bytes.data);
    ck_assert_ptr_nonnull(record);
    damage->change(record);
    ck_assert_uint_le(protobuf_c_message_get_packed_size(record), sizeof packed);
    size_t size = protobuf_c_message_pack(record, packed);
    return txn_put(txn, KV_LIVE, key_bytes(&damage->key), (struct bytes){packed, size}, 0);
}

static void damaged(struct command *command, enum command_outcome outcome,
                    const struct error *error)
{
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    waiter_finish(&((struct damage *)command)->waiter, error);
}

static void damage(struct world *world, const struct key *key,
                   const ProtobufCMessageDescriptor *kind, void (*change)(void *record))
{
    struct damage damage = {
        .command = {.decide = damage_decide, .done = damaged}, .key = *key, .kind = kind};
    damage.change = change;
    waiter_init(&damage.waiter);
    pipeline_submit(masking_pipeline(world->masking), &damage.command);
    waiter_wait(&damage.waiter);
}

static void make_mute(void *record)
{
    Maskline__Store__V1__PhoneNumber *number = record;
    number->voice = false;
}

static void lead_elsewhere(void *record)
{
    Maskline__Store__V1__Route *route = record;
    route->session.data[0] ^= 1;
}

/* holds: VOI-01 */
START_TEST(a_number_that_stands_for_somebody_else_carries_no_call)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct person bob = person_of(store_hash_key(world->store), BOB);
    struct log_id log = world_log(world);
    struct key key = key_route(TENANT_DEFAULT, log_service(&log), &bob, talk.proxy_b);
    damage(world, &key, &maskline__store__v1__route__descriptor, lead_elsewhere);
    ck_call_rejected(world_call(world, ANN, talk.proxy_a), "ROUTE_CHANGED", 0);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, CANCELED);
    char reason[48];
    ck_assert_int_eq(world_place(world, &talk, talk.a, reason), STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(reason, "ROUTE_CHANGED");
    world_close(world);
}
END_TEST

START_TEST(the_partners_number_has_to_be_able_to_call)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    world_number(world, N3, "two");
    struct talk talk = talk_of(world, person_on(world, ANN, N1), person_on(world, BOB, N2));
    struct log_id log = world_log(world);
    struct key key = key_number(TENANT_DEFAULT, log_service(&log), N2);
    damage(world, &key, &maskline__store__v1__phone_number__descriptor, make_mute);
    ck_call_rejected(world_call(world, ANN, N1), "VOICE_NOT_POSSIBLE", 80201);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, COMPLETED, FAILED);
    ck_assert_int_eq(call->outbound[0]->original_code, 80201);
    ck_assert_int_eq(call->call->end_time, call->create_time);
    struct inbound_call again = {"one", "again", ANN, N1};
    ck_call_rejected(world_call_in(world, &again), "VOICE_NOT_POSSIBLE", 80201);
    struct call_seen repeat = world_call_in(world, &again);
    ck_call_rejected(repeat, "VOICE_NOT_POSSIBLE", 80201);
    ck_assert(repeat.repeated);
    ck_assert_int_eq(world_call(world, BOB, N2).outcome, CALL_ACCEPTED);
    struct talk other = talk_of(world, person_on(world, CAT, N1), person_on(world, DAN, N3));
    ck_call_rejected(world_call(world, CAT, N1), "CARRIER_MISMATCH", 0);
    ck_call(world_call_at(world, &other, 0), COMPLETED, FAILED);
    struct inbound_call wrong = {"one", "by another carrier", DAN, N3};
    ck_call_rejected(world_call_in(world, &wrong), "WRONG_CARRIER", 0);
    world_number_state(world, N1, NUMBER_STATE(LOCKED));
    ck_call_rejected(world_call(world, CAT, N1), "NUMBER_LOCKED", 0);
    ck_call_rejected(world_call(world, BOB, N2), "NUMBER_LOCKED", 0);
    ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 1);
    world_close(world);
}
END_TEST

START_TEST(a_session_has_a_few_calls_at_a_time)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct plan_seen plan = world_ring(world, &talk).plan;
    for (int i = 1; i < 8; i++)
        world_ring(world, &talk);
    ck_call_rejected(world_call(world, ANN, talk.proxy_a), "TOO_MANY_CALLS", 0);
    char reason[48];
    ck_assert_int_eq(world_place(world, &talk, talk.a, reason), STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(reason, "TOO_MANY_CALLS");
    world_progress(world, plan.key, CALL_FIRST, CALL_CANCELED);
    world_ring(world, &talk);
    ck_assert_uint_eq(world_session(world, &talk)->call_count, 9);
    ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 8);
    world_close(world);
}
END_TEST

START_TEST(a_repeat_rings_nobody_who_has_come_since)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_call call = {"one", "id", ANN, talk.proxy_a};
    ck_assert_int_eq(world_call_in(world, &call).outcome, CALL_ACCEPTED);
    struct participant_change change = {
        .participant = talk.b, .set_identifiers = true, .draft = person(world, CAT)};
    ck_done(call_change(world, &talk, change));
    ck_call_rejected(world_call_in(world, &call), "CALL_ENDED", 0);
    world_run(world);
    ck_assert_str_eq(world_call_at(world, &talk, 0)->call->hang_up_reason, "ROUTE_CHANGED");
    world_close(world);
}
END_TEST

/* holds: GRD-10 */
START_TEST(calls_count_for_caps)
{
    struct service_settings settings = service_settings_unset();
    settings.session_cap = 2;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_ring(world, &talk);
    ck_assert_int_eq(world_place(world, &talk, talk.b, NULL), STATUS_OK);
    ck_call_rejected(world_call(world, ANN, talk.proxy_a), "SESSION_CAP", 0);
    char reason[48];
    ck_assert_int_eq(world_place(world, &talk, talk.b, reason), STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(reason, "SESSION_CAP");
    world_close(world);
    settings = service_settings_unset();
    settings.person_cap = 1;
    settings.person_cap_period = HOUR;
    world = world_with_two(NULL, NULL, &settings);
    talk = world_talk(world, ANN, BOB, 0);
    world_ring(world, &talk);
    ck_call_rejected(world_call(world, ANN, talk.proxy_a), "PERSON_CAP", 0);
    ck_assert_int_eq(world_place(world, &talk, talk.a, reason), STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(world_place(world, &talk, talk.b, reason), STATUS_OK);
    ck_assert_int_eq(world_place(world, &talk, talk.b, reason), STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(reason, "PERSON_CAP");
    world_close(world);
}
END_TEST

START_TEST(a_call_renews_the_session)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    world_move(world, 10 * MINUTE);
    world_ring(world, &talk);
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->effective_expire_time, world_now(world) + HOUR);
    ck_assert_int_eq(session->last_interaction_time, world_now(world));
    ck_assert_int_eq(session->start_time, world_now(world));
    ck_assert(world_last(world, CHANGE(INTERACTION_CREATED))->interaction_created->first);
    world_close(world);
}
END_TEST

SUITE_MAIN("calls in", a_number_that_stands_for_somebody_else_carries_no_call,
           all_phones_of_a_person_are_rung_in_their_order,
           a_repeat_by_a_carrier_that_does_not_ask_rings_the_first_phone_again,
           no_number_of_a_pool_is_rung, the_partners_number_has_to_be_able_to_call,
           a_session_has_a_few_calls_at_a_time, a_repeat_rings_nobody_who_has_come_since,
           calls_count_for_caps, a_call_renews_the_session, a_call_rings_the_partner_alone,
           it_is_picked_up_and_ends, an_end_that_comes_again_changes_nothing,
           word_of_a_call_that_is_gone_is_told, keys_are_of_one_carrier,
           ringing_back_reaches_the_other, who_reaches_nobody_is_rejected,
           a_repeat_gets_the_first_answer)
