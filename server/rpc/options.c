#include "proto/c/rpc/core.h"
#include "server/rpc/internal.h"

#define DEFAULT(field, value)       \
    do {                            \
        if (!options->field)        \
            options->field = value; \
    } while (0)

void options_fill(struct grpc_c_server_options *options, const struct grpc_c_server_options *given)
{
    *options = given ? *given : (struct grpc_c_server_options){.threads = 0};
    DEFAULT(threads, 1);
    DEFAULT(max_request, (size_t)4 << 20);
    DEFAULT(max_call_memory, (size_t)16 << 20);
    DEFAULT(max_metadata, (size_t)16 << 10);
    DEFAULT(max_elements, 100000);
    DEFAULT(max_streams, 10000);
    DEFAULT(keepalive_ms, 7200000);
    DEFAULT(keepalive_timeout_ms, 20000);
    DEFAULT(min_ping_interval_ms, 10000);
    DEFAULT(max_age_grace_ms, 30000);
    DEFAULT(handshake_timeout_ms, 10000);
    DEFAULT(write_timeout_ms, 30000);
    DEFAULT(quiet_ms, 1000);
}

grpc_server *options_server(const struct grpc_c_server_options *options,
                            grpc_resource_quota **ret_quota)
{
    struct rpc_arguments list = {.count = 0};
    /* Else a second server on the same port would take half of the connections, and nobody would know. */
    rpc_arguments_number(&list, GRPC_ARG_ALLOW_REUSEPORT, 0);
    rpc_arguments_number(&list, GRPC_ARG_MAX_CONCURRENT_STREAMS, options->max_streams);
    rpc_arguments_number(&list, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int64_t)options->max_request);
    /* Messages are inflated by us, within the bound. */
    rpc_arguments_number(&list, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    rpc_arguments_number(&list, GRPC_ARG_MAX_METADATA_SIZE, (int64_t)options->max_metadata);
    rpc_arguments_number(&list, GRPC_ARG_KEEPALIVE_TIME_MS, options->keepalive_ms);
    rpc_arguments_number(&list, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options->keepalive_timeout_ms);
    rpc_arguments_number(&list, GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    rpc_arguments_number(&list, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                         options->min_ping_interval_ms);
    rpc_arguments_number(&list, GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                         options->handshake_timeout_ms);
    if (options->max_age_ms) {
        rpc_arguments_number(&list, GRPC_ARG_MAX_CONNECTION_AGE_MS, options->max_age_ms);
        rpc_arguments_number(&list, GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             options->max_age_grace_ms);
    }
    if (options->max_idle_ms)
        rpc_arguments_number(&list, GRPC_ARG_MAX_CONNECTION_IDLE_MS, options->max_idle_ms);
    grpc_resource_quota *quota = NULL;
    if (options->max_memory) {
        quota = grpc_resource_quota_create("server");
        grpc_resource_quota_resize(quota, options->max_memory);
        rpc_arguments_pointer(&list, GRPC_ARG_RESOURCE_QUOTA, quota,
                              grpc_resource_quota_arg_vtable());
    }
    grpc_channel_args arguments = rpc_arguments_list(&list);
    grpc_server *server = grpc_server_create(&arguments, NULL);
    *ret_quota = quota;
    return server;
}
