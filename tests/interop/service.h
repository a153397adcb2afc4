/*
 * grpc.testing.TestService, as the interoperability suite wants it.
 */
#ifndef MASKLINE_TESTS_INTEROP_SERVICE_H
#define MASKLINE_TESTS_INTEROP_SERVICE_H

#include "grpc/testing/test.grpc-c-server.h"
#include "tests/interop/timer.h"

/* The largest payload that is sent, in bytes; more is INVALID_ARGUMENT. */
enum { SERVICE_LARGEST = 16 << 20 };

/* The handlers' data is the timer. */
struct grpc_testing_test_service_service service_on(struct timer *timer);

/* For the parts of the service. */

/* Sends back what the metadata ask to be sent back: one key at the beginning, one at the end. */
void service_echo_metadata(struct grpc_c_call *call);

/* Zeros, or INVALID_ARGUMENT. The bytes live for ever. */
bool service_payload(Grpc__Testing__PayloadType type, int32_t size,
                     Grpc__Testing__Payload *ret_payload, struct error *error);

/* Whether the message came as `expected` says; NULL expects nothing. Else INVALID_ARGUMENT. */
bool service_came_as(const struct grpc_c_call *call, const Grpc__Testing__BoolValue *expected,
                     struct error *error);

/* Whether a status is asked for that is not OK; then the error is that. */
bool service_status(const Grpc__Testing__EchoStatus *asked, struct error *ret_status);

/* output.c: the calls that stream answers. */
void output_streaming(void *data, struct grpc_c_call *call,
                      const Grpc__Testing__StreamingOutputCallRequest *request);
void output_full_duplex(void *data, struct grpc_c_call *call);
void output_half_duplex(void *data, struct grpc_c_call *call);

#endif
