/* What receipts and the log make of outbound legs. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* ---- receipts ---- */

static int receipt_status(enum receipt_kind receipt)
{
    static const int statuses[] = {[GOT_QUEUED] = LEG_QUEUED,
                                   [GOT_SENT] = LEG_SENT,
                                   [GOT_DELIVERED] = LEG_DELIVERED,
                                   [GOT_UNDELIVERED] = LEG_UNDELIVERED,
                                   [GOT_FAILED] = LEG_FAILED};
    return statuses[receipt];
}

static void expect_receipt(struct m_leg *leg, enum receipt_kind receipt)
{
    int status = receipt_status(receipt);
    bool over = leg_over(leg);
    leg->receipt = 0;
    if (over && leg->status != LEG_UNKNOWN)
        return;
    /* The failure of the latest attempt was known: it goes on to count as one that waits until its time, and the receipt as one of
     * another attempt. */
    if (leg->status < LEG_SENT && !leg->under_way && !leg->result_count) {
        leg->uncounted = true;
        leg->place_until = leg->due_time;
    }
    if (receipt == GOT_QUEUED) {
        leg->receipt = LEG_SENT;
        leg->receipt_sure = false;
    } else if (receipt == GOT_SENT && leg->status == LEG_SENT) {
        leg->receipt = 0;
    } else {
        leg->receipt = status;
        leg->receipt_sure = receipt != GOT_SENT || !over;
    }
}

void m_do_receipt(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_leg *leg = NULL;
    for (int i = 0; i < model->leg_count; i++)
        if (model->legs[i].message == op->message && model->legs[i].given[op->carrier])
            leg = &model->legs[i];
    if (!leg) {
        if (answer->ok || answer->code != STATUS_NOT_FOUND)
            model_wrong_about(model, "a receipt of a key that never was is not NOT_FOUND");
        return;
    }
    bool gone = m_leg_gone(model, leg);
    if (op->stolen) {
        if (answer->ok || (answer->code != STATUS_PERMISSION_DENIED &&
                           !(gone && answer->code == STATUS_NOT_FOUND)))
            model_wrong_about(model, "a carrier told of a message that it was not given");
        return;
    }
    struct m_expected *warning = m_expect(model, EVENT_WARNING, leg->service, NONE);
    warning->any_session = true;
    warning->optional = true;
    if (gone) {
        if (!answer->ok && answer->code != STATUS_NOT_FOUND)
            model_wrong_about(model, "a receipt for what is gone was refused with %s",
                              answer->reason);
        return;
    }
    if (!answer->ok)
        model_wrong_about(model, "a receipt was refused with %s", answer->reason);
    expect_receipt(leg, op->receipt);
}

/* ---- what the log says became of a leg ---- */

static int bar_of(const char *reason)
{
    static const struct {
        const char *reason;
        int bar;
    } bars[] = {{"SERVICE_DELETED", BAR_SERVICE},
                {"MESSAGE_EXPIRED", BAR_EXPIRED},
                {"PARTICIPANT_REMOVED", BAR_REMOVED},
                {"SESSION_CLOSED", BAR_CLOSED | BAR_GONE},
                {"ROUTE_CHANGED", BAR_ROUTE},
                {"NUMBER_REMOVED", BAR_NUMBER},
                {"LOOP", BAR_LOOP},
                {"MMS_NOT_POSSIBLE", BAR_MMS},
                {"OPTED_OUT", BAR_OPTED_OUT},
                {"BLOCKED", BAR_BLOCKED},
                {"REDACTED", BAR_REDACTED}};
    for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
        if (strcmp(bars[i].reason, reason) == 0)
            return bars[i].bar;
    return 0;
}

static int64_t backoff(const struct m_result *result)
{
    int rounds = result->attempt / result->carriers;
    int64_t wait = SECOND;
    for (int i = 1; i < rounds && wait < 60 * SECOND; i++)
        wait *= 2;
    if (wait > 60 * SECOND)
        wait = 60 * SECOND;
    return result->retry_after > wait ? result->retry_after : wait;
}

