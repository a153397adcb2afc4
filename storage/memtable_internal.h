/*
 * What the parts of a memtable share. Not for anybody else.
 *
 * An index by hash over the rows, each with a list of its versions, since most that is asked of an overlay is for one key, and most that
 * comes into it is a newer version of a row that is there; and a skip list of rows. Many rows come and go, or are written out, without
 * anybody having asked for what lies between them: a row is put in its place in the list only when a cursor is set down among its family.
 */
#ifndef MASKLINE_STORAGE_MEMTABLE_INTERNAL_H
#define MASKLINE_STORAGE_MEMTABLE_INTERNAL_H

#include "storage/memtable.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    HEIGHT_MOST = 14,
    DIRECT_WORDS = 64,
    GROUP_WORDS = 16384, /* a power of two: in one of them each group has four bits */
};

struct memtable_row;
typedef _Atomic(struct memtable_row *) row_link;
typedef _Atomic(struct memtable_node *) version_link;

/* One version. */
struct memtable_node {
    struct memtable_row *row;
    version_link older;
    uint64_t sequence;
    int64_t purge_after;
    uint32_t value_size;
    bool deleted;
    bool direct;
    bool first;
    uint8_t value[];
};

struct memtable_row {
    version_link newest;
    row_link later; /* the next of its family, as they came */
    uint32_t hash;
    uint32_t key_size;
    uint8_t family;
    uint8_t height;
    row_link next[]; /* `height` of them; then the key */
};

struct index_slot {
    row_link row;
    uint32_t
        hash; /* the row's, here so that other rows need not be looked at; written before the row */
};

/* Open addressing, at most half full. A larger one takes the place of one that has become full; who still reads the old one finds all the
 * rows there that it may see. */
struct row_index {
    size_t mask;
    struct index_slot slots[];
};

/* Groups of which rows have come: most scans of one are of somebody of whom there are none. */
struct groups {
    _Atomic uint64_t words[GROUP_WORDS];
};

/* By hash, of which rows direct versions have come: next to the others these are few, and who writes a table out asks for each of its rows
 * whether a later table has one. */
struct directs {
    bool any; /* the inserting thread's */
    _Atomic uint64_t words[DIRECT_WORDS];
};

/* The rows of a family, as they came. */
struct arrivals {
    row_link first;
    struct memtable_row *last; /* the inserting thread's */
    row_link listed;           /* the last one that is in the list */
};

struct memtable {
    struct arena *arena;
    uint32_t random;
    size_t versions;
    size_t rows;
    size_t repeats;
    struct arrivals arrivals[KV_FAMILIES];
    struct directs directs;
    _Atomic(struct row_index *) index; /* NULL while there are few rows */
    _Atomic(struct groups *) groups;   /* the same */
    pthread_mutex_t list_lock;         /* changing the list; reading it needs none */
    _Atomic unsigned height;
    row_link head[HEIGHT_MOST];
};

/* A row's name. */
struct name {
    enum kv_family family;
    struct bytes key;
};

static inline const uint8_t *row_key(const struct memtable_row *row)
{
    return (const uint8_t *)(row->next + row->height);
}

static inline struct bytes key_of(const struct memtable_row *row)
{
    return (struct bytes){row_key(row), row->key_size};
}

static inline int compare_bytes(struct bytes a, struct bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline struct memtable_row *follow(const row_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

static inline struct memtable_node *version_at(const version_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

static inline void fill(const struct memtable_node *version, struct row *ret_row)
{
    const struct memtable_row *row = version->row;
    *ret_row = (struct row){
        .family = (enum kv_family)row->family,
        .key = key_of(row),
        .value = {.bytes = {version->value, version->value_size},
                  .purge_after = version->purge_after,
                  .sequence = version->sequence},
        .deleted = version->deleted,
        .direct = version->direct,
        .first = version->first,
        .hash = row->hash,
    };
}

/* A row's newest version that may be seen. */
static inline const struct memtable_node *version_visible(const struct memtable_row *row,
                                                          uint64_t visible)
{
    const struct memtable_node *version = version_at(&row->newest);
    while (version && version->sequence > visible)
        version = version_at(&version->older);
    return version;
}

#endif
