/*
 * The bar that Maskline is measured against: a server on gRPC C core alone that gives back bytes, with one queue and some threads.
 * No Maskline code is in it.
 *
 *     echo-server THREADS [look | FOLDER (BEFORE AFTER | message | session)]
 *
 * prints its port on 127.0.0.1, and serves until it is killed. With a folder, which it makes, each unary call is durable in it before its
 * answer goes out, as BEFORE keys, and AFTER keys follow (echo_log.h): the least that a server which writes so much can cost. Or each
 * is a whole message or session (echo_whole.h): Rest tells when all is written that follows from earlier calls. "look" serves Look
 * alone, which answers as much as a session that was looked up (echo_look.h).
 */
#include "client/bench/echo_log.h"
#include "client/bench/echo_look.h"
#include "client/bench/echo_whole.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The queue hands a tag from thread to thread, which a sanitizer does not see: the core is not built with it. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define HANDED_OVER(tag) __tsan_release(tag)
#define TAKEN_OVER(tag)  __tsan_acquire(tag)
#else
#define HANDED_OVER(tag) ((void)(tag))
#define TAKEN_OVER(tag)  ((void)(tag))
#endif

enum { POSTED = 128, POSTED_TALKS = 4, POSTED_RESTS = 1, THREADS_MOST = 64, LOOKS = 3 };

struct call;

/* What the queue hands back: which part of which call. */
struct tag {
    void (*run)(struct call *call, int success);
    struct call *call;
};

struct call {
    struct echo_item item; /* first: who writes gives it back */
    struct tag arrived, closed, received, sent;
    grpc_call *core;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_byte_buffer *answer;
    grpc_slice kept; /* what the log keeps */
    int cancelled;
    int begun;         /* of a talk: the initial metadata are sent */
    atomic_uint parts; /* under way */
};

static grpc_server *server;
static grpc_completion_queue *queue;
static void *echo_method, *talk_method, *rest_method, *look_method;
static void (*keep)(struct echo_item *item); /* NULL: nothing is durable */
static int is_whole;

static void echo_arrived(struct call *call, int success);
static void talk_arrived(struct call *call, int success);
static void rest_arrived(struct call *call, int success);
static void look_arrived(struct call *call, int success);

static void post(void *method)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        abort();
    int talks = method == talk_method;
    call->arrived = (struct tag){talks                   ? talk_arrived
                                 : method == rest_method ? rest_arrived
                                 : method == look_method ? look_arrived
                                                         : echo_arrived,
                                 call};
    grpc_metadata_array_init(&call->metadata);
    HANDED_OVER(&call->arrived);
    if (grpc_server_request_registered_call(server, method, &call->core, &call->deadline,
                                            &call->metadata, talks ? NULL : &call->payload, queue,
                                            queue, &call->arrived) != GRPC_CALL_OK)
        abort();
}

static void start(struct call *call, const grpc_op *operations, size_t count, struct tag *tag)
{
    HANDED_OVER(tag);
    if (grpc_call_start_batch(call->core, operations, count, tag, NULL) != GRPC_CALL_OK)
        abort();
}

static void part_done(struct call *call, int success)
{
    (void)success;
    if (atomic_fetch_sub(&call->parts, 1) > 1)
        return;
    grpc_byte_buffer_destroy(call->answer);
    grpc_byte_buffer_destroy(call->payload);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_unref(call->core);
    free(call);
}

static void receive_close(struct call *call)
{
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    close.data.recv_close_on_server.cancelled = &call->cancelled;
    call->closed = (struct tag){part_done, call};
    start(call, &close, 1, &call->closed);
}

static grpc_slice read_all(grpc_byte_buffer *payload)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, payload))
        abort();
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return bytes;
}

/* A buffer of its own for each answer, as any server must make one: request and response are the same on the wire. */
static void make_answer(struct call *call)
{
    call->kept = read_all(call->payload);
    call->answer = grpc_raw_byte_buffer_create(&call->kept, 1);
    grpc_slice_unref(call->kept); /* the answer holds it */
}

/* ---- unary ---- */

static void give_answer(struct call *call)
{
    grpc_op operations[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                             {.op = GRPC_OP_SEND_MESSAGE},
                             {.op = GRPC_OP_SEND_STATUS_FROM_SERVER}};
    operations[1].data.send_message.send_message = call->answer;
    operations[2].data.send_status_from_server.status = GRPC_STATUS_OK;
    call->sent = (struct tag){part_done, call};
    start(call, operations, 3, &call->sent);
}

static void kept(struct echo_item *item)
{
    give_answer((struct call *)item);
}

static void echo_arrived(struct call *call, int success)
{
    if (!success)
        return;
    post(echo_method);
    call->parts = 2;
    receive_close(call);
    make_answer(call);
    if (!keep) {
        give_answer(call);
        return;
    }
    call->item.bytes = GRPC_SLICE_START_PTR(call->kept);
    call->item.size = GRPC_SLICE_LENGTH(call->kept);
    keep(&call->item);
}

