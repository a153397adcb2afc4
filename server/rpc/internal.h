/*
 * What the parts of the runtime know of each other: the server, its methods and workers, and the calls.
 *
 * How a call lives. A call is made when a request is posted to the core, and begins when the core fills it in. It is counted:
 * one reference for whoever may still answer, one for each batch under way, one for the worker that runs it, and those
 * that were asked for. With the last one it is freed.
 *
 * How its callbacks stay apart. What happens to a call (a batch is done, somebody wakes it) is a bit in `events`. Whoever sets
 * one while RUNNING is not set becomes the runner, or hands that to a worker: the runner takes bits and handles them until
 * there are none. Callbacks run there only, so that no lock is held while they run, and several wakes are one.
 */
#ifndef MASKLINE_SERVER_RPC_INTERNAL_H
#define MASKLINE_SERVER_RPC_INTERNAL_H

#include "proto/c/rpc/metadata.h"
#include "server/rpc/call.h"
#include "server/rpc/server.h"
#include "server/rpc/stub.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

/* The core hands a tag from the thread that gives it to the one that gets it back. The thread sanitizer does not see that, for
 * the core is built without it. */
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define TAG_GIVEN(tag) __tsan_release(tag)
#define TAG_BACK(tag)  __tsan_acquire(tag)
#else
#define TAG_GIVEN(tag) ((void)(tag))
#define TAG_BACK(tag)  ((void)(tag))
#endif

struct worker {
    struct grpc_c_server *server;
    pthread_t thread;
    struct arena *scratch; /* for one message while it is handled */
    bool ticks;            /* this one looks after slow readers */
};

struct method {
    const struct grpc_c_method *method; /* NULL: what no method was registered for */
    const void *implementation;
    void *handle; /* the core's */
    struct grpc_c_server *server;
    unsigned most;           /* requests to keep posted, when many calls come at once */
    _Atomic unsigned wanted; /* as many as they have been asked for so far */
    _Atomic unsigned posted;
};

struct service {
    struct service *next;
    const struct grpc_c_service *service;
    struct method methods[];
};

struct grpc_c_server {
    struct grpc_c_server_options options; /* with the defaults filled in */
    grpc_server *core;
    grpc_resource_quota *quota;
    grpc_completion_queue *queue;      /* calls */
    grpc_completion_queue *shut_queue; /* tells that the core has no calls left */
    struct service *services;
    struct method unknown;
    struct worker *workers;
    unsigned worker_count;
    bool started;
    _Atomic bool shut; /* the core was told to shut down; written under `lock` */
    bool core_done;    /* and has said that it did */
    bool stopped;
    _Atomic bool stopping;
    _Atomic bool hurry;
    _Atomic bool dry; /* a request could not be posted for want of memory */

    _Atomic uint64_t in_flight; /* calls whose handler was called; refused ones are none */
    _Atomic uint64_t calls_started;
    _Atomic uint64_t calls_finished; /* the last thing that a call touches */

    /* Guards the list of watched calls and `shut`. Held while they are woken or cancelled, never while a callback runs. */
    pthread_mutex_t lock;
    struct grpc_c_call *watched;
    uint64_t stream_count;
};

typedef void tag_done(struct grpc_c_call *call, bool success, struct worker *worker);

/* What a completion queue gives back. */
struct tag {
    struct grpc_c_call *call;
    tag_done *done;
};

/* Bits of `events`. */
enum {
    RUNNING = 1,
    CLOSED = 2,
    OPENED = 4,
    WOKEN = 8,
    READ_ON = 16,
    SENT = 32,
    RECEIVED = 64,
    ENDING = 128, /* reply or fail was called; `ending` is filled in */
};

/* Bits of `flags`; they are set and stay. */
enum {
    ANSWERED = 1,
    CANCELLED = 2,
    CANCEL_SET = 4,
    CANCEL_CALLED = 8,
    LISTENS =
        16, /* the core was asked to tell when the call is over, by a batch of its own or with the answer */
};

struct grpc_c_call {
    struct grpc_c_server *server;
    struct method *method;
    grpc_call *core;
    _Atomic unsigned refs;
    _Atomic unsigned events;
    _Atomic unsigned flags;
    int cancelled; /* written by the core */
    bool compress;
    bool plain;           /* `next` wants the message that it gives left as it is */
    bool came_compressed; /* the last message that was received */
    bool admitted;        /* counts as in flight */
    bool
        close_with_answer; /* `cancelled` is written with the answer's batch; set by who answers, before it */
    enum status_code code; /* of the answer */
    gpr_timespec deadline;
    int64_t began_us;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_call_details *details; /* of a method that is unknown */
    struct arena *arena;
    struct rpc_metadata initial;
    struct rpc_metadata trailing;
    void (*on_cancel)(void *data);
    void *on_cancel_data;
    _Atomic(struct received *) received_metadata; /* with NULs, made when first asked for */
    _Atomic(char *) peer;
    struct tag request_tag;
    struct tag close_tag;
    struct tag send_tag;
    struct tag run_tag;
    struct stream *stream; /* NULL in a unary call */

