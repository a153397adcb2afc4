#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/leg_row.h"
#include "server/masking/messages/legs.h"
#include "server/masking/outbox/outbox_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Where results of attempts are written down. */

void attempt_settle(struct outbox *outbox, struct attempt *attempt)
{
    attempt->next = NULL;
    *outbox->results_last = attempt;
    outbox->results_last = &attempt->next;
}

bool attempt_lost(struct outbox *outbox, const struct leg_id *id, uint32_t number,
                  struct letter *letter)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        return false;
    attempt->id = *id;
    attempt->number = number;
    attempt->letter = letter;
    attempt->marked = true;
    attempt->result = (struct send_result){.outcome = SEND_UNKNOWN};
    attempt_settle(outbox, attempt);
    return true;
}

int64_t attempts_overdue(struct outbox *outbox, int64_t now)
{
    if (now < outbox->overdue_time)
        return outbox->overdue_time;
    int64_t next = INT64_MAX;
    for (struct attempt *attempt = outbox->sending; attempt; attempt = attempt->next) {
        if (attempt->given_up)
            continue;
        if (attempt->message.expire_time <= now && !MUTANT("silence_is_waited_out") &&
            attempt_lost(outbox, &attempt->id, attempt->number, NULL))
            attempt->given_up = true;
        else if (attempt->message.expire_time < next)
            next = attempt->message.expire_time;
    }
    outbox->overdue_time = next;
    return next;
}

static uint64_t chance(const struct masking *masking)
{
    const struct pipeline_options *options = &masking->options.pipeline;
    if (options->random)
        return options->random(options->random_data);
    uint64_t number;
    randombytes_buf(&number, sizeof number);
    return number;
}

/* At once by the next carrier of the number; after a wait when all have had their turn. */
static int64_t next_due(const struct outbox *outbox, const struct attempt *attempt, int64_t expire,
                        int64_t now)
{
    if (attempt->result.outcome != SEND_RETRY && attempt->result.outcome != SEND_LOST)
        return 0;
    if (attempt->number % attempt->carriers)
        return now;
    int64_t wait = leg_backoff(attempt->number / attempt->carriers, attempt->result.retry_after,
                               chance(outbox->masking));
    return wait < expire - now || MUTANT("wait_outlives_message") ? now + wait : expire;
}

/* The interaction was deleted while this was under way; its place in the outbox is left. */
static bool sweep(struct rows *rows, const struct attempt *attempt, struct error *error)
{
    const struct leg_id *id = &attempt->id;
    if (!attempt->letter || MUTANT("deleted_stays_in_outbox"))
        return true;
    struct key key = key_outbox(rows->tenant, log_service(&id->log), attempt->letter->row_time,
                                id->interaction, id->leg);
    return txn_delete(rows->txn, KV_IDX, key_bytes(&key)) || refuse(error, REFUSED_NO_MEMORY);
}

