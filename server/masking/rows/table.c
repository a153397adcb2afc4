#include "server/masking/rows/table.h"

#include <stdlib.h>

enum { BUCKETS_FIRST = 64 };

static struct table_link **bucket_of(const struct table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static bool grow(struct table *table)
{
    struct table larger = {.bucket_count =
                               table->bucket_count ? table->bucket_count * 2 : BUCKETS_FIRST};
    larger.buckets = calloc(larger.bucket_count, sizeof *larger.buckets);
    if (!larger.buckets)
        return table->bucket_count > 0; /* full chains are slow, not wrong */
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct table_link *link = table->buckets[i]; link;) {
            struct table_link *next = link->chain;
            struct table_link **bucket = bucket_of(&larger, link->hash);
            link->chain = *bucket;
            *bucket = link;
            link = next;
        }
    }
    free(table->buckets);
    table->buckets = larger.buckets;
    table->bucket_count = larger.bucket_count;
    return true;
}

bool table_add(struct table *table, struct table_link *link, uint64_t hash)
{
    if (table->count >= table->bucket_count && !grow(table))
        return false;
    struct table_link **bucket = bucket_of(table, hash);
    link->hash = hash;
    link->chain = *bucket;
    *bucket = link;
    table->count++;
    return true;
}

struct table_link *table_find(const struct table *table, uint64_t hash, struct table_link *after)
{
    if (!table->count)
        return NULL;
    struct table_link *link = after ? after->chain : *bucket_of(table, hash);
    while (link && link->hash != hash)
        link = link->chain;
    return link;
}

void table_remove(struct table *table, struct table_link *link)
{
    struct table_link **place = bucket_of(table, link->hash);
    while (*place != link)
        place = &(*place)->chain;
    *place = link->chain;
    link->chain = NULL;
    table->count--;
}

void table_clear(struct table *table, void (*take)(struct table_link *link))
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct table_link *link = table->buckets[i]; link;) {
            struct table_link *next = link->chain;
            take(link);
            link = next;
        }
    }
    free(table->buckets);
    *table = (struct table){0};
}