/* When a failed attempt is made again: by the next carrier at once, and after a round over all of them after a while. */
static void check_due(struct model *model, const struct m_leg *leg, const struct m_result *result,
                      int64_t due)
{
    int64_t wait = backoff(result);
    bool at_once = result->attempt % result->carriers != 0;
    if (leg->again || (at_once && due <= model->now))
        return;
    bool ends = due == leg->expire_time && due <= model->now + wait;
    if (!ends && (due < model->now + wait - wait / 4 - 1 || due > model->now + wait))
        model_wrong_about(model, "m%d is to be tried again in %lld us", leg->message,
                          (long long)(due - model->now));
    if (result->attempt < leg->attempts && due > model->now)
        model_wrong_about(model, "m%d was tried again before its time", leg->message);
}

/* Whether this is what the oldest result makes of the leg. */
static bool fits_result(struct model *model, struct m_leg *leg, const struct plain_leg *now)
{
    if (!leg->result_count)
        return false;
    const struct m_result *result = &leg->results[0];
    /* An attempt that was lost by a restart may be forgotten. */
    if (leg->again ? now->attempts > result->attempt : now->attempts != result->attempt)
        return false;
    switch (result->mode) {
    case MODE_TAKE:
        return now->status == LEG_SENT && now->sent_time == model->now;
    case MODE_REFUSE:
        if (leg->uncertain && now->status == LEG_UNKNOWN)
            return true;
        return now->status == LEG_FAILED && strcmp(now->reason, "CARRIER_REFUSED") == 0;
    case MODE_UNKNOWN:
        return now->status == LEG_UNKNOWN && strcmp(now->reason, "RESULT_UNKNOWN") == 0;
    case MODE_RETRY:
        /* That this one surely did nothing says nothing of the one that a restart cut off. */
        if (leg->again && strcmp(now->reason, "RESULT_UNKNOWN") == 0)
            leg->uncertain = true;
        if (now->status != LEG_QUEUED ||
            strncmp(now->reason, leg->uncertain ? "RESULT_UNKNOWN" : "CARRIER_", 8) != 0)
            return false;
        check_due(model, leg, result, now->due_time);
        return true;
    case MODE_LOST:
        if (result->carrier == 0 || now->status == LEG_UNKNOWN)
            return now->status == LEG_UNKNOWN && strcmp(now->reason, "RESULT_UNKNOWN") == 0 &&
                   (result->carrier == 0 || now->due_time == 0);
        leg->uncertain = true;
        return now->status == LEG_QUEUED && strcmp(now->reason, "RESULT_UNKNOWN") == 0;
    default:
        return false;
    }
}

/* Whether a leg that waited, or whose attempt nobody knows of, may end so. */
static bool fits_end(const struct model *model, const struct m_leg *leg,
                     const struct plain_leg *now)
{
    struct bars bars = m_bars_of(model, leg);
    bool barred = (bars.sure | bars.perhaps) & bar_of(now->reason);
    if (now->status == LEG_UNKNOWN)
        return strcmp(now->reason, "RESULT_UNKNOWN") == 0 &&
               (leg->lost || leg->again || leg->uncertain ||
                (leg->under_way && model->now >= leg->expire_time));
    if (leg->uncertain ||
        (!m_leg_waits(leg) && !(leg->result_count && leg->results[0].mode == MODE_RETRY)))
        return false;
    if (now->status == LEG_FAILED)
        return barred && bar_of(now->reason) & (BAR_EXPIRED | BAR_MMS);
    return now->status == LEG_CANCELED && barred && !(bar_of(now->reason) & BAR_EXPIRED);
}

static void pop_result(struct m_leg *leg)
{
    for (int i = 1; i < leg->result_count; i++)
        leg->results[i - 1] = leg->results[i];
    leg->result_count--;
}

