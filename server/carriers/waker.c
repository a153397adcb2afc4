#include "server/carriers/waker.h"

#include <stddef.h>

/* The calls that run on this thread, the innermost first: one may lead to another. */
struct frame {
    const struct waker *waker;
    const struct frame *outer;
};
static _Thread_local const struct frame *frames;

void waker_init(struct waker *waker)
{
    *waker = (struct waker){.calls = 0};
    pthread_cond_init(&waker->idle, NULL);
}

void waker_done(struct waker *waker)
{
    pthread_cond_destroy(&waker->idle);
}

bool waker_call(struct waker *waker, pthread_mutex_t *lock, void (*call)(void *data), void *data)
{
    if (waker->closed)
        return false;
    const struct frame frame = {waker, frames};
    waker->calls++;
    pthread_mutex_unlock(lock);
    frames = &frame;
    call(data);
    frames = frame.outer;
    pthread_mutex_lock(lock);
    waker->calls--;
    if (waker->calls == 0 && waker->closed_in_call)
        return true;
    if (waker->closed)
        pthread_cond_broadcast(&waker->idle);
    return false;
}

bool waker_close(struct waker *waker, pthread_mutex_t *lock)
{
    unsigned here = 0;
    for (const struct frame *frame = frames; frame; frame = frame->outer)
        here += frame->waker == waker;
    waker->closed = true;
    while (waker->calls > here)
        pthread_cond_wait(&waker->idle, lock);
    waker->closed_in_call = here > 0;
    return here == 0;
}
