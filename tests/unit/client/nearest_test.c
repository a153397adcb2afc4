#include "client/nearest.h"
#include "tests/unit/suite.h"

#include <string.h>

static const char *meant(const char *typed)
{
    static const char *const words[] = {"service", "serve", "session", "number", "watch", "man"};
    struct nearest nearest = nearest_to(typed, strlen(typed));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        nearest_try(&nearest, words[i]);
    return nearest.word ? nearest.word : "";
}

START_TEST(test_what_was_meant)
{
    static const struct {
        const char *typed;
        const char *meant;
    } cases[] = {{"servce", "service"},
                 {"services", "service"},
                 {"sesion", "session"},
                 {"wacth", "watch"},
                 {"numbr", "number"},
                 {"mna", "man"},
                 {"sess", "session"},
                 {"num", "number"},
                 {"serv", "service"},
                 {"completely", ""},
                 {"x", ""},
                 {"", ""},
                 {"zzzzzzz", ""},
                 {"serve", "serve"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(strcmp(meant(cases[i].typed), cases[i].meant) == 0, "%s: %s", cases[i].typed,
                      meant(cases[i].typed));
}
END_TEST

START_TEST(test_long_words_are_left_alone)
{
    char typed[4096];
    memset(typed, 'a', sizeof typed - 1);
    typed[sizeof typed - 1] = '\0';
    ck_assert_str_eq(meant(typed), "");
    struct nearest nearest = nearest_to("watch", 5);
    nearest_try(&nearest, typed);
    ck_assert_ptr_null(nearest.word);
}
END_TEST

SUITE_MAIN("nearest", test_what_was_meant, test_long_words_are_left_alone)
