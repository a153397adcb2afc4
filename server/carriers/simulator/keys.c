/*
 * A table of the latest keys, and a queue of them by age.
 */
#include "server/carriers/simulator/internal.h"

#include <stdlib.h>
#include <string.h>

size_t keys_hash(const char *text)
{
    /* FNV-1a; the keys are the domain's own. */
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

bool keys_find(const struct keys *keys, const char *text, size_t hash, uint64_t *ret_id)
{
    if (!keys->bucket_count)
        return false;
    const struct key *key = keys->buckets[hash % keys->bucket_count];
    while (key && (key->hash != hash || strcmp(key->text, text) != 0))
        key = key->next_in_bucket;
    if (!key)
        return false;
    *ret_id = key->id;
    return true;
}

static void into_bucket(struct key **buckets, size_t count, struct key *key)
{
    key->next_in_bucket = buckets[key->hash % count];
    buckets[key->hash % count] = key;
}

static bool make_room(struct keys *keys)
{
    if (keys->count < keys->bucket_count || keys->bucket_count >= SIMULATOR_KEYS)
        return true;
    size_t count = keys->bucket_count ? keys->bucket_count * 4 : 128;
    struct key **buckets = calloc(count, sizeof(*buckets));
    if (!buckets)
        return false;
    for (struct key *key = keys->oldest; key; key = key->newer)
        into_bucket(buckets, count, key);
    free(keys->buckets);
    keys->buckets = buckets;
    keys->bucket_count = count;
    return true;
}

struct key *keys_make(struct keys *keys, const char *text, size_t hash, uint64_t id)
{
    if (!make_room(keys))
        return NULL;
    size_t size = strlen(text) + 1;
    struct key *key = malloc(sizeof *key + size);
    if (!key)
        return NULL;
    *key = (struct key){.id = id, .hash = hash};
    memcpy(key->text, text, size);
    return key;
}

static void drop_oldest(struct keys *keys)
{
    struct key *key = keys->oldest;
    struct key **link = &keys->buckets[key->hash % keys->bucket_count];
    while (*link != key)
        link = &(*link)->next_in_bucket;
    *link = key->next_in_bucket;
    keys->oldest = key->newer;
    if (!keys->oldest)
        keys->newest = NULL;
    keys->count--;
    free(key);
}

void keys_add(struct keys *keys, struct key *key)
{
    if (keys->count == SIMULATOR_KEYS)
        drop_oldest(keys);
    into_bucket(keys->buckets, keys->bucket_count, key);
    if (keys->newest)
        keys->newest->newer = key;
    else
        keys->oldest = key;
    keys->newest = key;
    keys->count++;
}

void keys_done(struct keys *keys)
{
    while (keys->oldest)
        drop_oldest(keys);
    free(keys->buckets);
    keys->buckets = NULL;
}
