/*
 * A program that runs a list of Check tests, and folders that go when it ends.
 */
#ifndef MASKLINE_TESTS_UNIT_STORAGE_SUITE_H
#define MASKLINE_TESTS_UNIT_STORAGE_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

/* SUITE_MAIN("name", test_a, test_b) */
#define SUITE_MAIN(name, ...)                                            \
    int main(void)                                                       \
    {                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                      \
        return suite_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

int suite_run(const char *name, const TTest *const *tests, size_t count);

/* An empty folder; removed with all in it by folder_remove. */
struct folder {
    char path[256];
};
struct folder folder_make(void);
void folder_remove(const struct folder *folder);
/* A path in the folder; valid until the next call. */
const char *folder_file(const struct folder *folder, const char *name);

/* Numbers that look random and are the same each time. */
struct dice {
    uint64_t state;
};
uint32_t dice_roll(struct dice *dice, uint32_t sides);

#endif
