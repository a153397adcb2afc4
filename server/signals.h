/*
 * SIGTERM and SIGINT, on a thread of their own.
 */
#ifndef MASKLINE_SERVER_SIGNALS_H
#define MASKLINE_SERVER_SIGNALS_H

#include "proto/c/error.h"

struct signals;

/* Before any other thread is started: they all leave these signals to this one. */
void signals_block(void);

/* Each signal calls `told(data, which, count)` on the thread: `count` is 1 for the first, 2 for the second, and so on. */
struct signals *signals_new(void (*told)(void *data, int which, unsigned count), void *data);

/* No signal is told after this. NULL is fine. */
void signals_free(struct signals *signals);

#endif
