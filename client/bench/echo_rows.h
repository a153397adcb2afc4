/*
 * What a message or a session leaves in a store: entries of a log and rows, with keys and values of the sizes that Maskline's own
 * have (measured, of a text of 128 characters), in two families of RocksDB. No Maskline code is in it; records are packed by
 * protobuf-c.
 *
 * One thread, but for echo_rows_hash. Aborts when the disk fails, or there is no memory.
 */
#ifndef MASKLINE_CLIENT_BENCH_ECHO_ROWS_H
#define MASKLINE_CLIENT_BENCH_ECHO_ROWS_H

#include "client/bench/echo_queue.h"

enum { ECHO_SID = 16 };

/* A message or a session. */
struct echo_thing {
    unsigned char sid[ECHO_SID];
    unsigned char hashes
        [ECHO_HASHES]
        [ECHO_HASH]; /* of a message: the one that knows it again; of a session: its two persons */
};

/* An empty store in `folder`, which is made. 0: no, said to stderr. */
int echo_rows_open(const char *folder);

/* Unpacks a request, and hashes what it names, `count` things. Any thread. */
void echo_rows_hash(struct echo_item *item, unsigned count);

/* Reads whether a message is known, or a person; it is not. */
void echo_rows_look(const struct echo_thing *thing, unsigned which);

/* To the next write: a message's entries... */
void echo_rows_accepted(struct echo_thing *thing, const struct echo_item *item);
void echo_rows_went_on(const struct echo_thing *thing); /* it is sent, or delivered */
/* ...its own row, and the one that knows it again; the row of its session, one of 256... */
void echo_rows_message(const struct echo_thing *thing);
void echo_rows_session_of(const struct echo_thing *thing);
/* ...what the creation of a session answers for, and what follows from it. */
void echo_rows_created(struct echo_thing *thing, const struct echo_item *item);
void echo_rows_session(const struct echo_thing *thing);

/* With one fsync; nothing to do when nothing was put. */
void echo_rows_write_durably(void);
/* What follows from the log, which a start after a crash would make again: without an fsync, and not in RocksDB's own log. */
void echo_rows_write(void);

#endif
