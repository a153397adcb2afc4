#include "client/rpc/blocking_queue.h"

#include "proto/c/rpc/tag.h"

#include <stddef.h>

grpc_completion_queue *blocking_queue_new(void)
{
    return grpc_completion_queue_create_for_pluck(NULL);
}

void blocking_queue_free(grpc_completion_queue *queue)
{
    grpc_completion_queue_shutdown(queue);
    grpc_completion_queue_destroy(queue);
}

bool blocking_queue_wait(grpc_completion_queue *queue, void *tag)
{
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    grpc_event event = grpc_completion_queue_pluck(queue, tag, never, NULL);
    RPC_TAG_BACK(tag);
    return event.type == GRPC_OP_COMPLETE && event.success;
}
