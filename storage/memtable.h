/*
 * Rows in memory, in order and by key, each in all its versions: newest first.
 *
 * One thread inserts; any number of others read meanwhile, without a lock, but that rows which nobody has walked over yet are put in
 * order by who sets down a cursor, one at a time. Nothing is ever changed or taken out: a memtable goes as a whole. A reader names
 * the newest sequence that it may see.
 */
#ifndef MASKLINE_STORAGE_MEMTABLE_H
#define MASKLINE_STORAGE_MEMTABLE_H

#include "storage/kv.h"

struct memtable;
struct memtable_node;

/* One version of a row. */
struct row {
    enum kv_family family;
    struct bytes key;
    struct kv_value value; /* when deleted, only its sequence counts */
    bool deleted;
    bool direct; /* it is in the engine, too, as soon as it is durable */
    bool first;  /* neither the engine nor an older table has, or ever had, a version of the row */
    uint32_t hash; /* memtable_hash of family and key; 0: not known */
};

/* By what rows are found, the same in all tables; never 0. Who looks into several asks for it once. */
uint32_t memtable_hash(enum kv_family family, struct bytes key);

/* NULL when there is no memory. */
struct memtable *memtable_new(void);
void memtable_free(struct memtable *table);
/* Empties a table that nobody reads. */
void memtable_reset(struct memtable *table);

/* Copies the row in. Of two with the same key and sequence the later one is found. False when there is no memory. */
bool memtable_insert(struct memtable *table, const struct row *row);

/* Afterwards all versions of `from` can be inserted without fail, until something else is. False when there is no memory. */
bool memtable_reserve(struct memtable *table, const struct memtable *from);

size_t memtable_rows(const struct memtable *table);
size_t memtable_bytes(const struct memtable *table);
/* How many versions came with a sequence that their row had already. */
size_t memtable_repeats(const struct memtable *table);

/* The newest version of a row that has at most the sequence `visible`. What it points at lives as long as the table. */
bool memtable_find(const struct memtable *table, enum kv_family family, struct bytes key,
                   uint32_t hash, uint64_t visible, struct row *ret_row);

/* To be called some time before rows of this hash are looked for: the wait for several tables' memory is then one. */
void memtable_expect(const struct memtable *table, uint32_t hash);

/* Whether rows of this group (kv.h) may have come: false is sure of all that the caller may see. */
bool memtable_may_have_group(const struct memtable *table, struct bytes group);

/* Whether the table has a version of the row that is direct, newer than this one, which has its hash, and not newer than `through`. */
bool memtable_has_direct(const struct memtable *table, const struct row *of, uint64_t through);

/* A place in the table: a row's newest visible version. Copied by assignment. */
struct memtable_cursor {
    const struct memtable *table;
    const struct memtable_node *node; /* NULL: nowhere */
    uint64_t visible;
    enum kv_family family;
};

/* At the first key that is not before `key`, or the last one before it (of size 0: of all). */
void memtable_seek(struct memtable_cursor *cursor, struct bytes key);
void memtable_seek_before(struct memtable_cursor *cursor, struct bytes key);
void memtable_next(struct memtable_cursor *cursor);
void memtable_previous(struct memtable_cursor *cursor);
bool memtable_row(const struct memtable_cursor *cursor, struct row *ret_row);

/* Whether a version, and all older ones, begin with one that is `first`, and none of them is direct: what is below
 * the table knows nothing of the row. */
bool memtable_is_new(const struct memtable_node *node);

/* All versions: by family, rows as they came, of a row the newest first. NULL before the first, false after the last. */
bool memtable_each(const struct memtable *table, const struct memtable_node **node,
                   struct row *ret_row);

struct memtable_place;

/* The newest versions of all rows that are wanted, in order: by family, key. Nobody may insert meanwhile. The caller frees what it gets,
 * which must not outlive the table; NULL when there is no memory. */
struct memtable_place *memtable_order(const struct memtable *table,
                                      bool (*wanted)(const struct memtable_node *newest,
                                                     const struct row *row),
                                      size_t *ret_count);
void memtable_row_at(const struct memtable_place *places, size_t index, struct row *ret_row);
/* To be called some time before these rows are asked for: in order they lie anywhere in memory, and the wait for them is then one. */
void memtable_rows_expect(const struct memtable_place *places, size_t index, size_t count);

#endif
