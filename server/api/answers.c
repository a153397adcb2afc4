#include "server/api/internal.h"

bool error_shutting_down(struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE, "SHUTTING_DOWN", 0,
                     "The server shuts down; connect again, and go on where this stream ended.");
}

bool answer_fits(struct grpc_c_call *call)
{
    if (!arena_full(grpc_c_call_arena(call)))
        return true;
    struct error error;
    error_set(&error, STATUS_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE", 0,
              "The answer is larger than the memory of one call; ask for a smaller page.");
    grpc_c_call_fail(call, &error);
    return false;
}

void *keep_draft(struct grpc_c_call *call, const void *draft, size_t size)
{
    void *kept = arena_copy(grpc_c_call_arena(call), draft, size);
    if (!kept)
        answer_fits(call);
    return kept;
}

bool request_is_bad(struct grpc_c_call *call, const struct error *error)
{
    if (error->code == STATUS_OK)
        return false;
    grpc_c_call_fail(call, error);
    return true;
}
