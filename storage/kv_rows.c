#include "storage/kv_rows.h"
#include "storage/kv_internal.h"

#include "proto/c/fault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARDS = 32,          /* each with a lock of its own */
    CELLS = 512,          /* of a shard: what is known of writes */
    CHAINS = 4096,        /* of a shard: where rows are found */
    GROUPS = KV_FAMILIES, /* added to a family: not a row, but that a group has none */
    OVERHEAD = 16,        /* of an allocation */
};

struct kept {
    struct kept *next; /* in its chain */
    struct kept *newer, *older;
    int64_t purge_after;
    uint64_t sequence;
    uint32_t hash;
    uint32_t value_size;
    uint16_t key_size;
    uint8_t family;
    uint8_t bytes[]; /* key, value */
};

/* Of all rows whose hash leads here: whether one is being written, and from which moment on all writes are seen. */
struct cell {
    uint64_t since;
    uint32_t writes; /* ever begun */
    uint32_t writers;
};

struct shard {
    pthread_mutex_t lock;
    size_t bytes;
    struct kept *newest, *oldest;
    struct cell cells[CELLS];
    struct kept *chains[CHAINS];
};

struct kv_rows {
    size_t shard_most;
    _Atomic uint64_t moment;
    struct shard shards[SHARDS];
};

struct kv_rows *kv_rows_new(size_t bytes)
{
    struct kv_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return NULL;
    rows->shard_most = bytes > sizeof *rows ? (bytes - sizeof *rows) / SHARDS : 0;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&rows->shards[i].lock, NULL);
    return rows;
}

/* ---- places ---- */

static uint32_t hash_of(unsigned family, struct bytes key)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) * (key.size + ((uint64_t)family << 32));
    const uint8_t *bytes = key.data;
    for (size_t left = key.size; left > 0;) {
        uint64_t word = 0;
        size_t take = left < sizeof word ? left : sizeof word;
        memcpy(&word, bytes, take);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        bytes += take;
        left -= take;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static struct shard *shard_of(struct kv_rows *rows, uint32_t hash)
{
    return &rows->shards[hash % SHARDS];
}

static struct cell *cell_of(struct shard *shard, uint32_t hash)
{
    return &shard->cells[hash / SHARDS % CELLS];
}

static struct kept **chain_of(struct shard *shard, uint32_t hash)
{
    return &shard->chains[hash / SHARDS % CHAINS];
}

/* ---- what is kept; with the shard's lock held ---- */

static size_t size_of(const struct kept *kept)
{
    return sizeof *kept + kept->key_size + kept->value_size + OVERHEAD;
}

static bool is_named(const struct kept *kept, uint32_t hash, unsigned family, struct bytes key)
{
    return kept->hash == hash && kept->family == (uint8_t)family && kept->key_size == key.size &&
           memcmp(kept->bytes, key.data, key.size) == 0;
}

static struct kept *find(struct shard *shard, uint32_t hash, unsigned family, struct bytes key)
{
    struct kept *kept = *chain_of(shard, hash);
    while (kept && !is_named(kept, hash, family, key))
        kept = kept->next;
    return kept;
}

static void unlink_age(struct shard *shard, struct kept *kept)
{
    *(kept->newer ? &kept->newer->older : &shard->newest) = kept->older;
    *(kept->older ? &kept->older->newer : &shard->oldest) = kept->newer;
}

static void link_newest(struct shard *shard, struct kept *kept)
{
    kept->newer = NULL;
    kept->older = shard->newest;
    *(shard->newest ? &shard->newest->newer : &shard->oldest) = kept;
    shard->newest = kept;
}

static void drop(struct shard *shard, struct kept *kept)
{
    struct kept **link = chain_of(shard, kept->hash);
    while (*link != kept)
        link = &(*link)->next;
    *link = kept->next;
    unlink_age(shard, kept);
    shard->bytes -= size_of(kept);
    free(kept);
}

static void drop_all(struct shard *shard)
{
    while (shard->oldest)
        drop(shard, shard->oldest);
}

void kv_rows_free(struct kv_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        drop_all(&rows->shards[i]);
        pthread_mutex_destroy(&rows->shards[i].lock);
    }
    free(rows);
}

