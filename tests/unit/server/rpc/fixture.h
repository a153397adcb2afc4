/*
 * A server with the lab's services on a free port, and a client to it.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_RPC_FIXTURE_H
#define MASKLINE_TESTS_UNIT_SERVER_RPC_FIXTURE_H

#include "lab.grpc-c-server.h"
#include "server/rpc/server.h"
#include "tests/unit/server/rpc/peer.h"

#include <check.h>

#define ECHO  "/lab.Lab/Echo"
#define COUNT "/lab.Lab/Count"
#define SUM   "/lab.Lab/Sum"
#define CHAT  "/lab.Lab/Chat"

struct fixture {
    struct grpc_c_server *server;
    struct peer peer;
    int port;
    struct lab_lab_service lab;
    struct lab_empty_service empty;
    bool stopped;
};

/* The handlers are those of `lab`, with itself as data when it names none. Options may be NULL: then there are two threads. */
void fixture_start(struct fixture *fixture, const struct lab_lab_service *lab,
                   const struct grpc_c_server_options *options);

/* Stops the server, and sees that every call that began has been freed. */
void fixture_end(struct fixture *fixture);

/* Waits until as many calls have begun, or have been freed; ten seconds at most. */
void fixture_wait_started(struct fixture *fixture, uint64_t count);
void fixture_wait_finished(struct fixture *fixture, uint64_t count);

/* Waits until a counter has this value at least. */
void wait_until(_Atomic int *counter, int value);

/* A request with this text. */
struct outcome fixture_call(struct fixture *fixture, const char *method, const char *text,
                            int64_t timeout_ms);

/* The text of a packed lab.Text, "(none)" for no message; frees the bytes. The result lives until the next call. */
const char *text_of(uint8_t *bytes, size_t size);
const char *receive_text(struct peer_call *call);
bool send_text(struct peer_call *call, const char *text);

/* Runs tests; the program's result. */
int run_tests(const char *name, const TTest *const *tests, size_t count);
#define TEST_MAIN(name, ...)                                             \
    int main(void)                                                       \
    {                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                      \
        return run_tests(name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
