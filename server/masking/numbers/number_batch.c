/*
 * Many numbers in one call. They go in pieces, other commands between them, and each is decided for itself.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/number_add.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MOST = 128,
    BATCH_MEMORY = 64 * 1024 * 1024, /* at most; for the records that are told */
};

struct batch {
    struct number_op base; /* its `number` is the one that is added now */
    const char *service_name;
    const struct number_draft *drafts;
    size_t count;
    size_t next;                  /* of the drafts */
    struct number_added *results; /* as many */
    struct address *addresses;
    struct arena *arena;
    numbers_added done;
};

static void give_up(struct number_added *result, const struct error *error)
{
    result->number = NULL;
    result->code = error->code;
    result->original = error->original;
    snprintf(result->reason, sizeof result->reason, "%s", error->reason);
    /* Of a bad field, what is wrong with it. */
    snprintf(result->message, sizeof result->message, "%.*s", (int)sizeof result->message - 1,
             error->field_count ? error->fields[0].description : error->message);
}

/* Whether it is about the number, and not about the store. */
static bool is_refusal(const struct error *error)
{
    return error->code == STATUS_INVALID_ARGUMENT || error->code == STATUS_ALREADY_EXISTS ||
           error->code == STATUS_FAILED_PRECONDITION;
}

static bool add_one(struct batch *batch, struct rows *rows, size_t index)
{
    struct number_op *op = &batch->base;
    struct number_added *result = &batch->results[index];
    if (result->code != STATUS_OK) /* its form is bad */
        return true;
    if (number_enter(op, rows, batch->arena, &batch->drafts[index], &batch->addresses[index])) {
        result->number = op->number;
        return true;
    }
    if (!is_refusal(&op->op.error) || MUTANT("one_refusal_ends_batch"))
        return false;
    give_up(result, &op->op.error);
    error_clear(&op->op.error);
    op->op.refused = false; /* it alone is */
    return true;
}

static bool decide(struct op *base, struct rows *rows)
{
    struct batch *batch = (struct batch *)base;
    size_t from = batch->next;
    size_t to = batch->count - from > PIECE_MOST ? from + PIECE_MOST : batch->count;
    if (!rows_find_active_service(rows, batch->service_name, &batch->base.service, &base->error))
        return false;
    for (size_t i = from; i < to; i++) {
        if (!add_one(batch, rows, i))
            return false;
    }
    batch->next = to;
    base->again = to < batch->count;
    return true;
}

static void tell(struct op *base, const struct error *error)
{
    struct batch *batch = (struct batch *)base;
    batch->done(batch->base.data, error ? NULL : batch->results, error);
    arena_free(batch->arena);
    free(batch->addresses);
    free(batch->results);
}

static void check_forms(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct error error;
        error_clear(&error);
        number_form(&error, batch->base.op.masking, &batch->drafts[i], &batch->addresses[i]);
        if (error.code != STATUS_OK)
            give_up(&batch->results[i], &error);
    }
}

void numbers_add_many(struct masking *masking, const char *service,
                      const struct number_draft *drafts, size_t count, numbers_added done,
                      void *data)
{
    struct batch *batch = op_new(masking, sizeof *batch);
    struct error error;
    if (!batch) {
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, &error);
        return;
    }
    batch->service_name = service;
    batch->drafts = drafts;
    batch->count = count;
    batch->done = done;
    batch->base.data = data;
    batch->base.op.decide = decide;
    batch->base.op.tell = tell;
    batch->results = calloc(count ? count : 1, sizeof *batch->results);
    batch->addresses = calloc(count ? count : 1, sizeof *batch->addresses);
    batch->arena = arena_new(BATCH_MEMORY);
    if (!batch->results || !batch->addresses || !batch->arena)
        refuse(&batch->base.op.error, REFUSED_NO_MEMORY);
    else
        check_forms(batch);
    op_run(&batch->base.op);
}