void m_leg_event(struct model *model, const struct event *event)
{
    int index = m_find_leg(model, &event->interaction.sid);
    if (index == NONE) {
        model_wrong_about(model, "the log tells of a leg that never was");
        return;
    }
    struct m_leg *leg = &model->legs[index];
    const struct plain_leg *now = &event->leg;
    /* While its Service goes, what is still told of a leg is left open. */
    if (model->services[leg->service].deleting)
        return;
    if (leg->deleted || leg->call) {
        model_wrong_about(model, "the log tells of m%d, which was deleted", leg->message);
        return;
    }
    bool again = false; /* the result came behind the receipt, with the network's id */
    if (leg->receipt && now->status == leg->receipt)
        leg->receipt = 0;
    else if (leg->status < LEG_SENT && fits_result(model, leg, now))
        pop_result(leg);
    else if (leg->status >= LEG_SENT && leg->result_count && now->status == leg->status) {
        pop_result(leg);
        again = true;
    } else if (!(leg->status < LEG_SENT && fits_end(model, leg, now))) {
        struct bars bars = m_bars_of(model, leg);
        model_wrong_about(model,
                          "m%d went from status %d to %d %s (attempts %d); nothing accounts for "
                          "that (barred %x, perhaps %x)",
                          leg->message, leg->status, now->status, now->reason, now->attempts,
                          (unsigned)bars.sure, (unsigned)bars.perhaps);
    }
    if (now->status == LEG_SENT && leg->status < LEG_SENT)
        leg->sent_time = model->now;
    leg->status = now->status;
    leg->due_time = now->due_time;
    leg->ready = leg->ready_surely = leg->hurried = false;
    leg->sent_time = now->sent_time;
    if (!again)
        leg->final_time = leg_over(leg) ? model->now : 0;
    leg->lost = leg->lost && leg->status < LEG_SENT;
    snprintf(leg->reason, sizeof(leg->reason), "%s", now->reason);
    if (now->final_time != leg->final_time)
        model_wrong_about(model, "m%d does not say when it ended", leg->message);
}

void model_read_interactions(struct model *model, int session,
                             const struct plain_interaction *interactions, int count)
{
    int index = m_find_session_label(model, session);
    int at = 0;
    for (int i = 0; i < model->leg_count; i++) {
        const struct m_leg *leg = &model->legs[i];
        if (leg->session != index || leg->deleted)
            continue;
        if (at == count || !sid_equal(&leg->sid, &interactions[at].sid)) {
            model_wrong_about(model, "m%d is not listed where it should be", leg->message);
            return;
        }
        const struct plain_interaction *seen = &interactions[at++];
        if (leg->call) {
            m_call_read(model, leg, seen);
            continue;
        }
        bool open = leg->status < LEG_SENT;
        int written = leg->attempts - leg->result_count - leg->under_way - leg->lost;
        if (open ? seen->outbound.status != LEG_QUEUED && seen->outbound.status != LEG_SENDING
                 : seen->outbound.status != leg->status)
            model_wrong_about(model, "m%d reads as status %d, and should as %d", leg->message,
                              seen->outbound.status, leg->status);
        else if (strcmp(seen->outbound.reason, leg->reason) != 0)
            model_wrong_about(model, "m%d reads '%s', and should '%s'", leg->message,
                              seen->outbound.reason, leg->reason);
        else if (seen->outbound.sent_time != leg->sent_time ||
                 seen->outbound.final_time != leg->final_time ||
                 seen->create_time != leg->create_time || seen->expire_time != leg->expire_time)
            model_wrong_about(model, "m%d reads other times", leg->message);
        else if (seen->outbound.attempts > leg->attempts + leg->uncounted ||
                 (!leg->again && seen->outbound.attempts < written - 1))
            model_wrong_about(model, "m%d reads %d attempts, and had %d", leg->message,
                              seen->outbound.attempts, leg->attempts);
        else if (seen->redacted != leg->redacted ||
                 seen->message != (leg->redacted ? 0 : leg->message) ||
                 seen->media != (leg->media && !leg->redacted))
            model_wrong_about(model, "m%d reads as m%d", leg->message, seen->message);
    }
    if (at != count)
        model_wrong_about(model, "s%d lists %d messages, and should %d", session, count, at);
}
