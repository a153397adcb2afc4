#include "client/table.h"
#include "maskline/v1/sessions.pb-c.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static char *printed(const struct table *table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    table_print(table, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

START_TEST(test_columns_line_up)
{
    struct arena *arena = arena_new(1 << 20);
    static const char *const heads[] = {"A", "LONG HEAD", "C"};
    struct table *table = table_new(arena, heads, 3);
    static const char *const cells[] = {"caf\xc3\xa9",
                                        "x",
                                        "1",
                                        "a",
                                        "\x1b[31m",
                                        "",
                                        "b",
                                        "\xc2\x9b"
                                        "31m",
                                        "\xc2\xa0"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        table_cell(table, cells[i]);
    char *text = printed(table);
    /* Widths count characters, an empty cell is a dash, and nothing steers the terminal. */
    ck_assert_str_eq(text, "A     LONG HEAD  C\n"
                           "caf\xc3\xa9  x          1\n"
                           "a      [31m      -\n"
                           "b      31m       \xc2\xa0\n");
    free(text);
    arena_free(arena);
}
END_TEST

/* Nor does anything turn round what stands beside it: a number could be read backwards. */
START_TEST(test_nothing_turns_round)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    print_plain("a\xe2\x80\xae"
                "b\xe2\x81\xa7"
                "c\xe2\x80\x8f"
                "d \xe2\x80\x93 \xe2\x82\xac \xe2\x80",
                out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, "a b c d \xe2\x80\x93 \xe2\x82\xac \xe2\x80");
    free(text);
}
END_TEST

START_TEST(test_many_rows)
{
    struct arena *arena = arena_new(1 << 24);
    static const char *const heads[] = {"N"};
    struct table *table = table_new(arena, heads, 1);
    for (int i = 0; i < 1000; i++)
        table_cell(table, arena_printf(arena, "%d", i));
    char *text = printed(table);
    ck_assert_ptr_nonnull(strstr(text, "\n0\n1\n2\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n998\n999\n"));
    free(text);
    arena_free(arena);
}
END_TEST

START_TEST(test_columns_that_say_nothing_are_left_out)
{
    static const char *const heads[] = {"NAME", "RING", "WORDS", "END"};
    static const char *const usual[] = {NULL, "30s", "-", "x"};
    static const struct {
        const char *cells[8];
        const char *shown;
    } cases[] = {
        {{"a", "30s", "", "x", "b", "30s", "", "x"}, "NAME\na\nb\n"},
        /* Nothing is no value either. */
        {{"30s", "", "", "", "b", "30s", "-", "x"}, "NAME\n30s\nb\n"},
        /* One row is enough, and then all rows say theirs. */
        {{"a", "30s", "", "x", "b", "20s", "", "x"}, "NAME  RING\na     30s\nb     20s\n"},
        {{"a", "20s", "", "x", "b", "", "", "x"}, "NAME  RING\na     20s\nb     -\n"},
        {{"a", "30s", "hm", "x", "b", "30s", "", "y"},
         "NAME  WORDS  END\na     hm     x\nb     -      y\n"},
        {{"a", "1s", "hm", "z", "", "1s", "hm", "x"},
         "NAME  RING  WORDS  END\na     1s    hm     z\n-     1s    hm     x\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(1 << 20);
        struct table *table = table_new(arena, heads, 4);
        table_leave_out(table, usual);
        for (size_t cell = 0; cell < 8; cell++)
            table_cell(table, cases[i].cells[cell]);
        char *text = printed(table);
        ck_assert_str_eq(text, cases[i].shown);
        free(text);
        arena_free(arena);
    }
}
END_TEST

START_TEST(test_a_table_without_rows)
{
    struct arena *arena = arena_new(1 << 20);
    static const char *const heads[] = {"NAME", "RING"};
    static const char *const usual[] = {NULL, "30s"};
    struct table *table = table_new(arena, heads, 2);
    table_leave_out(table, usual);
    char *text = printed(table);
    ck_assert_str_eq(text, "NAME\n");
    free(text);
    arena_free(arena);
}
END_TEST

START_TEST(test_values_for_people)
{
    struct arena *arena = arena_new(1 << 20);
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    ck_assert_str_eq(show_duration(arena, NULL), "-");
    ck_assert_str_eq(show_duration(arena, &duration), "0");
    duration.seconds = 14400;
    ck_assert_str_eq(show_duration(arena, &duration), "4h");
    duration.seconds = 604800;
    ck_assert_str_eq(show_duration(arena, &duration), "7d");
    duration.seconds = 90;
    ck_assert_str_eq(show_duration(arena, &duration), "90s");
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = 1893553445;
    ck_assert_str_eq(show_time(arena, &time), "2030-01-02 03:04:05");
    ck_assert_str_eq(show_time(arena, NULL), "-");
    const ProtobufCEnumDescriptor *statuses = &maskline__v1__session_status__descriptor;
    ck_assert_str_eq(show_enum(arena, statuses, 0), "-");
    ck_assert_str_eq(show_enum(arena, statuses, 2), "in-progress");
    ck_assert_str_eq(show_enum(arena, statuses, 77), "77");
    arena_free(arena);
}
END_TEST

SUITE_MAIN("table", test_columns_line_up, test_nothing_turns_round, test_many_rows,
           test_columns_that_say_nothing_are_left_out, test_a_table_without_rows,
           test_values_for_people)
