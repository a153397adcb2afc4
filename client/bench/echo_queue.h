/*
 * Calls of a durable echo that wait for the thread that writes. No Maskline code is in it.
 */
#ifndef MASKLINE_CLIENT_BENCH_ECHO_QUEUE_H
#define MASKLINE_CLIENT_BENCH_ECHO_QUEUE_H

#include <stddef.h>

enum { ECHO_HASHES = 2, ECHO_HASH = 16 };

/* A part of what waits; the caller's, from echo_queue_add until it is given back. */
struct echo_item {
    struct echo_item *next;
    const void *bytes; /* of the request */
    size_t size;
    unsigned char hashes[ECHO_HASHES][ECHO_HASH]; /* echo_whole.c */
    int rests; /* no call as others: it is answered when all that follows from those is written */
};

/* From any thread. */
void echo_queue_add(struct echo_item *item);

/* All that wait, in the order in which they came; with `waits` there is one. One thread takes. */
struct echo_item *echo_queue_take(int waits);

#endif
