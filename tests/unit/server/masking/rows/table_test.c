#include "server/masking/rows/table.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

struct item {
    struct table_link link;
    int number;
};

static struct item *find(const struct table *table, uint64_t hash, int number)
{
    struct table_link *link = NULL;
    while ((link = table_find(table, hash, link))) {
        if (((struct item *)link)->number == number)
            return (struct item *)link;
    }
    return NULL;
}

static int taken;
static void take(struct table_link *link)
{
    taken++;
    free(link);
}

/* Few hashes for many items: chains are long, and all are found. */
START_TEST(finds_what_was_added)
{
    struct table table = {0};
    enum { COUNT = 5000, HASHES = 1000 };
    for (int i = 0; i < COUNT; i++) {
        struct item *item = calloc(1, sizeof *item);
        ck_assert_ptr_nonnull(item);
        item->number = i;
        ck_assert(table_add(&table, &item->link, (uint64_t)(i % HASHES)));
    }
    ck_assert_uint_eq(table.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        struct item *item = find(&table, (uint64_t)(i % HASHES), i);
        ck_assert_ptr_nonnull(item);
        ck_assert_ptr_null(find(&table, (uint64_t)((i + 1) % HASHES), i));
        if (i % 3)
            continue;
        table_remove(&table, &item->link);
        free(item);
        ck_assert_ptr_null(find(&table, (uint64_t)(i % HASHES), i));
    }
    size_t left = table.count;
    taken = 0;
    table_clear(&table, take);
    ck_assert_int_eq(taken, (int)left);
    ck_assert_ptr_null(table_find(&table, 1, NULL));
}
END_TEST

SUITE_MAIN("table", finds_what_was_added)
