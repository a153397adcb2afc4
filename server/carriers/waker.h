/*
 * Tells somebody who may go away meanwhile, without holding a lock: whoever goes waits for calls on other threads, and may also
 * go from within a call. Part of an owner that is guarded by one lock, which is the one given to all functions here.
 */
#ifndef MASKLINE_SERVER_CARRIERS_WAKER_H
#define MASKLINE_SERVER_CARRIERS_WAKER_H

#include <pthread.h>
#include <stdbool.h>

struct waker {
    pthread_cond_t idle;
    unsigned calls; /* that run now */
    bool closed;
    bool closed_in_call;
};

void waker_init(struct waker *waker);
void waker_done(struct waker *waker);

/* Runs call(data). The lock is held on entry and on return, and not in between. True: the waker was closed from within, and this was
 * the last call: whoever called frees the owner. When false the owner may be gone. */
bool waker_call(struct waker *waker, pthread_mutex_t *lock, void (*call)(void *data), void *data);

/* No call begins any more, and those on other threads have ended. The lock is held. True: the caller frees the owner; false: the call
 * that this one runs in does, see above. */
bool waker_close(struct waker *waker, pthread_mutex_t *lock);

#endif
