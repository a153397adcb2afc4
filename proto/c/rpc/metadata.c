#include "proto/c/rpc/metadata.h"

#include <grpc/slice.h>
#include <stdlib.h>
#include <string.h>

static bool may_be_sent(grpc_slice key, grpc_slice value)
{
    static const char reserved[] = "grpc-";
    size_t size = GRPC_SLICE_LENGTH(key);
    bool details = rpc_slice_is(key, RPC_DETAILS_KEY);
    if (size >= sizeof(reserved) - 1 &&
        memcmp(GRPC_SLICE_START_PTR(key), reserved, sizeof(reserved) - 1) == 0 && !details)
        return false;
    return grpc_header_key_is_legal(key) &&
           (grpc_is_binary_header(key) || grpc_header_nonbin_value_is_legal(value));
}

bool rpc_metadata_allowed(const char *key, const void *value, size_t size)
{
    grpc_slice key_slice = grpc_slice_from_copied_string(key);
    grpc_slice value_slice = grpc_slice_from_copied_buffer(value, size);
    bool allowed = may_be_sent(key_slice, value_slice);
    grpc_slice_unref(key_slice);
    grpc_slice_unref(value_slice);
    return allowed;
}

static bool make_room(struct rpc_metadata *metadata, size_t more)
{
    if (metadata->count + more <= metadata->capacity)
        return true;
    size_t capacity = 2 * metadata->capacity + more;
    grpc_metadata *items = reallocarray(metadata->items, capacity, sizeof(*items));
    if (!items)
        return false;
    metadata->items = items;
    metadata->capacity = capacity;
    return true;
}

bool rpc_metadata_add(struct rpc_metadata *metadata, const char *key, const void *value,
                      size_t size)
{
    grpc_slice key_slice = grpc_slice_from_copied_string(key);
    grpc_slice value_slice = grpc_slice_from_copied_buffer(value, size);
    if (!may_be_sent(key_slice, value_slice) || !make_room(metadata, 1)) {
        grpc_slice_unref(key_slice);
        grpc_slice_unref(value_slice);
        return false;
    }
    grpc_metadata *item = &metadata->items[metadata->count++];
    memset(item, 0, sizeof(*item));
    item->key = key_slice;
    item->value = value_slice;
    return true;
}

void rpc_metadata_clear(struct rpc_metadata *metadata)
{
    for (size_t i = 0; i < metadata->count; i++) {
        grpc_slice_unref(metadata->items[i].key);
        grpc_slice_unref(metadata->items[i].value);
    }
    free(metadata->items);
    *metadata = (struct rpc_metadata){.items = NULL};
}

void rpc_metadata_move(struct rpc_metadata *to, struct rpc_metadata *from)
{
    if (from->count > 0 && make_room(to, from->count)) {
        memcpy(&to->items[to->count], from->items, from->count * sizeof(*from->items));
        to->count += from->count;
        from->count = 0;
    }
    rpc_metadata_clear(from);
}

bool rpc_slice_is(grpc_slice slice, const char *text)
{
    size_t size = strlen(text);
    return GRPC_SLICE_LENGTH(slice) == size && memcmp(GRPC_SLICE_START_PTR(slice), text, size) == 0;
}

const grpc_slice *rpc_metadata_find(const grpc_metadata_array *received, const char *key)
{
    for (size_t i = 0; i < received->count; i++) {
        if (rpc_slice_is(received->metadata[i].key, key))
            return &received->metadata[i].value;
    }
    return NULL;
}
