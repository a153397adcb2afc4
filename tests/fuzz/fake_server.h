/*
 * The server's runtime without a network: it stands in for server/rpc under the generated stubs and the API, so that a program can call
 * every RPC in its own process. Callbacks of a call run on the thread that drives it; answers may come from any thread.
 */
#ifndef MASKLINE_TESTS_FUZZ_FAKE_SERVER_H
#define MASKLINE_TESTS_FUZZ_FAKE_SERVER_H

#include "server/rpc/server.h"

struct fake_method {
    const struct grpc_c_method *method;
    const void *implementation;
};

/* Instead of grpc_c_server_new; services are added by grpc_c_server_add. */
struct grpc_c_server *fake_server_new(void);
void fake_server_free(struct grpc_c_server *server);
/* What to do again and again while a call is waited for: what no thread of the program does by itself. Before the first call. */
void fake_server_meanwhile(struct grpc_c_server *server, void (*meanwhile)(void *data), void *data);
/* Streams are to end. */
void fake_server_stop(struct grpc_c_server *server);
const struct fake_method *fake_server_methods(const struct grpc_c_server *server,
                                              size_t *ret_count);

/* Starts a call and waits until it was answered, or its stream is open. The request (NULL for a stream of them) lives as long as the call, which
 * takes the arena over. */
struct grpc_c_call *fake_call(struct grpc_c_server *server, const struct fake_method *method,
                              const ProtobufCMessage *request, struct arena *arena);

/* Whether its stream is still open. */
bool fake_call_open(const struct grpc_c_call *call);

/* A stream's messages that are there now, at most `most`; each packed, and gone when `take` returns. */
void fake_call_pull(struct grpc_c_call *call, size_t most,
                    void (*take)(void *data, const uint8_t *bytes, size_t size), void *data);

/* Gives it a message. False: it does not read now. */
bool fake_call_give(struct grpc_c_call *call, const ProtobufCMessage *message);

/* What it ended with; the answer is packed, NULL without one. Valid until fake_call_end. */
enum status_code fake_call_outcome(struct grpc_c_call *call, struct error *ret_error,
                                   const uint8_t **ret_bytes, size_t *ret_size);

/* Lets go of it, a stream as if the client had gone; waits until nobody holds it any more. */
void fake_call_end(struct grpc_c_call *call);

#endif
