/*
 * Answers, and what they are made of. A unary call's answer is one batch, started on the thread that answers: each batch more
 * would be a write of its own. It also asks how the call ended, unless the call has listened for that: then it is all that
 * the core is asked to do for the call.
 */
#include "proto/c/fault.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/status.h"
#include "server/rpc/internal.h"

#include <grpc/slice.h>
#include <string.h>

/* A reader that takes nothing may keep a smaller answer: the core's part of the call is larger. */
enum { WATCHED_BYTES = 4096 };

grpc_op op_initial(struct grpc_c_call *call)
{
    return (grpc_op){
        .op = GRPC_OP_SEND_INITIAL_METADATA,
        .data.send_initial_metadata =
            {
                .count = call->initial.count,
                .metadata = call->initial.items,
                .maybe_compression_level =
                    {
                        .is_set = call->compress,
                        .level = GRPC_COMPRESS_LEVEL_MED,
                    },
            },
    };
}

grpc_op op_message(grpc_byte_buffer *message, uint32_t flags)
{
    return (grpc_op){
        .op = GRPC_OP_SEND_MESSAGE,
        .flags = flags,
        .data.send_message.send_message = message,
    };
}

grpc_op op_status(struct grpc_c_call *call, grpc_status_code code, grpc_slice *message)
{
    call->code = (enum status_code)code;
    return (grpc_op){
        .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
        .data.send_status_from_server =
            {
                .trailing_metadata_count = call->trailing.count,
                .trailing_metadata = call->trailing.items,
                .status = code,
                .status_details = message,
            },
    };
}

grpc_op op_close(struct grpc_c_call *call)
{
    return (grpc_op){
        .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
        .data.recv_close_on_server.cancelled = &call->cancelled,
    };
}

void unary_sent(struct grpc_c_call *call, bool success, struct worker *worker)
{
    /* Without success the client has gone: nobody is left to be told. */
    (void)success;
    (void)worker;
    if (call->close_with_answer)
        call_note_cancelled(call);
    grpc_c_call_unref(call);
}

/* Gives up the reference of who answers. Behind the operations is room for one more. */
static void send_answer(struct grpc_c_call *call, grpc_op *ops, size_t count)
{
    if (call->close_with_answer)
        ops[count++] = op_close(call);
    if (!call_start_batch(call, ops, count, &call->send_tag))
        grpc_call_cancel(call->core, NULL);
    grpc_c_call_unref(call);
}

static bool fits(struct grpc_c_call *call, const ProtobufCMessage *response)
{
    const struct grpc_c_method *method = call->method->method;
    if (method && response && response->descriptor == method->response && !stream_writes(call))
        return true;
    struct error error;
    if (MUTANT("fault_tells_its_inside"))
        error_set(&error, STATUS_INTERNAL, "BAD_ANSWER", 0, "%s was answered with what it has not.",
                  grpc_c_call_method(call));
    else
        error_internal(&error);
    grpc_c_call_fail(call, &error);
    return false;
}

void grpc_c_call_reply(struct grpc_c_call *call, const ProtobufCMessage *response)
{
    if (!fits(call, response))
        return;
    if (call->stream) {
        stream_reply(call, response);
        return;
    }
    if (!call_claim_unary(call))
        return;
    grpc_byte_buffer *message = rpc_message_pack(response);
    if (grpc_byte_buffer_length(message) >= WATCHED_BYTES) {
        atomic_fetch_add(&call->writes, 1);
        watch_add(call);
    }
    grpc_op ops[4] = {
        op_initial(call),
        op_message(message, 0),
        op_status(call, GRPC_STATUS_OK, NULL),
    };
    send_answer(call, ops, 3);
    grpc_byte_buffer_destroy(message);
}

void grpc_c_call_fail(struct grpc_c_call *call, const struct error *error)
{
    if (call->stream) {
        stream_fail(call, error);
        return;
    }
    if (!call_claim_unary(call))
        return;
    /* OK without a message would be an answer that no client can read. */
    struct error own;
    if (!error->code) {
        error_internal(&own);
        error = &own;
    }
    rpc_status_add_details(error, &call->trailing);
    grpc_slice message = grpc_slice_from_copied_string(error->message);
    grpc_status_code code = rpc_status_code(error);
    grpc_op ops[3] = {op_initial(call), op_status(call, code, &message)};
    send_answer(call, ops, 2);
    grpc_slice_unref(message);
}

void grpc_c_call_unimplemented(struct grpc_c_call *call)
{
    struct error error;
    const char *method = grpc_c_call_method(call);
    int size = (int)strlen(method);
    if (call->details) {
        method = (const char *)GRPC_SLICE_START_PTR(call->details->method);
        size = (int)GRPC_SLICE_LENGTH(call->details->method);
    }
    error_set(&error, STATUS_UNIMPLEMENTED, "", 0, "There is no method %.*s here.",
              size > 200 ? 200 : size, method);
    grpc_c_call_fail(call, &error);
}

bool grpc_c_call_send_initial(struct grpc_c_call *call, const char *key, const void *value,
                              size_t size)
{
    return rpc_metadata_add(&call->initial, key, value, size);
}

bool grpc_c_call_send_trailing(struct grpc_c_call *call, const char *key, const void *value,
                               size_t size)
{
    return rpc_metadata_add(&call->trailing, key, value, size);
}
