/*
 * A channel as the calls on it see it.
 */
#ifndef MASKLINE_CLIENT_RPC_CHANNEL_H
#define MASKLINE_CLIENT_RPC_CHANNEL_H

#include "client/rpc/client.h"
#include "proto/c/wire_check.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <stddef.h>

/* All but `calls` stays as it was made. */
struct grpc_c_channel {
    grpc_channel *core;
    size_t max_response;
    struct wire_limits limits;
    pthread_mutex_t mutex; /* over `calls` */
    pthread_cond_t idle;   /* `calls` has become 0 */
    size_t calls;          /* asynchronous ones that are not freed yet */
};

/* An asynchronous call begins and ends; the channel is not freed in between. Any thread. */
void channel_enter(struct grpc_c_channel *channel);
void channel_leave(struct grpc_c_channel *channel);

#endif
