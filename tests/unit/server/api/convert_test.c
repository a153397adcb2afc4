#include "server/api/convert.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <string.h>

static const char *const none[] = {NULL};

static struct arena *arena;

static void begin(void)
{
    arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
}

static void end(void)
{
    ck_assert(!arena_full(arena));
    arena_free(arena);
}

static void expect_whole(const void *message, const char *const *except)
{
    const char *empty = empty_field(message, except);
    ck_assert_msg(!empty, "nothing is in %s", empty ? empty : "");
}

START_TEST(test_service)
{
    begin();
    Maskline__V1__Service *service =
        service_message(arena, filled(arena, &maskline__store__v1__service__descriptor));
    expect_whole(service, none);
    ck_assert_str_eq(service->sid, "KSabababababababababababababababab");
    ck_assert_str_eq(service->unique_name, "<unique_name>");
    ck_assert_int_eq(service->session_policy->idle_cap->seconds, 1700000000);
    ck_assert_int_eq(service->session_policy->idle_cap->nanos, 123456000);
    end();
}
END_TEST

START_TEST(test_number)
{
    begin();
    Maskline__Store__V1__PhoneNumber *stored =
        filled(arena, &maskline__store__v1__phone_number__descriptor);
    Maskline__V1__PhoneNumber *number = number_message(arena, stored, 3);
    expect_whole(number, none);
    ck_assert_str_eq(number->sid, "PNabababababababababababababababab");
    ck_assert_str_eq(number->service_sid, "KSabababababababababababababababab");
    ck_assert_uint_eq(number->in_use, 3);
    ck_assert_uint_eq(number_message(arena, stored, -1)->in_use, 0);
    ck_assert_uint_eq(number_message(arena, stored, INT64_MAX)->in_use, UINT32_MAX);
    end();
}
END_TEST

/* holds: PAR-07 */
START_TEST(test_session)
{
    begin();
    Maskline__Store__V1__Service *service =
        filled(arena, &maskline__store__v1__service__descriptor);
    Maskline__Store__V1__Session *stored = filled(arena, &maskline__store__v1__session__descriptor);
    stored->participants[1]->delete_time = 0;
    stored->interaction_count = 7;
    stored->call_count = 3;
    for (size_t i = 0; i < 2; i++)
        stored->participants[i]->bindings[0]->ended = false;
    Maskline__V1__Session *session = session_message(arena, service, stored);
    static const char *const in[] = {"delete_time", NULL};
    expect_whole(session, in);
    ck_assert_str_eq(session->sid, "KCabababababababababababababababab");
    ck_assert_uint_eq(session->n_participants, 1);
    ck_assert_uint_eq(session->totals->messages, 4);
    ck_assert_uint_eq(session->totals->calls, 3);
    Maskline__V1__Participant *participant = session->participants[0];
    ck_assert_str_eq(participant->sid, "KPabababababababababababababababab");
    ck_assert_str_eq(participant->session_sid, session->sid);
    ck_assert_str_eq(participant->identifier, REAL_NUMBER);
    ck_assert_str_eq(participant->proxy_identifier, "<proxy_identifier>");
    ck_assert_str_eq(participant->proxy_identifier_sid, "PNabababababababababababababababab");
    ck_assert_uint_eq(participant->n_bindings, 1); /* the other one's time is over */
    expect_whole(participant_message(arena, service, stored, stored->participants[0]), none);
    end();
}
END_TEST

