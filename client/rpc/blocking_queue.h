/*
 * Waiting for one batch at a time on the calling thread.
 */
#ifndef MASKLINE_CLIENT_RPC_BLOCKING_QUEUE_H
#define MASKLINE_CLIENT_RPC_BLOCKING_QUEUE_H

#include <grpc/grpc.h>
#include <stdbool.h>

grpc_completion_queue *blocking_queue_new(void);

/* After every batch was waited for, and the calls on it were freed. */
void blocking_queue_free(grpc_completion_queue *queue);

/* Waits until the batch with this tag is complete; whether it went well. */
bool blocking_queue_wait(grpc_completion_queue *queue, void *tag);

#endif
