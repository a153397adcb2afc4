/*
 * A client on gRPC core alone, which does one thing at a time and waits for it, ten seconds at most.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_RPC_PEER_H
#define MASKLINE_TESTS_UNIT_SERVER_RPC_PEER_H

#include "proto/c/error.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer {
    grpc_channel *channel;
};

/* Arguments may be NULL. Each peer has a connection of its own. */
struct peer peer_new(int port, const grpc_channel_args *more);
void peer_free(struct peer *peer);

enum { PEER_METADATA = 8 };

/* How a call ended. */
struct outcome {
    int code; /* -1: not within ten seconds */
    char message[512];
    struct error error; /* the details, when there are some; otherwise code and message */
    size_t details_size;
    uint8_t *response; /* of a unary call; NULL when none came; freed by outcome_done */
    size_t response_size;
    char initial[PEER_METADATA][128]; /* "key=value" */
    char trailing[PEER_METADATA][128];
};
void outcome_done(struct outcome *outcome);
bool outcome_has(char list[PEER_METADATA][128], const char *pair);

/* One call in progress. */
struct peer_call {
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code code;
    grpc_slice message;
    const char *error_string;
    bool headed; /* the initial metadata was waited for */
};

/* timeout_ms < 0: no deadline. `metadata` is a list of key, value, ..., NULL; or NULL. */
struct peer_call *peer_begin(struct peer *peer, const char *method, int64_t timeout_ms,
                             const char *const *metadata);
/* Waits for the initial metadata of the answer. */
void peer_headers(struct peer_call *call);
bool peer_send(struct peer_call *call, const ProtobufCMessage *message);
bool peer_send_bytes(struct peer_call *call, const void *bytes, size_t size);
bool peer_half_close(struct peer_call *call);
/* The next message, which the caller frees; NULL when none comes any more. */
uint8_t *peer_receive(struct peer_call *call, size_t *ret_size);
void peer_cancel(struct peer_call *call);
/* Waits for the status, which comes behind all messages (receive them before), and frees the call. */
struct outcome peer_end(struct peer_call *call);

/* A whole unary call. */
struct outcome peer_unary(struct peer *peer, const char *method, const ProtobufCMessage *request,
                          int64_t timeout_ms);
struct outcome peer_unary_bytes(struct peer *peer, const char *method, const void *bytes,
                                size_t size, int64_t timeout_ms);

#endif
