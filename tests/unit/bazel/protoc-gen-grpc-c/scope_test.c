#include "bazel/protoc-gen-grpc-c/scope.h"

#include <string.h>

#include "tests/unit/suite.h"

static const char *const unary[] = {"%", "%_reply", NULL};
static const char *const stream[] = {"%_open", "struct %_stream", NULL};

START_TEST(test_first_come)
{
    struct pool *pool = pool_new();
    struct scope scope = {.pool = pool};
    ck_assert_str_eq(scope_claim(&scope, "get_url", unary), "get_url");
    ck_assert_str_eq(scope_claim(&scope, "get_url", unary), "get_url_2");
    ck_assert_str_eq(scope_claim(&scope, "get_url_2", unary), "get_url_2_2");
    ck_assert_str_eq(scope_claim(&scope, "get_url", unary), "get_url_3");
    pool_free(pool);
}
END_TEST

START_TEST(test_made_names_meet_too)
{
    struct pool *pool = pool_new();
    struct scope scope = {.pool = pool};
    ck_assert_str_eq(scope_claim(&scope, "foo", unary), "foo");
    ck_assert_str_eq(scope_claim(&scope, "foo_reply", unary), "foo_reply_2");
    ck_assert_str_eq(scope_claim(&scope, "bar_reply", unary), "bar_reply");
    ck_assert_str_eq(scope_claim(&scope, "bar", unary), "bar_2");
    /* Kinds that have no name in common get on with each other. */
    ck_assert_str_eq(scope_claim(&scope, "foo", stream), "foo");
    ck_assert_str_eq(scope_claim(&scope, "foo_open", unary), "foo_open_2");
    ck_assert_str_eq(scope_claim(&scope, "foo_stream", unary), "foo_stream");
    pool_free(pool);
}
END_TEST

START_TEST(test_many)
{
    struct pool *pool = pool_new();
    struct scope scope = {.pool = pool};
    for (int i = 0; i < 5000; i++) {
        const char *stem = pool_format(pool, "m%d", i);
        ck_assert_str_eq(scope_claim(&scope, stem, stream), stem);
    }
    for (int i = 0; i < 5000; i++) {
        const char *stem = pool_format(pool, "m%d", i);
        ck_assert_str_eq(scope_claim(&scope, stem, stream), pool_format(pool, "m%d_2", i));
    }
    pool_free(pool);
}
END_TEST

SUITE_MAIN("scope", test_first_come, test_made_names_meet_too, test_many)
