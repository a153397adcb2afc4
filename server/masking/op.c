#include "server/masking/op.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What warming up may take. */
enum { WARM_MEMORY = 1024 * 1024 };

void op_note(struct op *op, const Maskline__Store__V1__Service *service, int64_t time)
{
    if (!time || time >= op->note_time)
        return;
    op->note_log = key_log(op->masking->tenant, service->sid.data);
    op->note_time = time;
}

void op_note_session(struct op *op, const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Session *session)
{
    op_note(op, service, session_open(session) ? session_due(session) : session->purge_time);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct op *op = (struct op *)command;
    struct rows rows = rows_of_txn(txn, op->masking->store);
    op->again = false;
    op->refused = false;
    op->note_time = INT64_MAX;
    error_clear(&op->error);
    op->decided = op->decide(op, &rows);
    return op->decided;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct op *op = (struct op *)command;
    if (outcome == COMMAND_DURABLE && op->decided) {
        if (op->note_time != INT64_MAX)
            timers_note(op->masking->timers, &op->note_log, op->note_time);
        if (op->again) {
            pipeline_submit(op->masking->pipeline, command);
            return;
        }
        op->tell(op, op->refused ? &op->error : NULL);
    } else {
        op->tell(op, outcome == COMMAND_DURABLE ? &op->error : error);
    }
    free(op);
}

static void prefetch(struct command *command, struct view *view)
{
    struct op *op = (struct op *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(WARM_MEMORY);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, op->masking->store, arena);
    op->warm(op, &rows);
}

void *op_new(struct masking *masking, size_t size)
{
    struct op *op = malloc(size);
    if (!op)
        return NULL;
    /* All is zero but the error, which is large, and mostly empty. */
    size_t before = offsetof(struct op, error), after = before + sizeof op->error;
    memset(op, 0, before);
    memset((uint8_t *)op + after, 0, size - after);
    op->masking = masking;
    op->command.tenant = masking->tenant;
    op->command.decide = decide;
    op->command.done = done;
    error_clear(&op->error);
    return op;
}

void op_run(struct op *op)
{
    if (op->error.code != STATUS_OK) {
        op->tell(op, &op->error);
        free(op);
        return;
    }
    if (op->warm)
        op->command.prefetch = prefetch;
    pipeline_submit(op->masking->pipeline, &op->command);
}
