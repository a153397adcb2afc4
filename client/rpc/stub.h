/*
 * What the generated client code and the runtime say to each other.
 *
 * For a method m of a service with prefix p_s the generator writes, over the functions below, typed ones:
 *
 * Blocking; responses and the status live in `arena`, which the caller made. True when the code is OK.
 *     bool p_s_m(struct grpc_c_channel *, const struct grpc_c_call_options *, const P__Request *, struct arena *,
 *                const P__Response **ret_response, struct grpc_c_status *ret_status);                         unary
 *     struct p_s_m_call *p_s_m_begin(struct grpc_c_channel *, const struct grpc_c_call_options *[, const P__Request *]);
 *                                                                          streams; NULL when there is no memory
 *     bool p_s_m_write(struct p_s_m_call *, const P__Request *);           client stream, bidi; false: the call has ended
 *     bool p_s_m_write_done(struct p_s_m_call *);                          client stream, bidi
 *     bool p_s_m_read(struct p_s_m_call *, struct arena *, const P__Response **ret_response);   server stream, bidi; false:
 *                                                                          nothing more comes, ask finish why
 *     bool p_s_m_finish(struct p_s_m_call *, struct arena *, [const P__Response **ret_response,]
 *                       struct grpc_c_status *ret_status);                 once, last; frees the call
 *     void p_s_m_cancel(struct p_s_m_call *);                              any thread, before finish returns
 * One thread may write while another reads. finish says that no more requests come where that was not said, and passes over
 * responses that were not read: to leave an endless stream, cancel it first.
 *
 * A unary method also as a value, for grpc_c_client_unary, where a program chooses its calls from a table:
 *     extern const struct grpc_c_client_method p_s_m__method;
 *
 * Asynchronous:
 *     struct grpc_c_client_call *p_s_m_start(struct grpc_c_channel *, const struct grpc_c_call_options *, const P__Request *,
 *         void (*done)(void *data, const P__Response *response, const struct grpc_c_status *status), void *data);   unary
 *     struct p_s_m_async *p_s_m_start(channel, options, [request,] const struct p_s_m_callbacks *, void *data);     streams
 *     struct p_s_m_callbacks {
 *         void (*on_message)(void *data, const P__Response *message);          server stream, bidi
 *         void (*on_writable)(void *data);                                     client stream, bidi: one more send is welcome
 *         void (*on_end)(void *data, [const P__Response *response,] const struct grpc_c_status *status);    once, last
 *     };
 *     bool p_s_m_send(struct p_s_m_async *, const P__Request *);   the first at any time, then one at a time: false until
 *                                                                  on_writable, and after the end
 *     bool p_s_m_send_done(struct p_s_m_async *);
 *     void p_s_m_abandon(struct p_s_m_async *);                    cancels
 * Callbacks may run before `start` has returned. `send` and the like may be called from any thread, also from callbacks. A
 * message, response or status lives until the callback returns. An async stream is valid until on_end returns.
 */
#ifndef MASKLINE_CLIENT_RPC_STUB_H
#define MASKLINE_CLIENT_RPC_STUB_H

#include "client/rpc/client.h"

#include <protobuf-c/protobuf-c.h>

/* Constants: the path must live as long as the program. */
struct grpc_c_client_method {
    const char *path; /* "/package.Service/Method" */
    bool client_streams;
    bool server_streams;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
};

/* Blocking. `ret_response` is written only for OK, `ret_status` always. */
bool grpc_c_client_unary(struct grpc_c_channel *channel, const struct grpc_c_client_method *method,
                         const struct grpc_c_call_options *options, const ProtobufCMessage *request,
                         struct arena *arena, const ProtobufCMessage **ret_response,
                         struct grpc_c_status *ret_status);

struct grpc_c_client_stream;

/* `request` is NULL when the client streams. */
struct grpc_c_client_stream *grpc_c_client_open(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *options,
                                                const ProtobufCMessage *request);
bool grpc_c_client_write(struct grpc_c_client_stream *stream, const ProtobufCMessage *message);
bool grpc_c_client_write_done(struct grpc_c_client_stream *stream);
bool grpc_c_client_read(struct grpc_c_client_stream *stream, struct arena *arena,
                        const ProtobufCMessage **ret_message);
/* `ret_response` is NULL when the server streams. */
bool grpc_c_client_finish(struct grpc_c_client_stream *stream, struct arena *arena,
                          const ProtobufCMessage **ret_response, struct grpc_c_status *ret_status);
void grpc_c_client_stream_cancel(struct grpc_c_client_stream *stream);

/* Asynchronous. The typed callbacks stand behind functions that the runtime can call; `callbacks` is the typed struct. on_message is
 * needed when the server streams, on_writable is never, on_end always. */
struct grpc_c_client_calls {
    void (*on_message)(const void *callbacks, void *data, const ProtobufCMessage *message);
    void (*on_writable)(const void *callbacks, void *data);
    void (*on_end)(const void *callbacks, void *data, const ProtobufCMessage *response,
                   const struct grpc_c_status *status);
};

struct grpc_c_client_async;

/* `callbacks_size` bytes of `callbacks` are copied. `request` is NULL when the client streams. NULL when there is no memory. */
struct grpc_c_client_async *grpc_c_client_start(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *options,
                                                const ProtobufCMessage *request,
                                                const void *callbacks, size_t callbacks_size,
                                                const struct grpc_c_client_calls *calls,
                                                void *data);
bool grpc_c_client_send(struct grpc_c_client_async *call, const ProtobufCMessage *message);
bool grpc_c_client_send_done(struct grpc_c_client_async *call);
void grpc_c_client_abandon(struct grpc_c_client_async *call);

/* What grpc_c_client_cancel takes; the same call. */
struct grpc_c_client_call *grpc_c_client_async_call(struct grpc_c_client_async *call);

#endif
