#include "client/reflect.h"
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "tests/unit/suite.h"

#include <signal.h>
#include <string.h>

START_TEST(test_fields_are_set_by_name)
{
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message =
        reflect_new(arena, &maskline__v1__update_service_request__descriptor);
    ck_assert_ptr_nonnull(message);
    char name[] = "rides";
    ck_assert(reflect_set(arena, message, "service", name, 0));
    ck_assert(reflect_set(arena, message, "session_policy.idle_cap", NULL, 90000000));
    ck_assert(reflect_set(arena, message, "session_policy.default_mode", NULL, 2));
    const Maskline__V1__UpdateServiceRequest *request =
        (const Maskline__V1__UpdateServiceRequest *)(const void *)message;
    ck_assert_str_eq(request->service, "rides");
    ck_assert_int_eq(request->session_policy->idle_cap->seconds, 90);
    ck_assert_int_eq((int)request->session_policy->default_mode, 2);
    /* What was not named is absent. */
    ck_assert_ptr_null(request->session_policy->default_ttl);
    ck_assert_ptr_null(request->number_policy);
    arena_free(arena);
}
END_TEST

START_TEST(test_repeated_fields_grow)
{
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message =
        reflect_new(arena, &maskline__v1__list_sessions_request__descriptor);
    for (int value = 1; value <= 4; value++)
        ck_assert(reflect_set(arena, message, "filter.statuses", NULL, value));
    const Maskline__V1__ListSessionsRequest *list =
        (const Maskline__V1__ListSessionsRequest *)(const void *)message;
    ck_assert_uint_eq(list->filter->n_statuses, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(list->filter->statuses[i], i + 1);
    message = reflect_new(arena, &maskline__v1__add_phone_number_request__descriptor);
    char first[] = "a", second[] = "b";
    ck_assert(reflect_set(arena, message, "carriers", first, 0));
    ck_assert(reflect_set(arena, message, "carriers", second, 0));
    ck_assert(reflect_set(arena, message, "capabilities.sms", NULL, 1));
    const Maskline__V1__AddPhoneNumberRequest *add =
        (const Maskline__V1__AddPhoneNumberRequest *)(const void *)message;
    ck_assert_uint_eq(add->n_carriers, 2);
    ck_assert_str_eq(add->carriers[1], "b");
    ck_assert(add->capabilities->sms && !add->capabilities->voice);
    arena_free(arena);
}
END_TEST

START_TEST(test_what_cannot_be_told_is_refused)
{
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message =
        reflect_new(arena, &maskline__v1__create_session_request__descriptor);
    ck_assert(!reflect_set(arena, message, "expire_time", NULL, INT64_MAX));
    ck_assert(!reflect_set(arena, message, "ttl", NULL, INT64_MAX));
    message = reflect_new(arena, &maskline__v1__list_sessions_request__descriptor);
    ck_assert(reflect_set(arena, message, "page_size", NULL, INT32_MAX));
    ck_assert(!reflect_set(arena, message, "page_size", NULL, INT64_C(1) << 31));
    /* 2^32 + 1 is not 1. */
    message = reflect_new(arena, &maskline__v1__create_service_request__descriptor);
    ck_assert(reflect_set(arena, message, "number_policy.most_unreserved", NULL, UINT32_MAX));
    ck_assert(!reflect_set(arena, message, "number_policy.most_unreserved", NULL,
                           (INT64_C(1) << 32) + 1));
    ck_assert(!reflect_set(arena, message, "number_policy.most_unreserved", NULL, -1));
    arena_free(arena);
    arena = arena_new(1);
    ck_assert_ptr_null(reflect_new(arena, &maskline__v1__create_session_request__descriptor));
    arena_free(arena);
}
END_TEST

START_TEST(test_paths)
{
    const ProtobufCMessageDescriptor *request = &maskline__v1__list_sessions_request__descriptor;
    ck_assert_ptr_nonnull(reflect_field(request, "service"));
    ck_assert_ptr_nonnull(reflect_field(request, "filter.created.start_time"));
    ck_assert_ptr_null(reflect_field(request, "filter.nothing"));
    ck_assert_ptr_null(reflect_field(request, "service.name"));
    ck_assert_ptr_null(reflect_field(request, "filter.statuses.first"));
    ck_assert_ptr_null(reflect_field(request, ""));
    ck_assert(reflect_has(request, "page_size"));
    ck_assert(!reflect_has(request, "page"));
    ck_assert(reflect_repeated(&maskline__v1__list_sessions_response__descriptor, "sessions"));
}
END_TEST

static void check_mistake(const char *path)
{
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message =
        reflect_new(arena, &maskline__v1__create_session_request__descriptor);
    char text[] = "x";
    reflect_set(arena, message, path, text, 0);
}

START_TEST(test_a_mistake_in_a_table_ends_the_program)
{
    static const char *const paths[] = {"nothing", "participants"};
    check_mistake(paths[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reflect");
    TCase *cases = tcase_create("reflect");
    tcase_add_test(cases, test_fields_are_set_by_name);
    tcase_add_test(cases, test_repeated_fields_grow);
    tcase_add_test(cases, test_what_cannot_be_told_is_refused);
    tcase_add_test(cases, test_paths);
    tcase_add_loop_test_raise_signal(cases, test_a_mistake_in_a_table_ends_the_program, SIGABRT, 0,
                                     2);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
