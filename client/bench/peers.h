/*
 * The servers of a run: Maskline, and the bare echo that it is compared with.
 */
#ifndef MASKLINE_CLIENT_BENCH_PEERS_H
#define MASKLINE_CLIENT_BENCH_PEERS_H

#include "client/bench/process.h"

enum { TARGET_SIZE = 32 };

struct peer {
    struct process process;
    char target[TARGET_SIZE]; /* "127.0.0.1:PORT" */
};

/* A bare echo on gRPC C core, with `threads` threads on one queue; with a `folder`, which it makes, each call is durable there before
 * its answer. False, said to stderr. */
bool peer_start_echo(const char *program, unsigned threads, const char *folder,
                     struct peer *ret_peer);

/* A Maskline server with an empty store in `folder`, which is made; `more` are further arguments for it, NULL last. False,
 * with its own words, said to stderr. */
bool peer_start_maskline(const char *program, const char *folder, const char *const *more,
                         struct peer *ret_peer);

void peer_stop(struct peer *peer);

#endif
