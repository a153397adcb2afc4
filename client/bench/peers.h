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

/* A bare echo on gRPC C core, with `threads` threads on one queue. False, said to stderr. */
bool peer_start_echo(const char *program, unsigned threads, struct peer *ret_peer);

/* One of one thread that answers each call with as much as a session that was looked up (echo_look.h). */
bool peer_start_look(const char *program, struct peer *ret_peer);

/* One that makes each call durable as `before` keys in `folder`, which it makes, and writes `after` more behind its answer. */
bool peer_start_durable(const char *program, const char *folder, unsigned before, unsigned after,
                        struct peer *ret_peer);

/* One to which each call is a whole `what`, "message" or "session" (echo_whole.h), in `folder`, which it makes. */
bool peer_start_whole(const char *program, const char *folder, const char *what,
                      struct peer *ret_peer);

/* A Maskline server with an empty store in `folder`, which is made; `more` are further arguments for it, NULL last. False,
 * with its own words, said to stderr. */
bool peer_start_maskline(const char *program, const char *folder, const char *const *more,
                         struct peer *ret_peer);

void peer_stop(struct peer *peer);

#endif
