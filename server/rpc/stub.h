/*
 * What the generated server code and the runtime say to each other. Handlers need call.h only.
 *
 * For a service S of package p (prefix p_s, all in snake case: maskline_v1_sessions) the generator writes
 *
 *     struct p_s_service {            what an implementation fills in; lives as long as the server
 *         void *data;                 given to each handler
 *         void (*unary)(void *data, struct grpc_c_call *call, const P__Request *request);
 *         void (*server_stream)(void *data, struct grpc_c_call *call, const P__Request *request);
 *         void (*client_stream)(void *data, struct grpc_c_call *call);
 *         void (*bidi)(void *data, struct grpc_c_call *call);
 *     };                              a handler left NULL answers UNIMPLEMENTED
 *     extern const struct grpc_c_service p_s_descriptor;   for grpc_c_server_add(server, &p_s_descriptor, &implementation, error)
 *
 * and for each method m
 *
 *     void p_s_m_reply(struct grpc_c_call *call, const P__Response *response);            unary and client stream
 *     void p_s_m_open(struct grpc_c_call *call, void *state, const struct p_s_m_stream *stream);   all but unary
 *     struct p_s_m_stream {           constants, usually static; live as long as the call
 *         bool (*on_message)(void *state, const P__Request *message);    client stream, bidi
 *         void (*on_half_close)(void *state);                            client stream, bidi
 *         enum grpc_c_next (*next)(void *state, struct arena *arena,
 *                                  const P__Response **ret_message, struct error *ret_status);   server stream, bidi
 *         void (*on_end)(void *state);                                   all
 *     };
 *
 * A stream's handler ends with `open`, or with grpc_c_call_fail; both may come later from another thread, as with unary calls.
 * Of one call no two callbacks run at the same time. After on_end none runs, and on_end runs exactly once for each open,
 * after the last message and however the call ends: there the state is freed. on_message: the message lives until it returns; false
 * stops reading until grpc_c_call_read_on. on_half_close: the client will send nothing more; it is not called when the
 * call breaks. After on_end the call may be gone: whoever may still wake it, read on or answer holds a reference. A client
 * stream answers with `reply`, at the earliest in its handler. A bidi call ends when `next` says END.
 */
#ifndef MASKLINE_SERVER_RPC_STUB_H
#define MASKLINE_SERVER_RPC_STUB_H

#include "server/rpc/call.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum grpc_c_kind {
    GRPC_C_UNARY,
    GRPC_C_SERVER_STREAM,
    GRPC_C_CLIENT_STREAM,
    GRPC_C_BIDI,
};

struct grpc_c_method {
    const char *path; /* "/package.Service/Method" */
    enum grpc_c_kind kind;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    /* Calls the implementation's handler (a struct p_s_service), or says UNIMPLEMENTED where it is NULL. `request` is NULL for
     * the kinds whose requests come as a stream. */
    void (*start)(const void *implementation, struct grpc_c_call *call,
                  const ProtobufCMessage *request);
};

struct grpc_c_service {
    const char *name; /* "package.Service" */
    const struct grpc_c_method *methods;
    size_t method_count;
};

/* The typed struct p_s_m_stream behind functions that the runtime can call; one constant for each method. Members that the
 * kind does not have are NULL. */
struct grpc_c_stream_calls {
    bool (*on_message)(const void *stream, void *state, const ProtobufCMessage *message);
    void (*on_half_close)(const void *stream, void *state);
    enum grpc_c_next (*next)(const void *stream, void *state, struct arena *arena,
                             const ProtobufCMessage **ret_message, struct error *ret_status);
    void (*on_end)(const void *stream, void *state);
};

/* The runtime's side of `reply` and `open`; they check the kind of the call, and a wrong one is INTERNAL to the client. */
void grpc_c_call_reply(struct grpc_c_call *call, const ProtobufCMessage *response);
void grpc_c_call_open(struct grpc_c_call *call, void *state, const void *stream,
                      const struct grpc_c_stream_calls *calls);
void grpc_c_call_unimplemented(struct grpc_c_call *call);

#endif
