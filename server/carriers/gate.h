/*
 * A way that many threads take, and that can be shut: then nobody is on it any more.
 */
#ifndef MASKLINE_SERVER_CARRIERS_GATE_H
#define MASKLINE_SERVER_CARRIERS_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned inside;
    bool closed;
};

void gate_init(struct gate *gate);
void gate_done(struct gate *gate);

/* False: it is closed. Else gate_leave must follow. */
bool gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* Returns when all who entered have left. Not from within. */
void gate_close(struct gate *gate);

#endif
