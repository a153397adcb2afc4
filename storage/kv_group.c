/*
 * Groups of keys (kv.h) as the engine knows them: prefixes that its filters hold beside the whole keys.
 */
#include "storage/kv_internal.h"

#include <string.h>

static bool in_group(const char *key, size_t size)
{
    return size >= KV_GROUP_SIZE && key[KV_GROUP_AT] == KV_GROUP_LETTER;
}

static void gone(void *data)
{
    (void)data;
}

static char *prefix_of(void *data, const char *key, size_t size, size_t *ret_size)
{
    (void)data, (void)size;
    *ret_size = KV_GROUP_SIZE;
    return (char *)(uintptr_t)key;
}

static unsigned char has_prefix(void *data, const char *key, size_t size)
{
    (void)data;
    return in_group(key, size);
}

/* RocksDB asks no more, but wants to have it. */
static unsigned char is_prefix(void *data, const char *prefix, size_t size)
{
    (void)data;
    return size == KV_GROUP_SIZE && in_group(prefix, size);
}

/* Stands in each file, which is only asked by who has the same. */
static const char *name(void *data)
{
    (void)data;
    return "maskline.group.R38";
}

rocksdb_slicetransform_t *kv_group_prefixes(void)
{
    return rocksdb_slicetransform_create(NULL, gone, prefix_of, has_prefix, is_prefix, name);
}

struct bytes kv_group_of(enum kv_family family, struct bytes key)
{
    bool has = family == KV_LIVE && in_group(key.data, key.size);
    return (struct bytes){key.data, has ? KV_GROUP_SIZE : 0};
}

bool kv_group_scanned(enum kv_family family, struct bytes from, struct bytes to, bool backwards)
{
    const uint8_t *first = from.data, *end = to.data;
    if (family != KV_LIVE || backwards || from.size != KV_GROUP_SIZE ||
        !in_group(from.data, from.size))
        return false;
    /* As bytes_after counts on; the letter ends that. */
    size_t size = KV_GROUP_SIZE;
    while (first[size - 1] == UINT8_MAX)
        size--;
    return to.size == size && memcmp(first, end, size - 1) == 0 &&
           end[size - 1] == first[size - 1] + 1;
}
