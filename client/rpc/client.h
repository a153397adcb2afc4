/*
 * A gRPC client on gRPC C core: channels, call options, statuses. The generated stubs are what programs call.
 *
 * Blocking calls may be made from any number of threads at once. Asynchronous calls call back on one thread of the
 * library's own, which all channels share; a callback must not block, and may start other asynchronous calls, but no blocking
 * ones.
 */
#ifndef MASKLINE_CLIENT_RPC_CLIENT_H
#define MASKLINE_CLIENT_RPC_CLIENT_H

#include "proto/c/arena.h"
#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grpc_c_channel;

/* Zero means the default that is named. */
struct grpc_c_channel_options {
    size_t max_response;          /* 64 MiB */
    uint32_t max_elements;        /* 1,000,000 in one message */
    int64_t keepalive_ms;         /* 0: no pings */
    int64_t keepalive_timeout_ms; /* 20,000 */
    bool own_connection;          /* do not share a connection with channels to the same target */
    const char *user_agent;       /* put before the library's own name */
};

/* A channel to "host:port" or "unix:/path", plain text. It connects with the first call. */
struct grpc_c_channel *grpc_c_channel_new(const char *target,
                                          const struct grpc_c_channel_options *options,
                                          struct error *error);

/* After the last call on it has ended. NULL is fine. */
void grpc_c_channel_free(struct grpc_c_channel *channel);

struct grpc_c_pair {
    const char *key; /* lower case; binary when it ends in -bin */
    const void *value;
    size_t size;
};

/* NULL or zeroes: no deadline, fail at once when there is no connection, no metadata, no compression. */
struct grpc_c_call_options {
    int64_t timeout_ms; /* from now; 0: none */
    bool wait_for_ready;
    bool compress; /* gzip */
    const struct grpc_c_pair *metadata;
    size_t metadata_count;
};

/* How a call ended. Lives in the arena of the call that it is given with. */
struct grpc_c_status {
    enum status_code code;
    const char *message;
    const uint8_t *details; /* grpc-status-details-bin as it came; NULL when there is none */
    size_t details_size;
    const struct grpc_c_pair *initial; /* metadata of the answer */
    size_t initial_count;
    const struct grpc_c_pair *trailing;
    size_t trailing_count;
};

/* The same as a `struct error`, details unpacked as far as they are known. */
void grpc_c_status_error(const struct grpc_c_status *status, struct error *ret_error);

/* An asynchronous call in progress; it frees itself after its last callback. */
struct grpc_c_client_call;

/* Any thread, until the last callback returns; a call that has ended is left alone. */
void grpc_c_client_cancel(struct grpc_c_client_call *call);

#endif
