/*
 * A gRPC server straight on the core, without anything of the project's runtimes: each call runs a script of blocking steps on
 * a thread of its own, and sends the bytes that it is told to, right or wrong.
 */
#ifndef MASKLINE_TESTS_UNIT_CLIENT_RPC_RAW_SERVER_H
#define MASKLINE_TESTS_UNIT_CLIENT_RPC_RAW_SERVER_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw_server;
struct raw_call;

struct raw_method {
    const char *path;
    void (*serve)(
        struct raw_call *call); /* ends with raw_finish, or leaves it: then the status is OK */
};

/* On a free port of 127.0.0.1. `methods` lives as long as the server; a path that is not there is UNIMPLEMENTED. Fails the
 * test when it cannot start. */
struct raw_server *raw_server_start(const struct raw_method *methods, size_t count);

/* The same at an address of the caller's choice. */
struct raw_server *raw_server_start_at(const char *address, const struct raw_method *methods,
                                       size_t count);

/* Its address, "127.0.0.1:port" when it chose the port itself. */
const char *raw_server_target(const struct raw_server *server);

/* Cancels what still runs. */
void raw_server_stop(struct raw_server *server);

/* The next message's bytes, until the next read; false at the half-close, and when the call is broken. */
bool raw_read(struct raw_call *call, const uint8_t **ret_bytes, size_t *ret_size);

/* Metadata to send with the first message or the status (initial), or with the status (trailing). The texts live as long as the
 * program. */
void raw_initial(struct raw_call *call, const char *key, const void *value, size_t size);
void raw_trailing(struct raw_call *call, const char *key, const void *value, size_t size);

/* Sends the initial metadata now. */
bool raw_headers(struct raw_call *call);

bool raw_write(struct raw_call *call, const void *bytes, size_t size);

void raw_finish(struct raw_call *call, int code, const char *message);

/* Waits until the client has cancelled, or has gone. */
void raw_await_cancel(struct raw_call *call);

/* The value of a metadata key of the request, copied into `buffer` with a NUL; -1 when it is not there. */
int raw_metadata(struct raw_call *call, const char *key, char *buffer, size_t room);

#endif
