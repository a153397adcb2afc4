/*
 * PostgreSQL with a store of its own, for doing there what Maskline does.
 *
 * It runs as the user `postgres` or `nobody` when this is root, listens on a UNIX socket only, and ends with this program. What it is
 * set to is meant to be good for it: memory, large logs, no vacuum or checkpoint in between; and durable as Maskline is,
 * synchronous_commit and fsync on.
 */
#ifndef MASKLINE_CLIENT_BENCH_POSTGRES_H
#define MASKLINE_CLIENT_BENCH_POSTGRES_H

#include "client/bench/pgbench.h"

#include <stdbool.h>

struct postgres;

/* What is run there, as a pgbench script each. */
enum postgres_script { POSTGRES_MESSAGE, POSTGRES_CREATE_SESSION, POSTGRES_SCRIPTS };

struct postgres_options {
    const char *programs; /* the folder of postgres, initdb, psql, pgbench */
    const char *
        folder; /* is made; others may walk through the folders above it; on the disk that counts */
    unsigned services;
    unsigned pairs; /* sessions that messages go through */
};

/* Makes a store, starts the server, makes the tables. NULL, said to stderr. */
struct postgres *postgres_start(const struct postgres_options *options);

/* NULL is fine. Its folder stays. */
void postgres_stop(struct postgres *postgres);

/* Runs the script for so many whole seconds; from so many connections as were best in a short try, which the first run of a script
 * makes. False, said to stderr, also when a transaction failed. */
bool postgres_run(struct postgres *postgres, enum postgres_script script, unsigned seconds,
                  struct pgbench_result *ret_result);

/* 0 before the first run of the script. */
unsigned postgres_connections(const struct postgres *postgres, enum postgres_script script);

#endif
