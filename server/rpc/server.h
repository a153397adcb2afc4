/*
 * A gRPC server on gRPC C core: queues, threads, listening, limits, drain.
 *
 * Order of its life: new, add services, listen, start, stop, free. One thread runs these; calls are served on threads of the
 * server's own. Health (grpc.health.v1) and reflection (v1, v1alpha) are added by server/rpc/health.h and
 * server/rpc/reflection.h.
 */
#ifndef MASKLINE_SERVER_RPC_SERVER_H
#define MASKLINE_SERVER_RPC_SERVER_H

#include "proto/c/error.h"
#include "server/rpc/stub.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grpc_c_server;

/* Zero means the default that is named. Times are in milliseconds, sizes in bytes.
 *
 * What no option bounds, for the core offers none: the time that one header takes which goes on for megabytes (the square of its
 * size), and calls that are begun and reset at once (12 KiB each until a worker has come to them). Past max_memory the core
 * resets streams and closes connections, not always those that are to blame: such a call ends with UNAVAILABLE or
 * RESOURCE_EXHAUSTED. */
struct grpc_c_server_options {
    unsigned threads;             /* 1; they share one completion queue */
    size_t max_request;           /* 4 MiB, after inflating */
    size_t max_call_memory;       /* 16 MiB for one call's arena */
    size_t max_metadata;          /* 16 KiB */
    uint32_t max_elements;        /* 100,000 fields and elements in one message */
    uint32_t max_streams;         /* 10,000 calls at once on one connection */
    size_t max_memory;            /* 0: no bound on what the core buffers */
    int64_t keepalive_ms;         /* 7,200,000: ping an idle connection */
    int64_t keepalive_timeout_ms; /* 20,000 */
    int64_t min_ping_interval_ms; /* 10,000: a client that pings more often is sent away */
    int64_t max_age_ms;           /* 0: connections may live for ever */
    int64_t max_age_grace_ms;     /* 30,000: for calls on a connection that grew too old */
    int64_t max_idle_ms;          /* 0: for ever */
    int64_t handshake_timeout_ms; /* 10,000 */
    int64_t
        write_timeout_ms; /* 30,000: a call whose reader takes nothing for so long ends UNAVAILABLE; a quarter more may pass */
    int64_t quiet_ms;     /* 1,000: how long a stop waits before it sends clients elsewhere */
    /* Told once of every call that has ended, on any thread, after its last callback; must not block. May be NULL. `method` is
     * the method's path, "(unknown)" for one that is not served; the code is what the call ended with as far as the server
     * knows. Calls that the core refuses by itself (a request above max_request) are not seen. */
    void (*on_call)(void *data, const char *method, enum status_code code, int64_t duration_us);
    void *on_call_data;
};

struct grpc_c_server *grpc_c_server_new(const struct grpc_c_server_options *options,
                                        struct error *error);

/* Before start. The description and the implementation must live as long as the server. A service can be added once. */
bool grpc_c_server_add(struct grpc_c_server *server, const struct grpc_c_service *service,
                       const void *implementation, struct error *error);

/* The full names of the services, in the order in which they were added; NULL past the last. Not while one is added. */
const char *grpc_c_server_service(const struct grpc_c_server *server, size_t number);

/* "127.0.0.1:7766", "[::1]:0", "unix:/path". The port is checked here; port 0 takes a free one. A port that is taken is an
 * error (FAILED_PRECONDITION, ADDRESS_IN_USE). Plain text: say no to non-loopback addresses before this. */
bool grpc_c_server_listen(struct grpc_c_server *server, const char *address, int *ret_port,
                          struct error *error);

bool grpc_c_server_start(struct grpc_c_server *server, struct error *error);

/* Refuses new calls (UNAVAILABLE, SERVER_STOPPING), and waits for those in flight; when they have ended, after quiet_ms at
 * the latest, it tells clients to go elsewhere (GOAWAY): from then on what they begin is cancelled. Calls in flight have grace_ms in
 * all; then the rest is cancelled, and waited for until every handler has answered and every reference is back. Streams hear of
 * it first: `stopping` below. Whoever answers calls (a writer thread) must still run. False when calls are still alive `grace_ms`
 * + 10 s later; then the server must not be freed.
 *
 * An answer that was given within quiet_ms reaches its client, as long as the connection holds. One that is given later may
 * be lost when the client is just saying something: the core then closes the connection with the answer on its way. */
bool grpc_c_server_stop(struct grpc_c_server *server, int64_t grace_ms);

/* Makes a stop that is under way cancel at once. Any thread, not from a signal handler. */
void grpc_c_server_hurry(struct grpc_c_server *server);

/* Whether stop has begun. A source of an endless stream asks it in `next`, and says END with UNAVAILABLE ("reconnect"). All
 * open streams are woken when it turns true. Any thread. */
bool grpc_c_server_stopping(const struct grpc_c_server *server);

/* After stop, or instead of start. NULL is fine. */
void grpc_c_server_free(struct grpc_c_server *server);

struct grpc_c_server_counts {
    uint64_t started;  /* calls since the start */
    uint64_t finished; /* of them, freed */
    uint64_t streams;  /* open streams now */
};
void grpc_c_server_count(const struct grpc_c_server *server,
                         struct grpc_c_server_counts *ret_counts);

/* The server that a call belongs to. */
struct grpc_c_server *grpc_c_call_server(const struct grpc_c_call *call);

#endif