size_t kv_rows_bytes(struct kv_rows *rows)
{
    size_t bytes = sizeof *rows;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&rows->shards[i].lock);
        bytes += rows->shards[i].bytes;
        pthread_mutex_unlock(&rows->shards[i].lock);
    }
    return bytes;
}

/* ---- readers ---- */

uint64_t kv_rows_moment(struct kv_rows *rows)
{
    return atomic_fetch_add(&rows->moment, 1) + 1;
}

/* Whether a reader of this moment would find in the engine what it holds now. */
static bool is_current(const struct cell *cell, uint64_t moment)
{
    return (cell->writers == 0 || MUTANT("row_kept_while_written")) &&
           (moment >= cell->since || MUTANT("row_kept_for_earlier_readers"));
}

static enum kv_found copy(const struct kept *kept, struct arena *arena, struct kv_value *ret_value)
{
    void *bytes = arena_copy(arena, kept->bytes + kept->key_size, kept->value_size);
    if (!bytes)
        return KV_FAILED;
    *ret_value = (struct kv_value){
        .bytes = {bytes, kept->value_size},
        .purge_after = kept->purge_after,
        .sequence = kept->sequence,
    };
    return KV_FOUND;
}

/* What is kept under this name; with the lock of the shard held, whose the ticket is. */
static struct kept *look(struct shard *shard, uint32_t hash, uint64_t moment, unsigned family,
                         struct bytes key, struct kv_rows_ticket *ret_ticket)
{
    const struct cell *cell = cell_of(shard, hash);
    /* While a write is under way nobody knows which side of it a reader will be on: his ticket is of no use, also when it has ended. */
    bool known =
        cell->writers == 0 || MUTANT("row_kept_from_within_write") ||
        MUTANT("row_kept_while_written"); /* held here and in is_current: it takes both away */
    *ret_ticket = (struct kv_rows_ticket){hash, known ? cell->writes : cell->writes - 1};
    struct kept *kept = is_current(cell, moment) ? find(shard, hash, family, key) : NULL;
    if (kept) {
        unlink_age(shard, kept);
        link_newest(shard, kept);
    }
    return kept;
}

enum kv_found kv_rows_get(struct kv_rows *rows, uint64_t moment, enum kv_family family,
                          struct bytes key, struct arena *arena, struct kv_value *ret_value,
                          struct kv_rows_ticket *ret_ticket)
{
    uint32_t hash = hash_of(family, key);
    struct shard *shard = shard_of(rows, hash);
    pthread_mutex_lock(&shard->lock);
    const struct kept *kept = look(shard, hash, moment, family, key, ret_ticket);
    enum kv_found found = kept ? copy(kept, arena, ret_value) : KV_ABSENT;
    pthread_mutex_unlock(&shard->lock);
    return found;
}

bool kv_rows_none(struct kv_rows *rows, uint64_t moment, enum kv_family family, struct bytes group,
                  struct kv_rows_ticket *ret_ticket)
{
    uint32_t hash = hash_of(GROUPS + family, group);
    struct shard *shard = shard_of(rows, hash);
    pthread_mutex_lock(&shard->lock);
    bool none = look(shard, hash, moment, GROUPS + family, group, ret_ticket);
    pthread_mutex_unlock(&shard->lock);
    return none;
}

static struct kept *make(uint32_t hash, unsigned family, struct bytes key,
                         const struct kv_value *value)
{
    struct kept *kept = malloc(sizeof *kept + key.size + value->bytes.size);
    if (!kept)
        return NULL;
    *kept = (struct kept){
        .purge_after = value->purge_after,
        .sequence = value->sequence,
        .hash = hash,
        .value_size = (uint32_t)value->bytes.size,
        .key_size = (uint16_t)key.size,
        .family = (uint8_t)family,
    };
    memcpy(kept->bytes, key.data, key.size);
    memcpy(kept->bytes + key.size, value->bytes.data, value->bytes.size);
    return kept;
}

