/*
 * Blocking calls of one request and one response. Each has a queue of its own: a queue can be plucked by a few threads only, and
 * one that belonged to a thread would have to end before the core does.
 */
#include "client/rpc/blocking_queue.h"
#include "client/rpc/call.h"

bool grpc_c_client_unary(struct grpc_c_channel *channel, const struct grpc_c_client_method *method,
                         const struct grpc_c_call_options *options, const ProtobufCMessage *request,
                         struct arena *arena, const ProtobufCMessage **ret_response,
                         struct grpc_c_status *ret_status)
{
    grpc_completion_queue *queue = blocking_queue_new();
    struct call call;
    call_begin(&call, channel, method, options, queue);
    struct call_batch batch = {0};
    call_add_initial(&call, &batch);
    call_add_message(&call, &batch, request);
    call_add_half_close(&batch);
    call_add_receive_initial(&call, &batch);
    call_add_receive_message(&call, &batch);
    call_add_receive_status(&call, &batch);
    call_start(&call, &batch, &call);
    blocking_queue_wait(queue, &call);
    bool ok = call_result(&call, arena, ret_response, ret_status);
    call_end(&call);
    blocking_queue_free(queue);
    return ok;
}
