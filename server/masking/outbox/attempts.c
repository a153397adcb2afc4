#include "proto/c/fault.h"
#include "server/masking/rows/known.h"
#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    if (attempt->port)
        atomic_fetch_sub(&attempt->port->in_flight, 1);
    free(attempt->texts);
    free(attempt);
}

/* ---- asking the writer ---- */

static void prefetch(struct command *command, struct view *view)
{
    struct check *check = (struct check *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(1024 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, check->outbox->masking->store, arena);
    for (unsigned i = 0; i < check->count; i++) {
        const struct letter *letter = check->items[i].letter;
        if (!letter->cold)
            continue;
        rows.tenant = log_tenant(&letter->id.log);
        struct key session =
            key_session(rows.tenant, log_service(&letter->id.log), letter->id.session);
        struct key interaction = key_interaction(rows.tenant, log_service(&letter->id.log),
                                                 letter->id.session, letter->id.interaction);
        struct kv_value value;
        struct error error;
        rows_get(&rows, KV_LIVE, &session, &value, &error);
        rows_get(&rows, KV_LIVE, &interaction, &value, &error);
        struct key mark = key_attempt(rows.tenant, log_service(&letter->id.log), letter->id.session,
                                      letter->id.interaction, letter->id.leg);
        rows_get(&rows, KV_LIVE, &mark, &value, &error);
    }
}

static bool decide(struct command *command, struct txn *txn)
{
    struct check *check = (struct check *)command;
    struct rows rows = rows_of_txn(txn, check->outbox->masking->store);
    struct error error;
    known_begin(check->outbox->masking->known);
    for (unsigned i = 0; i < check->count; i++)
        check->items[i].attempt = NULL;
    for (unsigned i = 0; i < check->count; i++) {
        if (!attempt_check(check->outbox, &rows, &check->items[i], &error))
            return false;
    }
    check->decided = true;
    return true;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error; /* the letters wait, and are asked about again */
    struct check *check = (struct check *)command;
    if (outcome != COMMAND_DURABLE && !MUTANT("sent_before_mark_is_durable"))
        check->decided = false;
    FAILPOINT("outbox_after_mark");
    outbox_post(check->outbox, &check->mail, MAIL_CHECK);
}

static struct letter *take_ready(struct outbox *outbox)
{
    struct letter *letter = outbox->ready;
    outbox->ready = letter->next;
    if (!outbox->ready)
        outbox->ready_last = &outbox->ready;
    letter->next = NULL;
    return letter;
}

/* With one carrier there is no need to ask about what it has no room for. */
static bool has_room(struct outbox *outbox)
{
    struct ports *ports = outbox->masking->ports;
    if (ports_count(ports) != 1)
        return true;
    return atomic_load(&ports_at(ports, 0)->in_flight) + outbox->checking <
           outbox->limits.in_flight;
}

void checks_submit(struct outbox *outbox)
{
    while (outbox->ready && outbox->checks < CHECKS_MOST && has_room(outbox)) {
        struct check *check = malloc(sizeof *check);
        if (!check)
            return;
        check->outbox = outbox;
        check->decided = false;
        check->count = 0;
        bool cold = false, alone = false;
        while (outbox->ready && check->count < CHECK_MOST && !alone) {
            alone = outbox->ready->alone;
            if (alone && check->count)
                break;
            struct letter *letter = take_ready(outbox);
            cold |= letter->cold;
            check->items[check->count++] = (struct checked){.letter = letter};
        }
        check->command =
            (struct command){.prefetch = cold ? prefetch : NULL, .decide = decide, .done = done};
        outbox->checks++;
        outbox->checking += check->count;
        FAILPOINT("outbox_before_check");
        pipeline_submit(outbox->masking->pipeline, &check->command);
    }
}

/* ---- handing over ---- */

static _Thread_local struct attempt *handing_over;

void attempt_answered(const struct attempt *attempt)
{
    if (handing_over == attempt)
        handing_over = NULL;
}

bool attempt_in_vain(const struct attempt *attempt)
{
    return attempt->letter &&
           (attempt->result.outcome == SEND_RETRY ||
            (attempt->result.outcome == SEND_LOST && !MUTANT("lost_holds_nobody_back")));
}

void attempt_hand_over(struct outbox *outbox, struct attempt *attempt)
{
    attempt->previous = NULL;
    attempt->next = outbox->sending;
    if (attempt->next)
        attempt->next->previous = attempt;
    outbox->sending = attempt;
    if (attempt->message.expire_time < outbox->overdue_time)
        outbox->overdue_time = attempt->message.expire_time;
    outbox->ran++;
    const struct carrier_port *carrier = attempt->port->carrier;
    handing_over = attempt;
    carrier->send(carrier->data, &attempt->message, attempt);
    bool answered = !handing_over;
    handing_over = NULL;
    if (answered && attempt_in_vain(attempt))
        lane_hold(outbox, attempt->letter);
}

/* Its turn has not come: an earlier one of its lane still waits. */
static bool is_early(struct outbox *outbox, const struct letter *letter)
{
    const struct lane *lane = lane_find(outbox, letter);
    return lane && lane_holds_back(lane, letter);
}

static void item_finish(struct outbox *outbox, struct checked *item, int64_t now)
{
    struct letter *letter = item->letter;
    letter->alone = false;
    if (item->expire)
        letter->expire = item->expire;
    switch (item->verdict) {
    case VERDICT_SEND:
        letter->port = item->attempt->port;
        letter->held = false;
        /* One whose life has ended since it was checked would look like one that was lost. */
        if (atomic_load(&outbox->stopping) ||
            (item->attempt->message.expire_time <= now && !MUTANT("handed_over_after_its_life") &&
             !MUTANT("attempt_outlives_message")) ||
            (is_early(outbox, letter) && !MUTANT("sent_out_of_turn"))) {
            item->attempt->withdrawn = true;
            attempt_settle(outbox, item->attempt);
            return;
        }
        lane_release(outbox, letter, now);
        FAILPOINT("outbox_before_hand_over");
        attempt_hand_over(outbox, item->attempt);
        FAILPOINT("outbox_after_hand_over");
        return;
    case VERDICT_WAIT:
        letter->held = true;
        letter->due = now + WAIT_HELD;
        letter_wait(outbox, letter, now);
        return;
    case VERDICT_BUSY:
        letter_park(outbox, letter, item->port);
        return;
    case VERDICT_END:
        outbox->ran++;
        /* fall through */
    case VERDICT_GONE:
        lane_release(outbox, letter, now);
        letter_forget(outbox, letter);
        return;
    }
}

/* Nothing was decided. Letters that were asked about together are asked about one by one, so that one that cannot be read does not hold
 * up the others. */
static void item_again(struct outbox *outbox, struct checked *item, bool alone, int64_t now)
{
    attempt_free(item->attempt);
    item->letter->alone = alone;
    item->letter->held = false;
    item->letter->due = now + WAIT_REFUSED;
    letter_wait(outbox, item->letter, now);
}

void check_finish(struct outbox *outbox, struct check *check, int64_t now)
{
    outbox->checks--;
    outbox->checking -= check->count;
    for (unsigned i = 0; i < check->count; i++) {
        if (check->decided)
            item_finish(outbox, &check->items[i], now);
        else
            item_again(outbox, &check->items[i], check->count > 1, now);
    }
    free(check);
}

void check_drop(struct check *check)
{
    for (unsigned i = 0; i < check->count; i++)
        attempt_free(check->items[i].attempt);
    free(check);
}
