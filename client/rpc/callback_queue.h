/*
 * The one thread that all callbacks run on, and the completion queue that it reads.
 */
#ifndef MASKLINE_CLIENT_RPC_CALLBACK_QUEUE_H
#define MASKLINE_CLIENT_RPC_CALLBACK_QUEUE_H

#include <grpc/grpc.h>
#include <stdbool.h>

/* What a batch on this queue gives as its tag. `run` is called once when the batch is complete; it may free the tag. */
struct callback_tag {
    void (*run)(struct callback_tag *tag, bool success);
};

/* Who may ask for the queue: each channel, from its making to its end. Any thread. */
void callback_queue_join(void);

/* After the last batch of this user is complete. The last user's leave stops the thread; not on that thread. */
void callback_queue_leave(void);

/* The queue, its thread started when it does not run yet; NULL when there can be no thread. Lives until the caller's leave. */
grpc_completion_queue *callback_queue_get(void);

#endif
