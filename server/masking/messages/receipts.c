#include "proto/c/fault.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/errors.h"
#include "server/masking/messages/inbound.h"
#include "server/masking/messages/leg_row.h"
#include "server/masking/messages/legs.h"
#include "server/masking/outbox/outbound_key.h"
#include "server/masking/outbox/ports.h"

#include <stdlib.h>

/* What the network says of a message that was sent. The key names the leg, so that a receipt needs nothing in memory: it may come before
 * the attempt's own result, and after a restart. */

enum { KEPT_WARM = 60 * 1000 /* milliseconds */ };

struct arrival {
    struct command command;
    struct masking *masking;
    const struct receipt *receipt;
    void (*done)(void *data, const struct error *error);
    void *data;
    struct leg_id id;
    bool given; /* the key was made for this carrier */
    struct error error;
};

static void prefetch(struct command *command, struct view *view)
{
    struct arrival *arrival = (struct arrival *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, arrival->masking->store, arena);
    struct key key = key_interaction(log_tenant(&arrival->id.log), log_service(&arrival->id.log),
                                     arrival->id.session, arrival->id.interaction);
    struct kv_value value;
    struct error error;
    rows_get(&rows, KV_LIVE, &key, &value, &error);
}

static bool append_warning(struct arrival *arrival, struct rows *rows,
                           const struct metadata *metadata, const char *reason, int32_t original,
                           const char *message)
{
    Maskline__Store__V1__Service *service;
    enum kv_found found =
        rows_service(rows, log_service(&arrival->id.log), &service, &arrival->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT ||
        service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return true; /* nobody is left to be warned */
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed(reason);
    warning.original_code = original;
    warning.message = borrowed(message);
    warning.session = (ProtobufCBinaryData){SID_BYTES, arrival->id.session};
    warning.interaction = (ProtobufCBinaryData){SID_BYTES, arrival->id.interaction};
    warning.carrier = borrowed(arrival->receipt->carrier);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    entry.session_metadata = metadata->items;
    entry.n_session_metadata = metadata->count;
    uint64_t position;
    return rows_append(rows, log_service(&arrival->id.log), &entry, &position, &arrival->error);
}

/* It came before the attempt's result, which perhaps never comes. */
static bool drop_mark(struct arrival *arrival, struct rows *rows)
{
    struct key key = key_attempt(rows->tenant, log_service(&arrival->id.log), arrival->id.session,
                                 arrival->id.interaction, arrival->id.leg);
    return txn_delete(rows->txn, KV_LIVE, key_bytes(&key)) ||
           refuse(&arrival->error, REFUSED_NO_MEMORY);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct arrival *arrival = (struct arrival *)command;
    struct rows rows = rows_of_txn(txn, arrival->masking->store);
    rows.tenant = log_tenant(&arrival->id.log);
    struct leg_bytes row = {.leg = NULL};
    enum kv_found found = leg_row(&rows, &arrival->id, &row, &arrival->error);
    if (found == KV_FAILED)
        return false;
    if (!arrival->given && !MUTANT("receipt_from_any_carrier")) {
        if (found == KV_ABSENT || !row.leg)
            return refuse(&arrival->error, REFUSED_MESSAGE_UNKNOWN);
        return refuse(&arrival->error, REFUSED_NOT_THIS_CARRIERS);
    }
    /* The key is ours: the message was there once. */
    if (found == KV_ABSENT || !row.leg)
        return append_warning(arrival, &rows, &row.metadata, "INTERACTION_DELETED", 80307,
                              "A receipt came for a message that was deleted.");
    int64_t due_before = row.leg->due_time;
    switch (leg_receipt(row.leg, arrival->receipt, rows.now)) {
    case LEG_CHANGED:
        return (!due_before || drop_mark(arrival, &rows)) &&
               leg_append(&rows, &arrival->id, row.leg, &row.metadata, due_before, &arrival->error);
    case LEG_CONTRADICTED:
        return append_warning(arrival, &rows, &row.metadata, "RECEIPT_CONTRADICTS", 80906,
                              "A receipt says otherwise of a message than what it ended as.");
    default:
        return true;
    }
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct arrival *arrival = (struct arrival *)command;
    if (outcome == COMMAND_DURABLE)
        error = arrival->error.code == STATUS_OK ? NULL : &arrival->error;
    FAILPOINT("receipt_before_answer");
    arrival->done(arrival->data, error);
    free(arrival);
}

/* Whether the message's rows have perhaps left the memory. Its SID begins with the time of its making, in milliseconds. */
static bool is_old(const struct leg_id *id, int64_t now)
{
    int64_t made = 0;
    for (int i = 0; i < 6; i++)
        made = made << 8 | id->interaction[i];
    return now / 1000 - made > KEPT_WARM;
}

void ingress_receipt(struct masking *masking, const struct receipt *receipt,
                     void (*done)(void *data, const struct error *error), void *data)
{
    struct leg_id id;
    struct error error;
    struct call_id call;
    if (!outbound_key_read(receipt->key, &id) || call_key_read(receipt->key, &call)) {
        refuse(&error, REFUSED_MESSAGE_UNKNOWN);
        done(data, &error);
        return;
    }
    struct arrival *arrival = malloc(sizeof *arrival);
    if (!arrival) {
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, &error);
        return;
    }
    arrival->command = (struct command){
        .prefetch = is_old(&id, store_now(masking->store)) ? prefetch : NULL,
        .decide = decide,
        .done = finish,
    };
    arrival->masking = masking;
    arrival->receipt = receipt;
    arrival->done = done;
    arrival->data = data;
    arrival->id = id;
    arrival->given =
        ports_find(masking->ports, receipt->carrier) &&
        outbound_key_given(receipt->key, store_hash_key(masking->store), receipt->carrier);
    error_clear(&arrival->error);
    FAILPOINT("receipt_before_submit");
    pipeline_submit(masking->pipeline, &arrival->command);
}
