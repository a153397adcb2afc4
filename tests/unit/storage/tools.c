#include "tests/unit/storage/tools.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder folder_make(void)
{
    struct folder folder;
    const char *base = getenv("TEST_TMPDIR");
    snprintf(folder.path, sizeof folder.path, "%s/storeXXXXXX", base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    return folder;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat, (void)kind, (void)ftw;
    return remove(path);
}

void folder_remove(const struct folder *folder)
{
    ck_assert_int_eq(nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *folder_file(const struct folder *folder, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return path;
}

uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice->state >> 33) % sides;
}
