#include "bazel/protoc-gen-grpc-c/names.h"

#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Expected values were taken from what protoc-c 1.4.1 makes. */
START_TEST(test_types_follow_protobuf_c)
{
    static const struct {
        const char *full_name;
        const char *type;
        const char *descriptor;
    } cases[] = {
        {"FooBar", "FooBar", "foo_bar__descriptor"},
        {"a.b_c.FooBar", "A__BC__FooBar", "a__b_c__foo_bar__descriptor"},
        {"a.HTTPRequest2", "A__HTTPRequest2", "a__httprequest2__descriptor"},
        {"a.Outer.Inner", "A__Outer__Inner", "a__outer__inner__descriptor"},
        {"lower.snake_case_", "Lower__SnakeCase", "lower__snake_case___descriptor"},
        {"p._Lead", "P__Lead", "p____lead__descriptor"},
        {"Pkg.AbC1D", "Pkg__AbC1D", "pkg__ab_c1_d__descriptor"},
        {"a.b__C", "A__BC", "a__b___c__descriptor"},
    };
    struct pool *pool = pool_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_str_eq(name_type(pool, cases[i].full_name), cases[i].type);
        ck_assert_str_eq(name_descriptor(pool, cases[i].full_name), cases[i].descriptor);
    }
    pool_free(pool);
}
END_TEST

START_TEST(test_stems)
{
    struct pool *pool = pool_new();
    ck_assert_str_eq(name_stem(pool, "a/b.proto"), "a/b");
    ck_assert_str_eq(name_stem(pool, "a.proto.protodevel"), "a.proto");
    ck_assert_str_eq(name_stem(pool, "b"), "b");
    ck_assert_str_eq(name_stem(pool, "b.proto.txt"), "b.proto.txt");
    pool_free(pool);
}
END_TEST

START_TEST(test_snake)
{
    static const char *const cases[][2] = {
        {"CreateSession", "create_session"},
        {"maskline.v1.Sessions", "maskline_v1_sessions"},
        {"GetHTTPUrl2", "get_http_url2"},
        {"HTTPGet", "http_get"},
        {"GetURL", "get_url"},
        {"IPv4Of", "i_pv4_of"},
        {"Get2FACode", "get2_fa_code"},
        {"already_snake", "already_snake"},
        {"__Odd__Name__", "odd_name"},
        {"a_.b", "a_b"},
        {"ALL_CAPS", "all_caps"},
        {"X", "x"},
        {"_", "x"},
        {"_1", "x1"},
        {"a1B", "a1_b"},
    };
    struct pool *pool = pool_new();
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(name_snake(pool, cases[i][0]), cases[i][1]);
    pool_free(pool);
}
END_TEST

START_TEST(test_prefixes_keep_away_from_libraries)
{
    static const char *const cases[][2] = {
        {"GrpcC", "s_grpc_c"},
        {"grpc.c.Call", "s_grpc_c_call"},
        {"Pthread", "s_pthread"},
        {"pthread.Mutex", "s_pthread_mutex"},
        {"protobuf.C", "s_protobuf_c"},
        {"Arena", "s_arena"},
        {"arena.v1.Games", "arena_v1_games"},
        {"grpc.health.v1.Health", "grpc_health_v1_health"},
        {"GrpcCalls", "grpc_calls"},
        {"a.Error", "a_error"},
        {"Call", "s_call"},
        {"Calls", "calls"},
    };
    struct pool *pool = pool_new();
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(name_prefix(pool, cases[i][0]), cases[i][1]);
    pool_free(pool);
}
END_TEST

START_TEST(test_members_are_no_keywords)
{
    static const char *const taken[] = {
        "data",         "int",           "default",  "register", "while",
        "alignas",      "assert",        "auto",     "bool",     "true",
        "false",        "unix",          "linux",    "i386",     "errno",
        "stdin",        "typeof_unqual", "volatile", "noreturn", "nullptr",
        "thread_local", "static_assert", "void",     "offsetof", "asm",
    };
    static const char *const free_names[] = {"delete",  "open", "reply", "service",
                                             "integer", "dat",  "a"};
    struct pool *pool = pool_new();
    for (size_t i = 0; i < COUNT(taken); i++)
        ck_assert_str_eq(name_member(pool, taken[i]), pool_format(pool, "%s_", taken[i]));
    for (size_t i = 0; i < COUNT(free_names); i++)
        ck_assert_str_eq(name_member(pool, free_names[i]), free_names[i]);
    pool_free(pool);
}
END_TEST

START_TEST(test_guards_differ_when_paths_do)
{
    static const char *const paths[] = {"a/b.proto", "a_b.proto",   "a.b.proto",  "A/b.proto",
                                        "a-b.proto", "a_2fb.proto", "a/b_2eproto"};
    struct pool *pool = pool_new();
    ck_assert_str_eq(name_guard(pool, "a/b_c.proto"), "a_2fb_5fc_2eproto");
    ck_assert_str_eq(name_guard(pool, "\xc3\xa9"), "_c3_a9");
    for (size_t i = 0; i < COUNT(paths); i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(name_guard(pool, paths[i]), name_guard(pool, paths[j]));
    pool_free(pool);
}
END_TEST

START_TEST(test_what_is_legal)
{
    ck_assert(name_is_legal("a_B9", false));
    ck_assert(name_is_legal("a.b.C", true));
    static const char *const bad[] = {"",   "9a", "a-b",  "a\"", "a b",
                                      ".a", "a.", "a..b", "a.9", "\xc3\xa9"};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!name_is_legal(bad[i], true), "%s", bad[i]);
    ck_assert(!name_is_legal("a.b", false));

    ck_assert(name_is_includable("a b/\xc3\xa9-1.proto"));
    static const char *const unfit[] = {"",     "a\"b", "a\\b",   "a\nb",
                                        "a*/b", "a/*b", "a?\?/b", "\x7f"};
    for (size_t i = 0; i < COUNT(unfit); i++)
        ck_assert_msg(!name_is_includable(unfit[i]), "%s", unfit[i]);
}
END_TEST

START_TEST(test_join)
{
    struct pool *pool = pool_new();
    ck_assert_str_eq(name_join(pool, "a.b", "C"), "a.b.C");
    ck_assert_str_eq(name_join(pool, "", "C"), "C");
    ck_assert_str_eq(name_join(pool, NULL, "C"), "C");
    pool_free(pool);
}
END_TEST

SUITE_MAIN("names", test_types_follow_protobuf_c, test_stems, test_snake,
           test_prefixes_keep_away_from_libraries, test_members_are_no_keywords,
           test_guards_differ_when_paths_do, test_what_is_legal, test_join)
