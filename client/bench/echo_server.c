/*
 * The bar that Maskline is measured against: a server on gRPC C core alone that echoes bytes, with one queue and one thread. No
 * Maskline code is in it.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSTED = 128 };

enum stage { ARRIVES, ENDS };

struct call {
    enum stage stage;
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_byte_buffer *answer;
    int cancelled;
    unsigned batches; /* under way */
};

static grpc_server *server;
static grpc_completion_queue *queue;
static void *method;

static void post(void)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        abort();
    grpc_metadata_array_init(&call->metadata);
    if (grpc_server_request_registered_call(server, method, &call->call, &call->deadline,
                                            &call->metadata, &call->payload, queue, queue,
                                            call) != GRPC_CALL_OK)
        abort();
}

static void done(struct call *call)
{
    if (--call->batches > 0)
        return;
    grpc_byte_buffer_destroy(call->answer);
    grpc_byte_buffer_destroy(call->payload);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_unref(call->call);
    free(call);
}

static void answer(struct call *call)
{
    post();
    call->stage = ENDS;
    call->batches = 2;
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    close.data.recv_close_on_server.cancelled = &call->cancelled;
    if (grpc_call_start_batch(call->call, &close, 1, call, NULL) != GRPC_CALL_OK)
        abort();
    /* A buffer of its own for each answer, as any server must make one. */
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, call->payload))
        abort();
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    call->answer = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_slice_unref(bytes);
    grpc_op operations[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                             {.op = GRPC_OP_SEND_MESSAGE},
                             {.op = GRPC_OP_SEND_STATUS_FROM_SERVER}};
    operations[1].data.send_message.send_message = call->answer;
    operations[2].data.send_status_from_server.status = GRPC_STATUS_OK;
    if (grpc_call_start_batch(call->call, operations, 3, call, NULL) != GRPC_CALL_OK)
        abort();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    grpc_init();
    grpc_arg argument = {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.so_reuseport"};
    grpc_channel_args arguments = {1, &argument};
    server = grpc_server_create(&arguments, NULL);
    queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    method = grpc_server_register_method(server, "/maskline.bench.v1.Echo/Echo", NULL,
                                         GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server, "127.0.0.1:0", plain);
    grpc_server_credentials_release(plain);
    if (port == 0)
        return 1;
    grpc_server_start(server);
    for (int i = 0; i < POSTED; i++)
        post();
    printf("%d\n", port);
    fflush(stdout);
    /* It runs until it is killed: there is nothing to lose. */
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (event.type != GRPC_OP_COMPLETE)
            continue;
        struct call *call = event.tag;
        if (call->stage == ARRIVES && event.success)
            answer(call);
        else if (call->stage == ENDS)
            done(call);
    }
}
