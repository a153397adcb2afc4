/* The main function of a program of test cases. */
#ifndef TESTS_UNIT_BAZEL_PROTOC_GEN_GRPC_C_SUITE_H
#define TESTS_UNIT_BAZEL_PROTOC_GEN_GRPC_C_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the cases, up to a NULL, and gives the status of the process. */
static inline int run_suite(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
