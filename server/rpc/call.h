/*
 * A call in progress, as a handler sees it.
 *
 * A handler is called on one of the server's threads and must not block there. It answers at once or later, from any
 * thread, exactly once: by the generated `..._reply`, by the end of its stream, or by grpc_c_call_fail. It answers also
 * when the client has gone away in the meantime; that answer then goes nowhere, and the call is freed.
 *
 * Who owns what: the call belongs to the runtime, and lives until it was answered and every reference was given back. The
 * request is const, lives in the call's arena, and lives as long as the call. A response is read before the function that
 * takes it returns.
 */
#ifndef MASKLINE_SERVER_RPC_CALL_H
#define MASKLINE_SERVER_RPC_CALL_H

#include "proto/c/arena.h"
#include "proto/c/error.h"

#include <stdbool.h>
#include <stdint.h>

struct grpc_c_call;

/* A call's memory. Use it on the thread that a callback of this call runs on, or, in a unary call that answers later, on
 * the thread that answers. NULL when there is no memory. */
struct arena *grpc_c_call_arena(struct grpc_c_call *call);

/* Ends the call with an error. Any thread; counts as the answer. In a stream it may be called instead of letting `next`
 * say END: what `next` has given is sent, then the status (which may be OK where `next` may end with OK). A second answer is
 * ignored. */
void grpc_c_call_fail(struct grpc_c_call *call, const struct error *error);

/* Begins to hear of it when the client cancels, goes, or lets its deadline pass. A stream hears of it from its beginning. A unary
 * call does from the first of this, grpc_c_call_cancelled and grpc_c_call_on_cancel on: most are answered before anybody
 * would ask, and hearing costs as much as a good part of the answer. For a handler that lets its call wait and will ask
 * later. Any thread that may use the call. */
void grpc_c_call_listen(struct grpc_c_call *call);

/* Whether the client is known to have cancelled, gone, or let its deadline pass. What came before a unary call began to listen is known
 * a moment later, not yet to the question that begins it. Any thread that may use the call. */
bool grpc_c_call_cancelled(struct grpc_c_call *call);

/* Calls `cancelled(data)` once on a server thread when the call is cancelled before it was answered; at once, on this thread,
 * when that has happened already (or on the server thread that just then learns of it). Once the call is answered it is not called any more, unless it runs at that very moment. It never
 * runs beside the handler or another callback of this call. Once a call. From here on the call listens. */
void grpc_c_call_on_cancel(struct grpc_c_call *call, void (*cancelled)(void *data), void *data);

/* Nanoseconds until the deadline, negative when it has passed, INT64_MAX when there is none. Any thread. */
int64_t grpc_c_call_time_left(const struct grpc_c_call *call);

/* The value of a request metadata key (lower case), NULL when absent, the first of several. Lives as long as the call;
 * for keys in -bin the bytes, of *ret_size (which may be NULL otherwise). Any thread. */
const char *grpc_c_call_metadata(const struct grpc_c_call *call, const char *key, size_t *ret_size);

/* Metadata of the answer, copied; before the first message or the answer, by the thread that gives it. */
bool grpc_c_call_send_initial(struct grpc_c_call *call, const char *key, const void *value,
                              size_t size);
bool grpc_c_call_send_trailing(struct grpc_c_call *call, const char *key, const void *value,
                               size_t size);

/* Compress this call's answers when the client can read it. Before the first message or the answer. */
void grpc_c_call_compress(struct grpc_c_call *call, bool on);

/* Called in `next`: the message that it gives goes as it is, though the call compresses. The ones after it are compressed again. */
void grpc_c_call_plain_message(struct grpc_c_call *call);

/* Whether the request came compressed; in on_message: whether that message did. In a handler or on_message. */
bool grpc_c_call_came_compressed(const struct grpc_c_call *call);

/* Where the call comes from ("ipv4:127.0.0.1:5000"); never a proof of identity. Lives as long as the call. */
const char *grpc_c_call_peer(struct grpc_c_call *call);

/* The full name of the method, "/package.Service/Method". */
const char *grpc_c_call_method(const struct grpc_c_call *call);

/* Keeps the call alive for a waker on another thread, which may come after the end. Any thread. */
struct grpc_c_call *grpc_c_call_ref(struct grpc_c_call *call);
void grpc_c_call_unref(struct grpc_c_call *call);

/* What a stream's source says when it is asked for the next message. It is asked one ahead: whether there is a second is
 * asked before the first goes, so that a run of messages can go in one write. */
enum grpc_c_next {
    GRPC_C_MESSAGE, /* here is one; it is read before the arena is reset for the next */
    GRPC_C_LATER,   /* nothing now; ask again after grpc_c_call_wake */
    GRPC_C_END,     /* the stream ends: OK when *ret_status was left alone, else with that error */
};

/* Says that `next` may have something now. Any thread that holds a reference, at any time, also after the end. Many wakes may
 * give one question. */
void grpc_c_call_wake(struct grpc_c_call *call);

/* Reads on after `on_message` said false. Any thread that holds a reference. */
void grpc_c_call_read_on(struct grpc_c_call *call);

#endif
