/*
 * What a server needs when nothing happens, and for those who wait for something to happen.
 */
#ifndef MASKLINE_CLIENT_BENCH_MEMORY_H
#define MASKLINE_CLIENT_BENCH_MEMORY_H

#include "client/bench/peers.h"

#include <stdint.h>

struct memory {
    uint64_t idle_bytes;       /* resident, with an empty store */
    double bytes_a_subscriber; /* that it grew by for each event stream; 0: none was opened */
};

/* Of a server that was just started. False, said to stderr. */
bool memory_measure(const struct peer *server, unsigned subscribers, struct memory *ret_memory);

#endif
