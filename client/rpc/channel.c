#include "client/rpc/channel.h"

#include "client/rpc/callback_queue.h"
#include "client/rpc/target.h"
#include "proto/c/rpc/core.h"

#include <grpc/grpc_security.h>
#include <stdlib.h>

enum {
    MAX_RESPONSE = 64 * 1024 * 1024,
    MAX_ELEMENTS = 1000000,
    KEEPALIVE_TIMEOUT_MS = 20000,
    CONNECT_MS = 20000,
    FIRST_BACKOFF_MS = 200,
    LONGEST_BACKOFF_MS = 10000,
};

static void add_keepalive(struct rpc_arguments *arguments,
                          const struct grpc_c_channel_options *options)
{
    int64_t timeout = options->keepalive_timeout_ms;
    rpc_arguments_number(arguments, GRPC_ARG_KEEPALIVE_TIME_MS, options->keepalive_ms);
    rpc_arguments_number(arguments, GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                         timeout ? timeout : KEEPALIVE_TIMEOUT_MS);
    /* A stream that waits for events is silent for long: the pings must go on without data. */
    rpc_arguments_number(arguments, GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

static void add_arguments(struct rpc_arguments *arguments,
                          const struct grpc_c_channel_options *options, size_t max_response)
{
    rpc_arguments_number(arguments, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int64_t)max_response);
    /* Inflated here, within the bound: the core would inflate first and measure then. */
    rpc_arguments_number(arguments, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    rpc_arguments_number(arguments, GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, FIRST_BACKOFF_MS);
    /* In spite of its name this is how long one attempt to connect may take. */
    rpc_arguments_number(arguments, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_MS);
    rpc_arguments_number(arguments, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, LONGEST_BACKOFF_MS);
    rpc_arguments_number(arguments, GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    rpc_arguments_number(arguments, GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    if (options->keepalive_ms > 0)
        add_keepalive(arguments, options);
    if (options->own_connection)
        rpc_arguments_number(arguments, GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (options->lean) {
        rpc_arguments_number(arguments, GRPC_ARG_MINIMAL_STACK, 1);
        /* Which would go with the rest: a call to a server that hangs must end. */
        rpc_arguments_number(arguments, GRPC_ARG_ENABLE_DEADLINE_CHECKS, 1);
    }
    if (options->user_agent)
        rpc_arguments_text(arguments, GRPC_ARG_PRIMARY_USER_AGENT_STRING, options->user_agent);
}

static grpc_channel *make_core(const char *target, const struct grpc_c_channel_options *options,
                               size_t max_response)
{
    struct rpc_arguments arguments = {0};
    add_arguments(&arguments, options, max_response);
    grpc_channel_args list = rpc_arguments_list(&arguments);
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *core = grpc_channel_create(target, plain, &list);
    grpc_channel_credentials_release(plain);
    return core;
}

struct grpc_c_channel *grpc_c_channel_new(const char *target,
                                          const struct grpc_c_channel_options *options,
                                          struct error *error)
{
    static const struct grpc_c_channel_options defaults;
    if (!options)
        options = &defaults;
    if (!target_check(target, error))
        return NULL;
    struct grpc_c_channel *channel = calloc(1, sizeof(*channel));
    if (!channel) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory left.");
        return NULL;
    }
    channel->max_response = options->max_response ? options->max_response : MAX_RESPONSE;
    if (channel->max_response > INT32_MAX)
        channel->max_response = INT32_MAX;
    channel->limits.elements = options->max_elements ? options->max_elements : MAX_ELEMENTS;
    pthread_mutex_init(&channel->mutex, NULL);
    pthread_cond_init(&channel->idle, NULL);
    rpc_core_acquire();
    callback_queue_join();
    channel->core = make_core(target, options, channel->max_response);
    return channel;
}

void grpc_c_channel_free(struct grpc_c_channel *channel)
{
    if (!channel)
        return;
    pthread_mutex_lock(&channel->mutex);
    while (channel->calls)
        pthread_cond_wait(&channel->idle, &channel->mutex);
    pthread_mutex_unlock(&channel->mutex);
    grpc_channel_destroy(channel->core);
    callback_queue_leave();
    rpc_core_release();
    pthread_cond_destroy(&channel->idle);
    pthread_mutex_destroy(&channel->mutex);
    free(channel);
}

void channel_enter(struct grpc_c_channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    channel->calls++;
    pthread_mutex_unlock(&channel->mutex);
}

void channel_leave(struct grpc_c_channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    if (--channel->calls == 0)
        pthread_cond_broadcast(&channel->idle);
    pthread_mutex_unlock(&channel->mutex);
}
