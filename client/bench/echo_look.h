/*
 * What the echo answers that stands for a session looked up: the request unpacked, and as many fields and messages packed as a session
 * has, by protobuf-c. Nothing is read for it.
 */
#ifndef MASKLINE_CLIENT_BENCH_ECHO_LOOK_H
#define MASKLINE_CLIENT_BENCH_ECHO_LOOK_H

#include <stddef.h>
#include <stdint.h>

/* The answer's bytes, which the caller frees. A request that cannot be unpacked ends the process. */
uint8_t *echo_look(const uint8_t *request, size_t size, size_t *ret_size);

#endif
