#include "proto/c/rpc/core.h"

#include <dlfcn.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { END_MS = 1000 };

static void log_nothing(gpr_log_func_args *args)
{
    (void)args;
}

static void quieten(void)
{
    if (!getenv("GRPC_VERBOSITY") && !getenv("GRPC_TRACE"))
        gpr_set_log_function(log_nothing);
}

/* Debian's Abseil, which the core takes its locks from, is built for debugging: it keeps a graph of who waits for whom, under one lock
 * for all threads, and at each taking of a lock looks there for a cycle. Its own switch, a C++ function, turns that off; where it has
 * another name, all stays as it was. */
static void leave_deadlocks_alone(void)
{
    enum { IGNORE };
    void *found = dlsym(RTLD_DEFAULT, RPC_DEADLOCK_SWITCH);
    void (*set_mode)(int mode);
    _Static_assert(sizeof set_mode == sizeof found, "a function's address is one like another");
    if (!found)
        return;
    memcpy(&set_mode, &found, sizeof found);
    set_mode(IGNORE);
}

static void prepare(void)
{
    quieten();
    leave_deadlocks_alone();
}

static _Atomic unsigned users;

void rpc_core_acquire(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    atomic_fetch_add(&users, 1);
    grpc_init();
}

void rpc_core_release(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    /* The other form may leave the core's threads behind, and what they hold looks like a leak. */
    grpc_shutdown_blocking();
    if (atomic_fetch_sub(&users, 1) != 1)
        return;
    /* A connection that a thread of the core is just closing holds the core, too, and ends it then on yet another thread. A program
     * that uses the core beside us does not end it: hence the bound. */
    for (int ms = 0; ms < END_MS && grpc_is_initialized() && atomic_load(&users) == 0; ms++)
        nanosleep(&pause, NULL);
}

static grpc_arg *add(struct rpc_arguments *arguments, const char *key, grpc_arg_type type)
{
    grpc_arg *item = &arguments->items[arguments->count++];
    item->key = (char *)(uintptr_t)key;
    item->type = type;
    return item;
}

void rpc_arguments_number(struct rpc_arguments *arguments, const char *key, int64_t value)
{
    int64_t near = value > INT_MAX ? INT_MAX : value < INT_MIN ? INT_MIN : value;
    add(arguments, key, GRPC_ARG_INTEGER)->value.integer = (int)near;
}

void rpc_arguments_text(struct rpc_arguments *arguments, const char *key, const char *value)
{
    add(arguments, key, GRPC_ARG_STRING)->value.string = (char *)(uintptr_t)value;
}

void rpc_arguments_pointer(struct rpc_arguments *arguments, const char *key, void *value,
                           const grpc_arg_pointer_vtable *vtable)
{
    grpc_arg *item = add(arguments, key, GRPC_ARG_POINTER);
    item->value.pointer.p = value;
    item->value.pointer.vtable = vtable;
}

grpc_channel_args rpc_arguments_list(struct rpc_arguments *arguments)
{
    return (grpc_channel_args){.num_args = arguments->count, .args = arguments->items};
}

gpr_timespec rpc_deadline(int64_t ms)
{
    if (ms < 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

int64_t rpc_time_left(gpr_timespec deadline)
{
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return INT64_MAX;
    gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    int64_t ns;
    if (__builtin_mul_overflow(left.tv_sec, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, left.tv_nsec, &ns))
        return left.tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}