/* holds: API-15 */
START_TEST(test_ttl_as_asked_for_and_as_it_counts)
{
    begin();
    Maskline__Store__V1__Service *service =
        filled(arena, &maskline__store__v1__service__descriptor);
    Maskline__Store__V1__Session *stored = filled(arena, &maskline__store__v1__session__descriptor);
    stored->ttl = 5000000;
    stored->ttl_given = false;
    stored->expire_date = 0;
    Maskline__V1__Session *session = session_message(arena, service, stored);
    ck_assert_ptr_null(session->ttl);
    ck_assert_int_eq(session->effective_ttl->seconds, 5);
    ck_assert_ptr_null(session->expire_time);
    stored->ttl_given = true;
    stored->ttl = 0;
    session = session_message(arena, service, stored);
    ck_assert_int_eq(session->ttl->seconds, 0);
    ck_assert_int_eq(session->effective_ttl->seconds, 0);
    end();
}
END_TEST

/* holds: INT-02 */
START_TEST(test_interaction)
{
    begin();
    uint8_t service[16];
    memset(service, 0xcd, sizeof service);
    Maskline__Store__V1__Interaction *stored =
        filled(arena, &maskline__store__v1__interaction__descriptor);
    static const char *const of_a_message[] = {"content", NULL};
    static const char *const of_a_call[] = {"call", NULL};
    Maskline__V1__Interaction *interaction =
        interaction_message(arena, (ProtobufCBinaryData){16, service}, stored);
    expect_whole(interaction, of_a_message);
    ck_assert_ptr_null(interaction->content);
    stored->call = NULL;
    interaction = interaction_message(arena, (ProtobufCBinaryData){16, service}, stored);
    expect_whole(interaction, of_a_call);
    ck_assert_ptr_null(interaction->call);
    ck_assert_str_eq(interaction->sid, "KIabababababababababababababababab");
    ck_assert_str_eq(interaction->service_sid, "KScdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
    ck_assert_str_eq(interaction->content->body, "<body>");
    ck_assert_str_eq(interaction->content->media[1]->url, "<url>");
    ck_assert_str_eq(interaction->outbound[0]->error->carrier_code, "<carrier_code>");
    ck_assert_str_eq(interaction->inbound->provider_id, PROVIDER_ID);
    ck_assert_str_eq(interaction->outbound[1]->provider_id, PROVIDER_ID);
    end();
}
END_TEST

START_TEST(test_interaction_ends_with_its_last_leg)
{
    begin();
    Maskline__Store__V1__Interaction *stored =
        filled(arena, &maskline__store__v1__interaction__descriptor);
    ck_assert_int_eq(stored->interception->state,
                     MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED);
    ck_assert_int_eq(interaction_message(arena, stored->sid, stored)->status,
                     MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_BLOCKED);
    stored->interception = NULL;
    ck_assert_ptr_null(interaction_message(arena, stored->sid, stored)->block);
    stored->call = NULL;
    stored->outbound[0]->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERED;
    stored->outbound[1]->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENT;
    ck_assert_int_eq(interaction_message(arena, stored->sid, stored)->status,
                     MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_IN_PROGRESS);
    stored->outbound[1]->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN;
    ck_assert_int_eq(interaction_message(arena, stored->sid, stored)->status,
                     MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_ENDED);
    end();
}
END_TEST

START_TEST(test_call_ends_as_a_whole)
{
    begin();
    Maskline__Store__V1__Interaction *stored =
        filled(arena, &maskline__store__v1__interaction__descriptor);
    stored->interception = NULL;
    Maskline__V1__Interaction *shown = interaction_message(arena, stored->sid, stored);
    ck_assert_int_eq(shown->status, MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_ENDED);
    ck_assert_int_eq(shown->call->duration->seconds,
                     INT64_C(315576000000)); /* of more than can be */
    stored->call->seconds = 0;
    shown = interaction_message(arena, stored->sid, stored);
    ck_assert_int_eq(shown->call->duration->seconds, 0);
    ck_assert_str_eq(shown->call->hang_up_reason, "<hang_up_reason>");
    stored->call->end_time = 0;
    shown = interaction_message(arena, stored->sid, stored);
    ck_assert_int_eq(shown->status,
                     MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_IN_PROGRESS);
    ck_assert_ptr_null(shown->call->duration);
    ck_assert_ptr_null(shown->call->end_time);
    ck_assert_int_eq(shown->call->connect_time->seconds, 1700000000);
    end();
}
END_TEST

START_TEST(test_leg_without_a_fault_shows_none)
{
    begin();
    static char nothing[] = "";
    Maskline__Store__V1__Leg *stored = filled(arena, &maskline__store__v1__leg__descriptor);
    stored->reason = nothing;
    ck_assert_ptr_null(leg_message(arena, stored)->error);
    end();
}
END_TEST

/* Enums of records and of the API are cast into each other. */
static void expect_same_values(const ProtobufCEnumDescriptor *stored,
                               const ProtobufCEnumDescriptor *shown, size_t stored_prefix,
                               size_t shown_prefix)
{
    for (unsigned i = 0; i < stored->n_values; i++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(shown, stored->values[i].value);
        ck_assert_msg(value, "%s: no %s", shown->name, stored->values[i].name);
        ck_assert_str_eq(value->name + shown_prefix, stored->values[i].name + stored_prefix);
    }
}

START_TEST(test_enums_have_the_same_numbers)
{
    expect_same_values(&maskline__store__v1__service_state__descriptor,
                       &maskline__v1__service_state__descriptor, 0, 0);
    expect_same_values(&maskline__store__v1__session_status__descriptor,
                       &maskline__v1__session_status__descriptor, 0, 0);
    expect_same_values(&maskline__store__v1__leg_status__descriptor,
                       &maskline__v1__leg_status__descriptor, 0, 0);
    expect_same_values(&maskline__store__v1__interaction_type__descriptor,
                       &maskline__v1__interaction_type__descriptor, 0, 0);
    expect_same_values(&maskline__store__v1__mode__descriptor,
                       &maskline__v1__session_mode__descriptor, strlen("MODE"),
                       strlen("SESSION_MODE"));
    expect_same_values(&maskline__store__v1__closed_reason__descriptor,
                       &maskline__v1__session_closed_reason__descriptor, strlen("CLOSED"),
                       strlen("SESSION_CLOSED"));
    expect_same_values(&maskline__store__v1__number_state__descriptor,
                       &maskline__v1__phone_number_state__descriptor, strlen("NUMBER"),
                       strlen("PHONE_NUMBER"));
    expect_same_values(&maskline__store__v1__number_selection__descriptor,
                       &maskline__v1__number_selection_behavior__descriptor,
                       strlen("NUMBER_SELECTION"), strlen("NUMBER_SELECTION_BEHAVIOR"));
}
END_TEST

START_TEST(test_full_arena_is_told_and_nothing_breaks)
{
    begin();
    Maskline__Store__V1__Service *service =
        filled(arena, &maskline__store__v1__service__descriptor);
    Maskline__Store__V1__Session *session =
        filled(arena, &maskline__store__v1__session__descriptor);
    Maskline__Store__V1__Interaction *interaction =
        filled(arena, &maskline__store__v1__interaction__descriptor);
    session->participants[0]->delete_time = 0;
    bool fitted = false;
    for (size_t room = 16; !fitted; room += 16) {
        struct arena *small = arena_new(room);
        ck_assert_ptr_nonnull(small);
        service_message(small, service);
        Maskline__V1__Session *message = session_message(small, service, session);
        interaction_message(small, service->sid, interaction);
        fitted = !arena_full(small);
        if (message)
            protobuf_c_message_get_packed_size(&message->base);
        arena_free(small);
        ck_assert_uint_lt(room, 100000);
    }
    end();
}
END_TEST

SUITE_MAIN("convert", test_service, test_number, test_session,
           test_ttl_as_asked_for_and_as_it_counts, test_interaction,
           test_interaction_ends_with_its_last_leg, test_call_ends_as_a_whole,
           test_leg_without_a_fault_shows_none, test_enums_have_the_same_numbers,
           test_full_arena_is_told_and_nothing_breaks)
