/*
 * What pgbench prints.
 */
#ifndef MASKLINE_CLIENT_BENCH_PGBENCH_H
#define MASKLINE_CLIENT_BENCH_PGBENCH_H

#include <stdbool.h>
#include <stdint.h>

struct pgbench_result {
    uint64_t transactions;
    uint64_t failed;
    double per_second; /* without the time to connect */
    double latency_ms; /* the average */
};

/* Reads the summary of PostgreSQL 15's pgbench. False when it is none, or not a whole one. */
bool pgbench_read(const char *text, struct pgbench_result *ret_result);

#endif