/* Where nothing follows from a call, it is at rest. */
static void rest_arrived(struct call *call, int success)
{
    if (!success)
        return;
    post(rest_method);
    call->parts = 2;
    receive_close(call);
    make_answer(call);
    call->item.rests = 1;
    if (is_whole)
        keep(&call->item);
    else
        give_answer(call);
}

static void look_arrived(struct call *call, int success)
{
    size_t size;
    if (!success)
        return;
    post(look_method);
    call->parts = 2;
    receive_close(call);
    grpc_slice request = read_all(call->payload);
    uint8_t *bytes = echo_look(GRPC_SLICE_START_PTR(request), GRPC_SLICE_LENGTH(request), &size);
    grpc_slice_unref(request);
    grpc_slice answer = grpc_slice_new(bytes, size, free);
    call->answer = grpc_raw_byte_buffer_create(&answer, 1);
    grpc_slice_unref(answer);
    give_answer(call);
}

/* ---- bidi: one message at a time, back and forth ---- */

static void receive(struct call *call)
{
    grpc_op operation = {.op = GRPC_OP_RECV_MESSAGE};
    operation.data.recv_message.recv_message = &call->payload;
    start(call, &operation, 1, &call->received);
}

static void message_sent(struct call *call, int success)
{
    grpc_byte_buffer_destroy(call->answer);
    call->answer = NULL;
    if (success)
        receive(call);
    else
        part_done(call, success);
}

static void message_received(struct call *call, int success)
{
    grpc_op operations[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}};
    size_t count = call->begun ? 0 : 1;
    call->begun = 1;
    if (!success || !call->payload) {
        operations[count].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
        operations[count].data.send_status_from_server.status = GRPC_STATUS_OK;
        call->sent = (struct tag){part_done, call};
    } else {
        make_answer(call);
        grpc_byte_buffer_destroy(call->payload);
        call->payload = NULL;
        operations[count].op = GRPC_OP_SEND_MESSAGE;
        operations[count].data.send_message.send_message = call->answer;
        call->sent = (struct tag){message_sent, call};
    }
    start(call, operations, count + 1, &call->sent);
}

static void talk_arrived(struct call *call, int success)
{
    if (!success)
        return;
    post(talk_method);
    call->parts = 2;
    call->received = (struct tag){message_received, call};
    receive_close(call);
    receive(call);
}

/* ---- the server ---- */

static void *serve(void *data)
{
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (event.type != GRPC_OP_COMPLETE)
            continue;
        struct tag *tag = event.tag;
        TAKEN_OVER(tag);
        tag->run(tag->call, event.success);
    }
    return data;
}

static int listen_somewhere(void)
{
    grpc_arg argument = {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t) "grpc.so_reuseport"};
    grpc_channel_args arguments = {1, &argument};
    server = grpc_server_create(&arguments, NULL);
    queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    echo_method = grpc_server_register_method(server, "/maskline.bench.v1.Echo/Echo", NULL,
                                              GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    talk_method = grpc_server_register_method(server, "/maskline.bench.v1.Echo/Talk", NULL,
                                              GRPC_SRM_PAYLOAD_NONE, 0);
    rest_method = grpc_server_register_method(server, "/maskline.bench.v1.Echo/Rest", NULL,
                                              GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    look_method = grpc_server_register_method(server, "/maskline.bench.v1.Echo/Look", NULL,
                                              GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server, "127.0.0.1:0", plain);
    grpc_server_credentials_release(plain);
    if (port > 0)
        grpc_server_start(server);
    return port;
}

static int start_writing(int count, char **arguments)
{
    is_whole = count == 4;
    if (is_whole) {
        keep = echo_whole_add;
        return echo_whole_start(arguments[2], arguments[3], kept);
    }
    struct echo_log_keys keys = {(unsigned)strtoul(arguments[3], NULL, 10),
                                 (unsigned)strtoul(arguments[4], NULL, 10)};
    keep = echo_queue_add;
    return echo_log_start(arguments[2], keys, kept);
}

int main(int count, char **arguments)
{
    bool known = count == LOOKS ? strcmp(arguments[2], "look") == 0 : count >= 2 && count <= 5;
    long threads = known ? strtol(arguments[1], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MOST) {
        fputs("Usage: echo-server THREADS [look | FOLDER (BEFORE AFTER | message | session)]\n",
              stderr);
        return 2;
    }
    if (count > LOOKS && !start_writing(count, arguments))
        return 1;
    signal(SIGPIPE, SIG_IGN);
    grpc_init();
    int port = listen_somewhere();
    if (port <= 0)
        return 1;
    /* Both at once would be searched by the core after each call. */
    for (int i = 0; i < POSTED; i++)
        post(count == LOOKS ? look_method : echo_method);
    for (int i = 0; i < POSTED_TALKS; i++)
        post(talk_method);
    for (int i = 0; i < POSTED_RESTS; i++)
        post(rest_method);
    printf("%d\n", port);
    fflush(stdout);
    for (long i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0)
            return 1;
    }
    serve(NULL);
    return 0;
}
