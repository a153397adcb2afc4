/*
 * The cases of the interoperability suite, on our own stubs.
 */
#ifndef MASKLINE_TESTS_INTEROP_CLIENT_H
#define MASKLINE_TESTS_INTEROP_CLIENT_H

#include "client/rpc/client.h"

#include "grpc/testing/messages.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The sizes that the suite names, in bytes. */
enum { LARGE_REQUEST = 271828, LARGE_RESPONSE = 314159 };

/* No call of a case takes longer, unless the case says so. */
enum { CASE_TIMEOUT_MS = 120000 };

/* One case being run. */
struct run {
    struct grpc_c_channel *channel;
    struct arena *arena; /* for what calls give */
    int calls;           /* how many concurrent_large_unary makes */
    char why[400];       /* what is wrong */
};

/* A case: true when it holds; otherwise `why` was written. */
typedef bool run_case(struct run *run);

run_case empty_unary, cacheable_unary, large_unary, concurrent_large_unary; /* unary.c */
run_case client_compressed_unary, server_compressed_unary;                  /* compressed.c */
run_case client_compressed_streaming, server_compressed_streaming;          /* compressed.c */
run_case client_streaming, server_streaming, ping_pong, empty_stream;       /* streams.c */
run_case cancel_after_begin, cancel_after_first_response,
    timeout_on_sleeping_server;                                            /* streams.c */
run_case custom_metadata, status_code_and_message, special_status_message; /* ends.c */
run_case unimplemented_method, unimplemented_service;                      /* ends.c */

/* Writes why; false always. */
bool wrong(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a call ended with this code. */
bool ended_with(struct run *run, const struct grpc_c_status *status, enum status_code code);

/* So many zeros; they live for ever. At most LARGE_REQUEST. */
Grpc__Testing__Payload zeros(size_t size);

/* Whether a payload is so many zeros. */
bool are_zeros(struct run *run, const Grpc__Testing__Payload *payload, size_t size);

/* Options with the bound on time. */
struct grpc_c_call_options options_bounded(void);

#endif
