#include "bazel/protoc-gen-grpc-c/comment.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static const char *printed(struct pool *pool, const char *comment, const char *extra)
{
    struct text text = {.pool = pool};
    comment_print(&text, "", comment, extra);
    return text.bytes ? text.bytes : "";
}

START_TEST(test_lines)
{
    static const struct {
        const char *comment;
        const char *expected;
    } cases[] = {
        {" One.\n", "/*\n * One.\n */\n"},
        {" One.  \t\r\n\n   two\n", "/*\n * One.\n *\n *   two\n */\n"},
        {"no blank\n", "/*\n * no blank\n */\n"},
        {"\n \n a\n\n \n", "/*\n * a\n */\n"},
        {" a\tb\x01"
         "c\n",
         "/*\n * a b c\n */\n"},
        {" no end", "/*\n * no end\n */\n"},
        {" \xc3\xa9\xe2\x82\xac\n", "/*\n * \xc3\xa9\xe2\x82\xac\n */\n"},
    };
    struct pool *pool = pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(printed(pool, cases[i].comment, NULL), cases[i].expected);
    pool_free(pool);
}
END_TEST

START_TEST(test_nothing_ends_the_comment)
{
    static const char *const comments[] = {
        " */ int x; /*",
        "/",
        "*/",
        "a*/*/*/",
        "/*/*/",
        "**/",
        "//",
        "*\n/",
        "/\n*",
        " *\n */",
        "?\?/",
        "?\?\?/\n/",
        "*\xe2\x80\xae/",
        "/\xe2\x80\xaa*",
        "*\x01/",
        "\\",
        "*\\\n/",
        "*\t/",
        "?\xe2\x81\xa6?/",
    };
    struct pool *pool = pool_new();
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
        const char *text = printed(pool, comments[i], comments[i]);
        const char *end = strstr(text, "*/");
        ck_assert_msg(end && strcmp(end, "*/\n") == 0, "%s", text);
        ck_assert_msg(!strstr(text + 2, "/*"), "%s", text);
        ck_assert_msg(!strstr(text, "?\?/"), "%s", text);
        ck_assert_msg(!strstr(text, "\xe2\x80\xae") && !strstr(text, "\xe2\x81\xa6"), "%s", text);
    }
    pool_free(pool);
}
END_TEST

START_TEST(test_what_is_added)
{
    struct pool *pool = pool_new();
    ck_assert_str_eq(printed(pool, " a\n", "b\nc"), "/*\n * a\n *\n * b\n * c\n */\n");
    ck_assert_str_eq(printed(pool, NULL, "b"), "/*\n * b\n */\n");
    ck_assert_str_eq(printed(pool, NULL, NULL), "");
    struct text text = {.pool = pool};
    comment_print(&text, "    ", " a\n", NULL);
    ck_assert_str_eq(text.bytes, "    /*\n     * a\n     */\n");
    pool_free(pool);
}
END_TEST

static Google__Protobuf__SourceCodeInfo__Location location(int32_t *path, size_t size, char *before,
                                                           char *behind)
{
    Google__Protobuf__SourceCodeInfo__Location location;
    google__protobuf__source_code_info__location__init(&location);
    location.n_path = size;
    location.path = path;
    location.leading_comments = before;
    location.trailing_comments = behind;
    return location;
}

START_TEST(test_found_by_path)
{
    int32_t first[] = {6, 0};
    int32_t second[] = {6, 0, 2, 1};
    int32_t third[] = {6, 1};
    Google__Protobuf__SourceCodeInfo__Location locations[] = {
        location(NULL, 0, " whole file\n", NULL),
        location(first, 2, " before\n", " behind\n"),
        location(second, 4, NULL, " behind\n"),
        location(third, 2, "  \n\t\n", NULL),
    };
    Google__Protobuf__SourceCodeInfo__Location *list[] = {&locations[0], &locations[1],
                                                          &locations[2], &locations[3]};
    Google__Protobuf__SourceCodeInfo info;
    google__protobuf__source_code_info__init(&info);
    info.n_location = 4;
    info.location = list;
    Google__Protobuf__FileDescriptorProto file;
    google__protobuf__file_descriptor_proto__init(&file);
    ck_assert_ptr_null(comment_find(&file, first, 2));
    file.source_code_info = &info;
    ck_assert_str_eq(comment_find(&file, first, 2), " before\n");
    ck_assert_str_eq(comment_find(&file, second, 4), " behind\n");
    ck_assert_ptr_null(comment_find(&file, second, 3));
    ck_assert_ptr_null(comment_find(&file, third, 2));
}
END_TEST

SUITE_MAIN("comment", test_lines, test_nothing_ends_the_comment, test_what_is_added,
           test_found_by_path)
