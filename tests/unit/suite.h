/*
 * A program that runs a list of Check tests.
 */
#ifndef MASKLINE_TESTS_UNIT_SUITE_H
#define MASKLINE_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* SUITE_MAIN("name", test_a, test_b) */
#define SUITE_MAIN(name, ...)                                            \
    int main(void)                                                       \
    {                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                      \
        return suite_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

static inline int suite_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    tcase_set_timeout(cases, 240);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}

#endif
