#include "server/api/reads.h"

#include "proto/c/fault.h"

void read_here(struct api *api, struct grpc_c_call *call, const void *request, read_function read)
{
    struct error error;
    bool answered = false;
    struct view *view = masking_view_begin(api->parts.masking);
    if (view) {
        answered = read(api, call, request, view, &error);
        masking_view_end(api->parts.masking, view);
    } else {
        error_set(&error, STATUS_UNAVAILABLE, "STORE_UNAVAILABLE", 0,
                  "The store cannot be read now; try again.");
    }
    if (!answered)
        grpc_c_call_fail(call, &error);
}

struct read_job {
    struct api *api;
    struct grpc_c_call *call;
    const void *request;
    read_function read;
};

static void run(void *data)
{
    struct read_job *job = data;
    if (!grpc_c_call_cancelled(job->call)) {
        read_here(job->api, job->call, job->request, job->read);
        return;
    }
    struct error error;
    error_set(&error, STATUS_CANCELLED, "CANCELLED", 0, "The client has gone.");
    grpc_c_call_fail(job->call, &error);
}

void read_later(struct api *api, struct grpc_c_call *call, const void *request, read_function read)
{
    struct read_job *job = arena_alloc(grpc_c_call_arena(call), sizeof *job);
    if (job)
        *job = (struct read_job){api, call, request, read};
    /* It may wait for long: who has gone by its turn is not read for. */
    if (!MUTANT("queued_read_is_deaf"))
        grpc_c_call_listen(call);
    if (job && readers_run(api->parts.readers, run, job))
        return;
    struct error error;
    error_set(&error, STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_READS", 0,
              "Too many reads wait already; try again.");
    error.retry_ms = 1000;
    grpc_c_call_fail(call, &error);
}