static void keep(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                 unsigned family, struct bytes key, const struct kv_value *value)
{
    /* A row that would fill a good part of a shard is better left to the engine. */
    if (key.size > UINT16_MAX || value->bytes.size > rows->shard_most / 8)
        return;
    struct kept *kept = make(ticket->hash, family, key, value);
    if (!kept)
        return;
    struct shard *shard = shard_of(rows, ticket->hash);
    pthread_mutex_lock(&shard->lock);
    const struct cell *cell = cell_of(shard, ticket->hash);
    bool same = cell->writes == ticket->writes || MUTANT("row_kept_from_before_write");
    if (same && is_current(cell, moment) && !find(shard, ticket->hash, family, key)) {
        kept->next = *chain_of(shard, ticket->hash);
        *chain_of(shard, ticket->hash) = kept;
        link_newest(shard, kept);
        shard->bytes += size_of(kept);
        kept = NULL;
        while (shard->bytes > rows->shard_most)
            drop(shard, shard->oldest);
    }
    pthread_mutex_unlock(&shard->lock);
    free(kept);
}

void kv_rows_keep(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                  enum kv_family family, struct bytes key, const struct kv_value *value)
{
    if (family != KV_LOG)
        keep(rows, moment, ticket, family, key, value);
}

void kv_rows_keep_none(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                       enum kv_family family, struct bytes group)
{
    const struct kv_value nothing = {.bytes = {"", 0}};
    keep(rows, moment, ticket, GROUPS + family, group, &nothing);
}

/* ---- writers ---- */

static void begin(struct cell *cell)
{
    cell->writes++;
    cell->writers++;
}

/* The last moment that was given away may be of a snapshot that was taken before the write, or after it. */
static void end(struct kv_rows *rows, struct cell *cell)
{
    cell->since = atomic_load(&rows->moment) + 1;
    cell->writers--;
}

static void touch(struct kv_rows *rows, unsigned family, struct bytes key)
{
    uint32_t hash = hash_of(family, key);
    struct shard *shard = shard_of(rows, hash);
    pthread_mutex_lock(&shard->lock);
    begin(cell_of(shard, hash));
    struct kept *kept = find(shard, hash, family, key);
    if (kept && !MUTANT("written_row_is_kept"))
        drop(shard, kept);
    pthread_mutex_unlock(&shard->lock);
}

static void touched(struct kv_rows *rows, unsigned family, struct bytes key)
{
    uint32_t hash = hash_of(family, key);
    struct shard *shard = shard_of(rows, hash);
    pthread_mutex_lock(&shard->lock);
    end(rows, cell_of(shard, hash));
    pthread_mutex_unlock(&shard->lock);
}

/* A row, and with it its group. */
static void each_name(struct kv_rows *rows, enum kv_family family, struct bytes key,
                      void (*of)(struct kv_rows *rows, unsigned family, struct bytes key))
{
    struct bytes group = kv_group_of(family, key);
    if (family != KV_LOG)
        of(rows, family, key);
    if (group.size && !MUTANT("group_stays_empty"))
        of(rows, GROUPS + family, group);
}

void kv_rows_touch(struct kv_rows *rows, enum kv_family family, struct bytes key)
{
    each_name(rows, family, key, touch);
}

void kv_rows_touched(struct kv_rows *rows, enum kv_family family, struct bytes key)
{
    each_name(rows, family, key, touched);
}

void kv_rows_touch_all(struct kv_rows *rows)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &rows->shards[i];
        pthread_mutex_lock(&shard->lock);
        for (size_t j = 0; j < CELLS; j++)
            begin(&shard->cells[j]);
        drop_all(shard);
        pthread_mutex_unlock(&shard->lock);
    }
}

void kv_rows_touched_all(struct kv_rows *rows)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &rows->shards[i];
        pthread_mutex_lock(&shard->lock);
        for (size_t j = 0; j < CELLS; j++)
            end(rows, &shard->cells[j]);
        pthread_mutex_unlock(&shard->lock);
    }
}
