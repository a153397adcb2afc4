/*
 * Metadata to be sent, and looking for what was received.
 */
#ifndef MASKLINE_PROTO_C_RPC_METADATA_H
#define MASKLINE_PROTO_C_RPC_METADATA_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>

/* The key under which a packed google.rpc.Status travels. */
#define RPC_DETAILS_KEY "grpc-status-details-bin"

/* A list that is sent with a batch. Zeroed, it is empty. It owns its slices, and must stay unchanged until the batch that it
 * is given to has been started; then it may be cleared. One thread at a time. */
struct rpc_metadata {
    grpc_metadata *items;
    size_t count;
    size_t capacity;
};

/* Adds a pair; key and value are copied. False, and nothing added, for a key or value that may not be sent (upper case, a
 * key that begins with "grpc-" and is not RPC_DETAILS_KEY, bytes that are no printable ASCII under a key that does not end in "-bin"), or when there
 * is no memory. */
bool rpc_metadata_add(struct rpc_metadata *metadata, const char *key, const void *value,
                      size_t size);

/* Whether a pair may be sent; tells why it was not added. */
bool rpc_metadata_allowed(const char *key, const void *value, size_t size);

/* Moves all pairs of `from` behind those of `to`. Without memory for that they are dropped. */
void rpc_metadata_move(struct rpc_metadata *to, struct rpc_metadata *from);

/* Frees what the list holds; it is empty then, and may be used again. */
void rpc_metadata_clear(struct rpc_metadata *metadata);

/* The value of the first pair with this key, or NULL. It belongs to the array. */
const grpc_slice *rpc_metadata_find(const grpc_metadata_array *received, const char *key);

/* Whether the slice holds this text. */
bool rpc_slice_is(grpc_slice slice, const char *text);

#endif
