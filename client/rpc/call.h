/*
 * What every call has, blocking or not, of whatever kind: the core's call, what goes into its batches and comes out of them.
 *
 * A batch is gathered with the call_add functions, then started; what it reads into lies in the struct, which stays where it is
 * until each batch that was started is complete.
 */
#ifndef MASKLINE_CLIENT_RPC_CALL_H
#define MASKLINE_CLIENT_RPC_CALL_H

#include "client/rpc/channel.h"
#include "client/rpc/stub.h"
#include "proto/c/rpc/metadata.h"

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call {
    grpc_call *core;
    struct grpc_c_channel *channel;
    const struct grpc_c_client_method *method;
    struct rpc_metadata metadata; /* of the request, until it is sent */
    uint32_t initial_flags;
    struct grpc_c_travel *travel; /* may be NULL */
    grpc_byte_buffer *sending;    /* one message at a time */
    grpc_byte_buffer *received;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code code;
    grpc_slice text;
    /* What this side found wrong with the answer, STATUS_OK for nothing; it goes before the server's status. Whoever receives
     * writes it. */
    enum status_code failure;
    char failure_text[200];
    pthread_mutex_t cancelling; /* held while the core cancels, so that the end waits for it */
};

/* Makes a call on the queue. Options that cannot be sent cancel it at once: its status says so like any other. */
void call_begin(struct call *call, struct grpc_c_channel *channel,
                const struct grpc_c_client_method *method,
                const struct grpc_c_call_options *options, grpc_completion_queue *queue);

/* Frees what the struct holds. */
void call_end(struct call *call);

/* Any thread; begun before call_end, which waits for it. */
void call_cancel(struct call *call);

enum { CALL_OPERATIONS = 6 };

struct call_batch {
    grpc_op items[CALL_OPERATIONS];
    size_t count;
};

void call_add_initial(struct call *call, struct call_batch *batch);
void call_add_message(struct call *call, struct call_batch *batch, const ProtobufCMessage *message);
void call_add_half_close(struct call_batch *batch);
void call_add_receive_initial(struct call *call, struct call_batch *batch);
void call_add_receive_message(struct call *call, struct call_batch *batch);
void call_add_receive_status(struct call *call, struct call_batch *batch);

void call_start(struct call *call, const struct call_batch *batch, void *tag);

/* After a batch with call_add_message. */
void call_message_sent(struct call *call);

/* Takes what was received, if anything was. NULL also for what is no such message: that fails the call. */
const ProtobufCMessage *call_take_message(struct call *call, struct arena *arena);

/* After the status was received: the end of the call, and the one response of a kind that has one (`ret_response` is NULL for
 * the others), written for STATUS_OK alone. */
bool call_result(struct call *call, struct arena *arena, const ProtobufCMessage **ret_response,
                 struct grpc_c_status *ret_status);

#endif
