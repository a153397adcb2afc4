/*
 * What is known of a call from its headers.
 */
#include "server/rpc/internal.h"

#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>

struct received_pair {
    const char *key;
    const char *value;
    size_t size;
};

/* Request metadata with a NUL behind each text; the texts lie behind the pairs. */
struct received {
    size_t count;
    struct received_pair pairs[];
};

static const char *put(char **at, grpc_slice slice)
{
    const char *text = *at;
    memcpy(*at, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
    *at += GRPC_SLICE_LENGTH(slice);
    *(*at)++ = '\0';
    return text;
}

static struct received *copy(const grpc_metadata_array *metadata)
{
    size_t size = 0;
    for (size_t i = 0; i < metadata->count; i++)
        size += GRPC_SLICE_LENGTH(metadata->metadata[i].key) +
                GRPC_SLICE_LENGTH(metadata->metadata[i].value) + 2;
    size_t pairs = metadata->count * sizeof(struct received_pair);
    struct received *received = malloc(sizeof(*received) + pairs + size);
    if (!received)
        return NULL;
    char *at = (char *)received->pairs + pairs;
    received->count = metadata->count;
    for (size_t i = 0; i < metadata->count; i++) {
        const grpc_metadata *item = &metadata->metadata[i];
        received->pairs[i].key = put(&at, item->key);
        received->pairs[i].value = put(&at, item->value);
        received->pairs[i].size = GRPC_SLICE_LENGTH(item->value);
    }
    return received;
}

/* Several threads may ask at once: the first copy stays. */
static const struct received *received_of(struct grpc_c_call *call)
{
    struct received *received = atomic_load(&call->received_metadata);
    if (received)
        return received;
    struct received *mine = copy(&call->metadata);
    if (!mine || atomic_compare_exchange_strong(&call->received_metadata, &received, mine))
        return mine;
    free(mine);
    return received;
}

void received_free(struct grpc_c_call *call)
{
    free(atomic_load(&call->received_metadata));
}

const char *grpc_c_call_metadata(const struct grpc_c_call *call, const char *key, size_t *ret_size)
{
    const struct received *received = received_of((struct grpc_c_call *)(uintptr_t)call);
    for (size_t i = 0; received && i < received->count; i++) {
        const struct received_pair *pair = &received->pairs[i];
        if (strcmp(pair->key, key) != 0)
            continue;
        if (ret_size)
            *ret_size = pair->size;
        return pair->value;
    }
    return NULL;
}

const char *grpc_c_call_peer(struct grpc_c_call *call)
{
    char *peer = atomic_load(&call->peer);
    if (peer)
        return peer;
    char *mine = grpc_call_get_peer(call->core);
    if (atomic_compare_exchange_strong(&call->peer, &peer, mine))
        return mine;
    gpr_free(mine);
    return peer;
}

const char *grpc_c_call_method(const struct grpc_c_call *call)
{
    return call->method->method ? call->method->method->path : "(unknown)";
}
