/*
 * What the store's tests share: folders that go when a test ends, and numbers that look random.
 */
#ifndef MASKLINE_TESTS_UNIT_STORAGE_TOOLS_H
#define MASKLINE_TESTS_UNIT_STORAGE_TOOLS_H

#include "tests/unit/suite.h"

#include <stdint.h>

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
