/*
 * gRPC C core itself: starting and stopping it, and the arguments that channels and servers are made with.
 */
#ifndef MASKLINE_PROTO_C_RPC_CORE_H
#define MASKLINE_PROTO_C_RPC_CORE_H

#include <grpc/grpc.h>
#include <stddef.h>
#include <stdint.h>

/* Counted: a release for each acquire, and everything made in between destroyed before. Any thread but the core's own; the last
 * release blocks until the core has ended its threads. The core writes nothing to standard error, unless GRPC_VERBOSITY or
 * GRPC_TRACE is set: what goes wrong is told by statuses and return values. */
void rpc_core_acquire(void);
void rpc_core_release(void);

/* absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle), as Debian's Abseil names it for the linker. rpc_core_acquire calls it where
 * it is found. */
#define RPC_DEADLOCK_SWITCH "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE"

enum { RPC_ARGUMENTS = 24 };

/* Channel arguments. Zeroed, it is empty; keys are not copied. */
struct rpc_arguments {
    grpc_arg items[RPC_ARGUMENTS];
    size_t count;
};

/* Numbers beyond an int become the nearest that fits. No more than RPC_ARGUMENTS. */
void rpc_arguments_number(struct rpc_arguments *arguments, const char *key, int64_t value);
void rpc_arguments_text(struct rpc_arguments *arguments, const char *key, const char *value);
void rpc_arguments_pointer(struct rpc_arguments *arguments, const char *key, void *value,
                           const grpc_arg_pointer_vtable *vtable);

/* For grpc_channel_create and grpc_server_create; points into `arguments`. */
grpc_channel_args rpc_arguments_list(struct rpc_arguments *arguments);

/* `ms` from now on the monotonic clock, which is what calls want; negative: never. */
gpr_timespec rpc_deadline(int64_t ms);

/* Nanoseconds until then, negative when it has passed, INT64_MAX when it never comes. */
int64_t rpc_time_left(gpr_timespec deadline);

#endif
