#include "bazel/protoc-gen-grpc-c/text.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/suite.h"

START_TEST(test_templates)
{
    struct pool *pool = pool_new();
    struct text text = {.pool = pool};
    const struct text_value values[] = {{"a", "one"}, {"ab", "$a$"}, {"none", ""}, {NULL, NULL}};
    text_fill(&text, values, "$a$ $ab$$none$ end");
    ck_assert_str_eq(text.bytes, "one $a$ end");
    ck_assert_uint_eq(text.size, strlen(text.bytes));
    text_fill(&text, values, "");
    ck_assert_str_eq(text.bytes, "one $a$ end");
    pool_free(pool);
}
END_TEST

START_TEST(test_growth)
{
    struct pool *pool = pool_new();
    struct text text = {.pool = pool};
    for (int i = 0; i < 100000; i++)
        text_add(&text, "0123456789");
    ck_assert_uint_eq(text.size, 1000000);
    ck_assert_uint_eq(strlen(text.bytes), 1000000);
    ck_assert(strncmp(text.bytes + 999990, "0123456789", 10) == 0);
    pool_free(pool);
}
END_TEST

START_TEST(test_pool)
{
    struct pool *pool = pool_new();
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = pool_get(pool, size, 1000);
        ck_assert_uint_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
        size_t zeroes = 0;
        while (zeroes < size * 1000 && memory[zeroes] == 0)
            zeroes++;
        ck_assert_uint_eq(zeroes, size * 1000);
        memset(memory, 0xff, size * 1000);
    }
    ck_assert_str_eq(pool_format(pool, "%s-%d", "a", 1), "a-1");
    ck_assert_str_eq(pool_format(pool, "%s", ""), "");
    ck_assert_str_eq(pool_copy(pool, "abc", 2), "ab");
    pool_free(pool);
    pool_free(NULL);
}
END_TEST

START_TEST(test_no_memory_ends_the_process)
{
    struct pool *pool = pool_new();
    pool_get(pool, SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(test_as_much_as_the_bound)
{
    struct pool *pool = pool_new_bounded(8 << 20);
    for (int i = 0; i < 8; i++)
        ck_assert_ptr_nonnull(pool_get(pool, 1 << 20, 1));
    pool_free(pool);
}
END_TEST

START_TEST(test_more_than_the_bound_ends_the_process)
{
    struct pool *pool = pool_new_bounded(8 << 20);
    for (int i = 0; i < 9; i++)
        pool_get(pool, 1 << 20, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *cases = tcase_create("text");
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    tcase_add_test(cases, test_templates);
    tcase_add_test(cases, test_growth);
    tcase_add_test(cases, test_pool);
    tcase_add_exit_test(cases, test_no_memory_ends_the_process, EXIT_FAILURE);
    tcase_add_test(cases, test_as_much_as_the_bound);
    tcase_add_exit_test(cases, test_more_than_the_bound_ends_the_process, EXIT_FAILURE);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
