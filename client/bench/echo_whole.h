/*
 * What a durable echo does for a whole message, or for a session: the least that any server on these libraries has to do for one, with
 * no Maskline code and no domain in it.
 *
 * Of a message: its request is unpacked, a keyed hash names it, a read finds that it is new, and its entry, packed, is durable before
 * the answer, with those of all calls that wait, by one fsync. Behind the answer two more entries, sent and delivered, are made durable
 * with later groups, and after many messages its rows are written: its own, the one that knows it again, and its session's. The
 * outbox's row has gone by then, so nobody need write it.
 *
 * Of a session: two persons are hashed and looked up; an entry and three rows are durable before the answer, and four rows follow.
 *
 * What is not yet written would have to be looked for in memory, too; that is left out.
 */
#ifndef MASKLINE_CLIENT_BENCH_ECHO_WHOLE_H
#define MASKLINE_CLIENT_BENCH_ECHO_WHOLE_H

#include "client/bench/echo_queue.h"

/* "message" or "session", in a store in `folder`, which is made; `done` is called, on the thread that writes, for one item after the
 * other. 0: no, said to stderr. */
int echo_whole_start(const char *folder, const char *what, void (*done)(struct echo_item *item));

/* From any thread: in place of echo_queue_add. */
void echo_whole_add(struct echo_item *item);

#endif
