#include "server/api/behavior.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct error error;

START_TEST(test_nothing_given_gets_everything)
{
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    error_clear(&error);
    struct simulator_behavior absent = behavior_read(&error, NULL);
    struct simulator_behavior empty = behavior_read(&error, &given);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_int_eq(absent.send, SIMULATED_TAKEN);
    ck_assert_int_eq(absent.receipt, SIMULATED_DELIVERED);
    ck_assert_int_eq(empty.send, SIMULATED_TAKEN);
    ck_assert_int_eq(empty.receipt, SIMULATED_DELIVERED);
    ck_assert_int_eq(empty.receipt_delay, 0);
    ck_assert_int_eq(absent.call, SIMULATED_RINGS);
    ck_assert_int_eq(empty.call, SIMULATED_RINGS);
    ck_assert(!empty.hangs_up && !empty.has_voicemail);
}
END_TEST

START_TEST(test_there_and_back)
{
    struct arena *arena = arena_new(65536);
    ck_assert_ptr_nonnull(arena);
    Maskline__V1__HandsetBehavior *given =
        filled(arena, &maskline__v1__handset_behavior__descriptor);
    for (int send = 1; send <= 4; send++)
        for (int receipt = 1; receipt <= 4; receipt++) {
            given->send = (Maskline__V1__SimulatedSend)send;
            given->receipt = (Maskline__V1__SimulatedReceipt)receipt;
            given->receipt_delay->seconds = 5;
            given->receipt_delay->nanos = 0;
            given->call = (Maskline__V1__SimulatedCall)receipt;
            given->keys = (char *)"12*#";
            *given->pick_up_delay = *given->hang_up_delay = *given->voicemail_delay =
                *given->receipt_delay;
            given->voicemail_delay->seconds = send;
            error_clear(&error);
            struct simulator_handset handset = {.phone_number = "+15550001111", .create_time = 1};
            handset.behavior = behavior_read(&error, given);
            ck_assert_int_eq(error.code, STATUS_OK);
            Maskline__V1__Handset *message = handset_message(arena, &handset);
            ck_assert_ptr_null(empty_field(&message->base, (const char *const[]){NULL}));
            ck_assert_int_eq(message->behavior->send, send);
            ck_assert_int_eq(message->behavior->receipt, receipt);
            ck_assert_uint_eq(message->behavior->send_count, given->send_count);
            ck_assert_uint_eq(message->behavior->receipt_copies, given->receipt_copies);
            ck_assert_int_eq(message->behavior->receipt_delay->seconds, 5);
            ck_assert_str_eq(message->behavior->carrier_code, given->carrier_code);
            ck_assert_int_eq(message->behavior->call, receipt);
            ck_assert_str_eq(message->behavior->keys, "12*#");
            ck_assert_int_eq(message->behavior->voicemail_delay->seconds, send);
            ck_assert_int_eq(message->behavior->pick_up_delay->seconds, 5);
            ck_assert_int_eq(message->behavior->hang_up_delay->seconds, 5);
            ck_assert_str_eq(message->behavior->voicemail_greeting, given->voicemail_greeting);
        }
    arena_free(arena);
}
END_TEST

START_TEST(test_bad_ones_are_told)
{
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    char code[66];
    memset(code, 'x', sizeof code - 1);
    code[65] = '\0';
    delay.seconds = -1;
    given.send = (Maskline__V1__SimulatedSend)5;
    given.receipt = (Maskline__V1__SimulatedReceipt)-1;
    given.receipt_delay = &delay;
    given.carrier_code = code;
    error_clear(&error);
    behavior_read(&error, &given);
    ck_assert_uint_eq(error.field_count, 4);
    ck_assert_str_eq(error.fields[0].name, "behavior.send");
    ck_assert_str_eq(error.fields[1].name, "behavior.receipt");
    ck_assert_str_eq(error.fields[2].name, "behavior.receipt_delay");
    ck_assert_str_eq(error.fields[3].name, "behavior.carrier_code");
}
END_TEST

START_TEST(test_longest_code_fits)
{
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    char code[4 * 64 + 1] = "";
    for (unsigned i = 0; i < 64; i++)
        memcpy(code + strlen(code), "\xf0\x9f\x98\x80", 5);
    given.carrier_code = code;
    error_clear(&error);
    struct simulator_behavior behavior = behavior_read(&error, &given);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_str_eq(behavior.carrier_code, code);
}
END_TEST

/* That there is none is another thing than that it picks up at once. */
START_TEST(test_no_delay_and_none)
{
    struct arena *arena = arena_new(65536);
    ck_assert_ptr_nonnull(arena);
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    Google__Protobuf__Duration none = GOOGLE__PROTOBUF__DURATION__INIT;
    struct simulator_handset handset = {.phone_number = "+15550001111", .create_time = 1};
    error_clear(&error);
    handset.behavior = behavior_read(&error, &given);
    Maskline__V1__Handset *message = handset_message(arena, &handset);
    ck_assert_ptr_null(message->behavior->voicemail_delay);
    ck_assert_ptr_null(message->behavior->hang_up_delay);
    given.voicemail_delay = given.hang_up_delay = &none;
    handset.behavior = behavior_read(&error, &given);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert(handset.behavior.has_voicemail && handset.behavior.hangs_up);
    message = handset_message(arena, &handset);
    ck_assert_ptr_nonnull(message->behavior->voicemail_delay);
    ck_assert_ptr_nonnull(message->behavior->hang_up_delay);
    ck_assert_int_eq(message->behavior->voicemail_delay->seconds, 0);
    arena_free(arena);
}
END_TEST

START_TEST(test_bad_ones_of_calls_are_told)
{
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    char greeting[502];
    memset(greeting, 'x', sizeof greeting - 1);
    greeting[501] = '\0';
    delay.seconds = -1;
    given.call = (Maskline__V1__SimulatedCall)5;
    given.keys = (char *)"12345678901234567";
    given.pick_up_delay = given.hang_up_delay = given.voicemail_delay = &delay;
    given.voicemail_greeting = greeting;
    error_clear(&error);
    behavior_read(&error, &given);
    static const char *const fields[] = {
        "behavior.call",          "behavior.pick_up_delay",   "behavior.keys",
        "behavior.hang_up_delay", "behavior.voicemail_delay", "behavior.voicemail_greeting"};
    ck_assert_uint_eq(error.field_count, 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_str_eq(error.fields[i].name, fields[i]);
}
END_TEST

START_TEST(test_longest_greeting_fits)
{
    Maskline__V1__HandsetBehavior given = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    char greeting[4 * 500 + 1] = "";
    for (unsigned i = 0; i < 500; i++)
        memcpy(greeting + strlen(greeting), "\xf0\x9f\x98\x80", 5);
    given.voicemail_greeting = greeting;
    given.keys = (char *)"1234567890123456";
    error_clear(&error);
    struct simulator_behavior behavior = behavior_read(&error, &given);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_str_eq(behavior.voicemail_greeting, greeting);
    ck_assert_str_eq(behavior.keys, "1234567890123456");
}
END_TEST

SUITE_MAIN("behavior", test_no_delay_and_none, test_bad_ones_of_calls_are_told,
           test_longest_greeting_fits, test_nothing_given_gets_everything, test_there_and_back,
           test_bad_ones_are_told, test_longest_code_fits)
