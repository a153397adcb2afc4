#include "server/masking/rows/kept.h"

#include "proto/c/fault.h"
#include "proto/c/wire_check.h"
#include "server/masking/derive/session_apply.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SET_BITS = 10, /* of the writer */
    SET_BITS_READERS =
        8,    /* there are several, and nobody asks for more than a few hundred Services at once */
    WAYS = 4, /* a set holds the last few that fall into it */
    KEY_BYTES = 40,
    RECORD_MOST = 16 * 1024, /* bytes in memory; larger ones are not kept */
    SPARE_MOST = 64,         /* records whose memory waits for the next */
};

/* A record in memory of its own. */
struct record {
    struct record *next; /* among those that are let go, or spare */
    struct arena *arena;
    ProtobufCMessage *message; /* as its row has it */
};

struct slot {
    struct record *record; /* NULL: empty */
    uint64_t sequence;     /* of the version that it was made of */
    size_t key_size;
    uint8_t key[KEY_BYTES];
};

struct kept {
    unsigned set_bits;
    unsigned turn;       /* whose slot is taken next */
    struct record *gone; /* of this group: its decisions may still look at them */
    struct record *spare;
    unsigned spare_count;
    struct kept *next; /* on the shelf */
    struct slot sets[][WAYS];
};

static struct kept *new_of(unsigned set_bits)
{
    size_t sets = (size_t)1 << set_bits;
    struct kept *kept = calloc(1, sizeof *kept + sets * sizeof kept->sets[0]);
    if (kept)
        kept->set_bits = set_bits;
    return kept;
}

struct kept *kept_new(void)
{
    return new_of(SET_BITS);
}

static void record_free(struct record *record)
{
    arena_free(record->arena);
    free(record);
}

static void list_free(struct record *record)
{
    for (struct record *next; record; record = next) {
        next = record->next;
        record_free(record);
    }
}

void kept_free(struct kept *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < (size_t)1 << kept->set_bits; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            if (kept->sets[i][way].record)
                record_free(kept->sets[i][way].record);
        }
    }
    list_free(kept->gone);
    list_free(kept->spare);
    free(kept);
}

/* ---- records ---- */

static struct record *record_new(struct kept *kept)
{
    struct record *record = kept->spare;
    if (record) {
        kept->spare = record->next;
        kept->spare_count--;
        return record;
    }
    record = malloc(sizeof *record);
    if (!record)
        return NULL;
    record->arena = arena_new(RECORD_MOST);
    if (record->arena)
        return record;
    free(record);
    return NULL;
}

static void let_go(struct kept *kept, struct record *record)
{
    record->next = kept->gone;
    kept->gone = record;
}

void kept_group_ends(struct kept *kept)
{
    while (kept->gone) {
        struct record *record = kept->gone;
        kept->gone = record->next;
        if (kept->spare_count == SPARE_MOST) {
            record_free(record);
            continue;
        }
        arena_reset(record->arena);
        record->next = kept->spare;
        kept->spare = record;
        kept->spare_count++;
    }
}

/* ---- slots ---- */

static struct slot *set_of(struct kept *kept, const struct key *key)
{
    /* A key ends with a SID, and that in what is different from one to the next; or with a number. */
    uint64_t last;
    memcpy(&last, key->data + key->size - sizeof last, sizeof last);
    /* Numbers of a pool are often alike but for the last digits, and those count only in the highest bits. */
    last *= UINT64_C(0x9e3779b97f4a7c15);
    return kept->sets[last >> (64 - kept->set_bits)];
}

/* The key's own slot, or NULL. */
static struct slot *find_slot(struct slot *set, const struct key *key)
{
    for (unsigned way = 0; way < WAYS; way++) {
        const struct slot *slot = &set[way];
        if (slot->record && slot->key_size == key->size && !memcmp(slot->key, key->data, key->size))
            return &set[way];
    }
    return NULL;
}

/* An empty one, or another's. */
static struct slot *free_slot(struct kept *kept, struct slot *set)
{
    for (unsigned way = 0; way < WAYS; way++) {
        if (!set[way].record)
            return &set[way];
    }
    return &set[kept->turn++ % WAYS];
}

static bool is_of(const struct slot *slot, uint64_t sequence)
{
    return slot->sequence == sequence || MUTANT("kept_session_of_another_time");
}

/* False: it cannot be kept. */
static bool keep(struct kept *kept, struct slot *slot, const struct key *key,
                 const ProtobufCMessageDescriptor *kind, const struct kv_value *row)
{
    struct record *record = key->size <= KEY_BYTES ? record_new(kept) : NULL;
    if (!record)
        return false;
    record->message = message_unpack_own(kind, row->bytes.data, row->bytes.size, record->arena);
    if (!record->message) {
        record_free(record);
        return false;
    }
    if (slot->record)
        let_go(kept, slot->record);
    slot->record = record;
    slot->sequence = row->sequence;
    slot->key_size = key->size;
    memcpy(slot->key, key->data, key->size);
    return true;
}

void *kept_record(struct kept *kept, struct rows *rows, const struct key *key,
                  const ProtobufCMessageDescriptor *kind, const struct kv_value *row)
{
    struct slot *set = set_of(kept, key);
    struct slot *slot = find_slot(set, key);
    if (!slot || !is_of(slot, row->sequence)) {
        slot = slot ? slot : free_slot(kept, set);
        if (!keep(kept, slot, key, kind, row))
            return NULL;
    }
    /* What it points to is shared. */
    return arena_copy(rows->arena, slot->record->message, kind->sizeof_message);
}

enum kv_found kept_session(struct kept *kept, struct rows *rows, const uint8_t *service,
                           const uint8_t *session, Maskline__Store__V1__Session **ret_session,
                           struct error *error)
{
    struct kept *before = rows->kept;
    rows->kept = kept;
    enum kv_found found = rows_session(rows, service, session, ret_session, error);
    rows->kept = before;
    return found;
}

void kept_interaction(struct kept *kept, const struct key *key, uint64_t before, uint64_t after,
                      const Maskline__Store__V1__InteractionCreated *created, int64_t time)
{
    struct slot *slot = find_slot(set_of(kept, key), key);
    if (!slot || !is_of(slot, before))
        return;
    session_apply_interaction((Maskline__Store__V1__Session *)slot->record->message, created, time);
    slot->sequence = after;
}

/* ---- for readers ---- */

struct kept_shelf {
    pthread_mutex_t lock;
    struct kept *first; /* the one that came back last */
};

struct kept_shelf *kept_shelf_new(void)
{
    struct kept_shelf *shelf = calloc(1, sizeof *shelf);
    if (shelf)
        pthread_mutex_init(&shelf->lock, NULL);
    return shelf;
}

void kept_shelf_free(struct kept_shelf *shelf)
{
    if (!shelf)
        return;
    for (struct kept *next; shelf->first; shelf->first = next) {
        next = shelf->first->next;
        kept_free(shelf->first);
    }
    pthread_mutex_destroy(&shelf->lock);
    free(shelf);
}

struct kept *kept_borrow(struct kept_shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
    struct kept *kept = shelf->first;
    if (kept)
        shelf->first = kept->next;
    pthread_mutex_unlock(&shelf->lock);
    return kept ? kept : new_of(SET_BITS_READERS);
}

void kept_return(struct kept_shelf *shelf, struct kept *kept)
{
    if (!kept)
        return;
    kept_group_ends(kept);
    pthread_mutex_lock(&shelf->lock);
    kept->next = shelf->first;
    shelf->first = kept;
    pthread_mutex_unlock(&shelf->lock);
}