    struct grpc_c_call *previous; /* the list of watched calls; under the server's lock */
    struct grpc_c_call *next;
    bool watched;
    /* Odd while a write is under way; with it, what the tick saw last (under the server's lock). */
    _Atomic uint32_t writes;
    uint32_t seen_writes;
    int64_t seen_at_ms;
    _Atomic bool too_slow;
};

/* How a stream ends. */
struct ending {
    grpc_status_code code;
    grpc_slice message;
    struct rpc_metadata details;
};

/* What a stream has beside the call; touched by the runner only, unless it says otherwise. */
struct stream {
    struct grpc_c_call *call;
    void *state; /* written before OPENED */
    const void *calls;
    const struct grpc_c_stream_calls *vtable;

    grpc_byte_buffer *held;     /* the message to be sent next */
    uint32_t held_flags;        /* how */
    grpc_byte_buffer *response; /* of a client stream; written before ENDING */
    struct ending ending;       /* the same */
    bool opened;
    bool over; /* none of its callbacks but on_end runs any more */
    bool end_told;
    bool ended; /* `ending` holds */
    bool closed;
    bool dirty; /* the source may have something */
    bool writing;
    bool initial_sent;
    bool status_sent;
    bool reading;
    bool paused;
    bool read_all;

    grpc_byte_buffer *received; /* written by the core */
    struct tag receive_tag;
};

/* call.c: life, and what happens to a call. */

/* Posts requests until as many are waiting as the method wants. */
void method_post(struct method *method);
void call_ref(struct grpc_c_call *call);
/* A reference on a call that may be about to be freed; false when it is. */
bool call_try_ref(struct grpc_c_call *call);
/* Says that something happened. A callback must not run on this thread: a worker runs the call. */
void call_signal(struct grpc_c_call *call, unsigned event);
/* The same on a worker, outside of any callback: the call is run here and now. */
void call_signal_here(struct grpc_c_call *call, unsigned event, struct worker *worker);
/* Whether the caller is the one who answers. */
bool call_claim(struct grpc_c_call *call);
/* The same of a unary call, whose answer also asks to be told of its end when nobody has asked before. */
bool call_claim_unary(struct grpc_c_call *call);
/* Takes note of how the call ended, once `cancelled` is written. */
void call_note_cancelled(struct grpc_c_call *call);
/* Starts a batch; its tag holds a reference from now until it is done. False when the core refuses. */
bool call_start_batch(struct grpc_c_call *call, const grpc_op *ops, size_t count, struct tag *tag);
enum grpc_c_kind call_kind(const struct grpc_c_call *call);

/* unary.c: answers in one batch. */
void unary_sent(struct grpc_c_call *call, bool success, struct worker *worker);
grpc_op op_initial(struct grpc_c_call *call);
grpc_op op_message(grpc_byte_buffer *message, uint32_t flags);
grpc_op op_status(struct grpc_c_call *call, grpc_status_code code, grpc_slice *message);
grpc_op op_close(struct grpc_c_call *call);

/* stream.c: opening and ending; stream_out.c and stream_in.c: the two directions. */
bool stream_new(struct grpc_c_call *call);
void stream_free(struct stream *stream);
void stream_run(struct grpc_c_call *call, unsigned events, struct worker *worker);
void stream_fail(struct grpc_c_call *call, const struct error *error);
void stream_reply(struct grpc_c_call *call, const ProtobufCMessage *response);
bool stream_writes(const struct grpc_c_call *call);
bool stream_reads(const struct grpc_c_call *call);
void stream_batch(struct stream *stream, const grpc_op *ops, size_t count);

/* Asks the source, sends what it has, and the initial metadata. */
void stream_pump(struct stream *stream, struct worker *worker);
void stream_take(struct stream *stream, struct worker *worker);
void stream_read(struct stream *stream);
void stream_received(struct grpc_c_call *call, bool success, struct worker *worker);

/* watch.c: calls that may be written to for long. */
void watch_add(struct grpc_c_call *call);
void watch_remove(struct grpc_c_call *call);
void watch_wake(struct grpc_c_server *server);
void watch_tick(struct grpc_c_server *server, int64_t now_ms);

/* server.c: posts what is wanted and is not there. */
void server_post(struct grpc_c_server *server);

/* worker.c */
bool workers_start(struct grpc_c_server *server, struct error *error);
void workers_join(struct grpc_c_server *server);

/* options.c */
void options_fill(struct grpc_c_server_options *options, const struct grpc_c_server_options *given);
grpc_server *options_server(const struct grpc_c_server_options *options,
                            grpc_resource_quota **ret_quota);

/* incoming.c: what the client sent along with the call. */
void received_free(struct grpc_c_call *call);

/* ---- accept.c ---- */
/* Puts a descriptor by for connections that come when there is none left. */
void accept_reserve(void);

#endif
