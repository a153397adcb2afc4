/*
 * What the tests of the client have in common: a raw server with a script for each way to behave, and methods that say one text
 * and hear one.
 */
#ifndef MASKLINE_TESTS_UNIT_CLIENT_RPC_FIXTURE_H
#define MASKLINE_TESTS_UNIT_CLIENT_RPC_FIXTURE_H

#include "client/rpc/stub.h"
#include "tests/unit/client/rpc/raw_server.h"

#include "google/protobuf/wrappers.pb-c.h"

#include <check.h>
#include <semaphore.h>

/* Each once as every kind: "echo" sends back what it gets until the half-close, and so on; see fixture.c. */
enum script {
    ECHO, /* sends each message back; OK after the half-close */
    COUNT, /* sends as many texts, "0", "1" ..., as the metadata "count" says, once it has the request */
    TOTAL,   /* answers how many messages came */
    SPEAK,   /* answers with metadata, details and ABORTED */
    SILENT,  /* tells `arrived`, does nothing, tells `gone` when it is cancelled */
    HEADERS, /* sends its metadata, then as SILENT */
    ONE,     /* sends one message, then as SILENT */
    EARLY,   /* ends with FAILED_PRECONDITION, and reads nothing */
    RUBBISH, /* answers the bytes of the metadata "bytes-bin", then OK */
    EMPTY,   /* OK, and no message */
    PACKED,  /* answers a long text, compressed */
    HEADER,  /* answers the value of the metadata that "which" names */
    SCRIPTS,
};

struct method {
    struct grpc_c_client_method unary;
    struct grpc_c_client_method server_stream;
    struct grpc_c_client_method client_stream;
    struct grpc_c_client_method bidi;
};

extern const struct method methods[SCRIPTS];

enum { PACKED_SIZE = 100000 };

struct fixture {
    struct raw_server *server;
    struct grpc_c_channel *channel;
    struct arena *arena;
};

extern sem_t arrived;
extern sem_t gone;

/* At most 60 s, then the test fails. */
void await(sem_t *event);

struct fixture fixture_start(void);
void fixture_stop(struct fixture *fixture);

/* A channel to the target, which must be a sound one. */
struct grpc_c_channel *channel_to(const char *target);

/* A server at the address; the caller stops it. */
struct raw_server *server_at(const char *address);

/* A port of 127.0.0.1 where nobody answers until `close`. */
struct refused {
    int socket;
    char target[32];
};
struct refused refused_port(void);
void refused_done(struct refused *refused);

/* A message with this text, which must live as long. */
Google__Protobuf__StringValue text_message(const char *text);
const char *text_of(const ProtobufCMessage *message);

/* What is checked of nearly every end. */
void expect(const struct grpc_c_status *status, enum status_code code);

bool say(struct fixture *fixture, enum script script, const struct grpc_c_call_options *options,
         const char *text, const char **ret_text, struct grpc_c_status *ret_status);

/* Runs each test in a process of its own. */
int fixture_main(const char *name, const TTest *const *tests, size_t count);

#define FIXTURE_MAIN(name, ...)                                             \
    int main(void)                                                          \
    {                                                                       \
        const TTest *const tests[] = {__VA_ARGS__};                         \
        return fixture_main(name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