static bool write_result(struct outbox *outbox, struct rows *rows, struct attempt *attempt,
                         struct error *error)
{
    const struct leg_id *id = &attempt->id;
    rows->tenant = log_tenant(&id->log);
    attempt->waits = false;
    if (!attempt->message.relies_on_key && attempt->result.outcome == SEND_LOST &&
        !MUTANT("lost_attempt_is_retried"))
        attempt->result.outcome = SEND_UNKNOWN;
    if (attempt->marked && !(attempt->withdrawn && attempt->made_before) &&
        !MUTANT("attempt_mark_stays")) {
        struct key key =
            key_attempt(rows->tenant, log_service(&id->log), id->session, id->interaction, id->leg);
        if (!txn_delete(rows->txn, KV_LIVE, key_bytes(&key)))
            return refuse(error, REFUSED_NO_MEMORY);
    }
    if (attempt->withdrawn && !MUTANT("withdrawn_attempt_counts"))
        return true;
    struct leg_bytes row;
    enum kv_found found = leg_row(rows, id, &row, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || !row.leg)
        return sweep(rows, attempt, error);
    Maskline__Store__V1__Leg *leg = row.leg;
    int64_t before = leg->due_time;
    if (attempt->made_before)
        leg_doubt(leg);
    int64_t due = next_due(outbox, attempt, row.expire_time, rows->now);
    const char *carrier = attempt->port ? attempt->port->carrier->name : leg->carrier;
    /* It may have been written already, by a write that was said to have failed: then the leg waits as it says there. */
    bool changed = (leg->attempts < attempt->number || MUTANT("result_counts_twice")) &&
                   leg_result(leg, carrier, attempt->number, &attempt->result, due, rows->now);
    changed = changed || leg_late_id(leg, carrier, attempt->number, &attempt->result);
    attempt->waits = leg_waits(leg);
    attempt->due = leg->due_time;
    return !changed || leg_append(rows, id, leg, &row.metadata, before, error);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct settlement *settlement = (struct settlement *)command;
    struct rows rows = rows_of_txn(txn, settlement->outbox->masking->store);
    struct error error;
    for (unsigned i = 0; i < settlement->count; i++) {
        if (!write_result(settlement->outbox, &rows, settlement->attempts[i], &error))
            return false;
    }
    settlement->decided = true;
    return true;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error; /* it is tried until it is written */
    struct settlement *settlement = (struct settlement *)command;
    if (outcome != COMMAND_DURABLE)
        settlement->decided = false;
    outbox_post(settlement->outbox, &settlement->mail, MAIL_SETTLEMENT);
}

void settlements_submit(struct outbox *outbox, int64_t now)
{
    while (outbox->results && outbox->settling < CHECKS_MOST && now >= outbox->results_time) {
        struct settlement *settlement = malloc(sizeof *settlement);
        if (!settlement)
            return;
        settlement->command = (struct command){.decide = decide, .done = done};
        settlement->outbox = outbox;
        settlement->decided = false;
        settlement->count = 0;
        while (outbox->results && settlement->count < outbox->settle_most) {
            struct attempt *attempt = outbox->results;
            outbox->results = attempt->next;
            settlement->attempts[settlement->count++] = attempt;
        }
        if (!outbox->results)
            outbox->results_last = &outbox->results;
        outbox->settling++;
        FAILPOINT("outbox_before_settlement");
        pipeline_submit(outbox->masking->pipeline, &settlement->command);
    }
}

static void attempt_finish(struct outbox *outbox, struct attempt *attempt, int64_t now)
{
    struct letter *letter = attempt->letter;
    outbox->ran++;
    if (letter && attempt->withdrawn) {
        letter->due = 0;
        letter_wait(outbox, letter, now);
    } else if (letter && attempt->waits) {
        letter->row_time = attempt->due;
        letter->due = attempt->due;
        letter_wait(outbox, letter, now);
    } else if (letter) {
        lane_release(outbox, letter, now);
        letter_forget(outbox, letter);
    }
    attempt_free(attempt);
}

void settlement_finish(struct outbox *outbox, struct settlement *settlement, int64_t now)
{
    FAILPOINT("outbox_after_settlement");
    outbox->settling--;
    for (unsigned i = 0; i < settlement->count; i++) {
        if (settlement->decided)
            attempt_finish(outbox, settlement->attempts[i], now);
        else
            attempt_settle(outbox, settlement->attempts[i]);
    }
    if (settlement->decided) {
        outbox->settle_most = CHECK_MOST;
    } else {
        /* One by one, so that one that cannot be written does not hold up the others. */
        outbox->settle_most = 1;
        outbox->results_time = now + WAIT_REFUSED;
    }
    free(settlement);
}

void settlement_drop(struct settlement *settlement)
{
    for (unsigned i = 0; i < settlement->count; i++)
        attempt_free(settlement->attempts[i]);
    free(settlement);
}
