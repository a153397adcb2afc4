#include "proto/c/rpc/status.h"

#include "proto/c/arena.h"

#include <string.h>

enum { SCRATCH_BYTES = 64 * 1024 };

grpc_status_code rpc_status_code(const struct error *error)
{
    return (grpc_status_code)error->code;
}

void rpc_status_add_details(const struct error *error, struct rpc_metadata *trailing)
{
    if (!error->reason[0] && !error->original && error->retry_ms < 0 && !error->field_count &&
        !error->metadata_count)
        return;
    __attribute__((cleanup(arena_done))) struct arena *scratch = arena_new(SCRATCH_BYTES);
    ProtobufCBinaryData bytes;
    /* Without memory for them the details are left out: code and message are still true. */
    if (scratch && error_pack(error, scratch, RPC_DETAILS_MAX, &bytes) && bytes.len > 0)
        rpc_metadata_add(trailing, RPC_DETAILS_KEY, bytes.data, bytes.len);
}

void rpc_status_read(grpc_status_code code, const char *message, const uint8_t *details,
                     size_t details_size, struct error *ret_error)
{
    bool known = code >= GRPC_STATUS_OK && code <= GRPC_STATUS_UNAUTHENTICATED;
    enum status_code ours = known ? (enum status_code)code : STATUS_UNKNOWN;
    struct error said;
    error_set(ret_error, ours, "", 0, "%s", message ? message : "");
    if (!details || !error_unpack(details, details_size, &said) || said.code != ours)
        return;
    /* The details leave out the message when they have no room for it. */
    if (!said.message[0])
        memcpy(said.message, ret_error->message, sizeof(said.message));
    *ret_error = said;
}
