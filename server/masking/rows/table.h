/*
 * A hash table of structs that carry their own link. One thread; it allocates only when it grows.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_TABLE_H
#define MASKLINE_SERVER_MASKING_ROWS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first member of what is held. */
struct table_link {
    struct table_link *chain;
    uint64_t hash;
};

struct table {
    struct table_link **buckets; /* a power of two */
    size_t bucket_count;
    size_t count;
};

/* False when there is no memory; then it is as it was. */
bool table_add(struct table *table, struct table_link *link, uint64_t hash);
/* The next one with this hash, from the start when `after` is NULL; the caller compares keys. */
struct table_link *table_find(const struct table *table, uint64_t hash, struct table_link *after);
void table_remove(struct table *table, struct table_link *link);
/* Empties the table and gives each one to `take`, which may free it. */
void table_clear(struct table *table, void (*take)(struct table_link *link));

#endif
