/*
 * Wakes calls when a time has come; one thread for all of them.
 */
#ifndef MASKLINE_TESTS_INTEROP_TIMER_H
#define MASKLINE_TESTS_INTEROP_TIMER_H

#include "server/rpc/call.h"

#include <stdint.h>

struct timer;

/* The owner's memory; zeroed, it is not set. */
struct timer_entry {
    struct timer_entry *next;
    struct timer_entry **link; /* what points to this one; NULL when it is not set */
    struct grpc_c_call *call;
    int64_t due_us;
};

/* Microseconds on the monotonic clock. */
int64_t timer_now_us(void);

/* NULL when no thread can be started. */
struct timer *timer_new(void);

/* With no entry set. NULL is fine. */
void timer_free(struct timer *timer);

/* Wakes the call once at the time or later, anew when it was set already. Until then, or until it is cleared, entry and call must
 * live. Any thread, as the next. */
void timer_set(struct timer *timer, struct timer_entry *entry, struct grpc_c_call *call,
               int64_t due_us);

/* Not set after this; neither entry nor call is touched any more. */
void timer_clear(struct timer *timer, struct timer_entry *entry);

#endif
