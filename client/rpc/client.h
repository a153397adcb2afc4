/*
 * A gRPC client on gRPC C core: channels, call options, statuses. The generated stubs are what programs call.
 *
 * Blocking calls may be made from any number of threads at once. Asynchronous calls call back on one thread of the
 * library's own, which all channels share; a callback must not block, and may start other asynchronous calls, but no blocking
 * ones, and may not free a channel.
 *
 * A call whose server never ends it is waited for as long as it takes: give it a deadline, or cancel it.
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
    size_t max_response;          /* 64 MiB for one message, after inflating; 2 GiB at most */
    uint32_t max_elements;        /* 1,000,000 in one message */
    int64_t keepalive_ms;         /* 0: no pings */
    int64_t keepalive_timeout_ms; /* 20,000 */
    bool own_connection;          /* do not share a connection with channels to the same target */
    /* For load generators, which trust the server: a call costs about a quarter less CPU, without the core's own retries and its bound
     * on a message that is still coming. */
    bool lean;
    const char *user_agent; /* put before the library's own name */
};

/* A channel to "host:port", "[v6]:port", "unix:/path" or "unix-abstract:name": plain text, and straight there, whatever proxy the
 * environment names. It connects with the first call; a connection that was lost or refused is tried again after 0.2 s, then ever
 * more seldom, at last every 10 s. Options may be NULL. NULL and an error for an address that is none (INVALID_ARGUMENT,
 * INVALID_TARGET), or when there is no memory. */
struct grpc_c_channel *grpc_c_channel_new(const char *target,
                                          const struct grpc_c_channel_options *options,
                                          struct error *error);

/* After the last blocking call on it has returned and every stream is finished. Waits until the last asynchronous call has told
 * its end; not in a callback. NULL is fine. */
void grpc_c_channel_free(struct grpc_c_channel *channel);

struct grpc_c_pair {
    const char *key; /* lower case; binary when it ends in -bin */
    const void *value;
    size_t size;
};

/* How the messages of one call travel, for programs that have to know. The program's own: it lives until the call has ended. Sending
 * reads the one, receiving writes the other, each on the thread that does it (of an asynchronous call, the callback thread). */
struct grpc_c_travel {
    bool send_plain;      /* read with each message: it goes as it is, though the call compresses */
    bool came_compressed; /* written with each message, before the program gets it */
};

/* NULL or zeroes: no deadline, fail at once when there is no connection, no metadata, no compression. Read before the function
 * returns that takes them. Metadata that cannot be sent make the call end with INVALID_ARGUMENT. */
struct grpc_c_call_options {
    int64_t timeout_ms; /* from now; 0: none; negative: has passed already */
    bool wait_for_ready;
    bool compress;                /* gzip */
    struct grpc_c_travel *travel; /* NULL: messages are compressed as above, and nobody asks */
    const struct grpc_c_pair *metadata;
    size_t metadata_count;
};

/* How a call ended. Lives in the arena of the call that it is given with; of metadata and details there is as much as the arena
 * has room for. An answer that cannot be read is INTERNAL; RESOURCE_EXHAUSTED when it is too large for the channel or the
 * arena. */
struct grpc_c_status {
    enum status_code code;
    const char *message;    /* never NULL; UTF-8 */
    const uint8_t *details; /* grpc-status-details-bin as it came; NULL when there is none */
    size_t details_size;
    const struct grpc_c_pair *initial; /* metadata of the answer; each value has a NUL behind it */
    size_t initial_count;
    const struct grpc_c_pair *trailing;
    size_t trailing_count;
};

/* The same as a `struct error`, details unpacked as far as they are known. */
void grpc_c_status_error(const struct grpc_c_status *status, struct error *ret_error);

/* An asynchronous call in progress; it frees itself after its last callback. */
struct grpc_c_client_call;

/* Any thread, until the last callback returns; a call that has ended is left alone. Calls back nothing itself, so a lock that the
 * callbacks take may be held. */
void grpc_c_client_cancel(struct grpc_c_client_call *call);

#endif
