/* Outbound legs: what may, must and must not become of them. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* Why a leg may not be sent now. */
enum bar {
    BAR_SERVICE = 1,
    BAR_GONE = 2,
    BAR_EXPIRED = 4,
    BAR_REMOVED = 8,
    BAR_CLOSED = 16,
    BAR_ROUTE = 32,
    BAR_LOOP = 64,
    BAR_MMS = 128,
    BAR_NUMBER = 256,
    BAR_LOCKED = 512, /* it waits */
};

struct bars {
    int sure;    /* each of these bars it */
    int perhaps; /* the rules leave open whether these do */
};

/* Whether another session has got this pair since. */
static bool route_taken(const struct model *model, const struct m_leg *leg)
{
    const struct plain_person *to = &model->sessions[leg->session].people[leg->to];
    int last = NONE;
    for (int i = 0; i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service == leg->service && hold->person == world_person(to->who[0]) &&
            hold->number == to->number && !hold->doubtful)
            last = hold->session;
    }
    return last != leg->session;
}

static struct bars bars_of(const struct model *model, const struct m_leg *leg)
{
    const struct m_session *session = &model->sessions[leg->session];
    const struct m_service *service = &model->services[leg->service];
    const struct plain_person *to = &session->people[leg->to];
    const struct m_number *number = &model->numbers[to->number];
    struct bars bars = {0, 0};
    bool graced = session->status == SESSION_CLOSED &&
                  model->now < session->end_time + service->settings.grace;
    if (service->deleting)
        bars.sure |= BAR_SERVICE;
    if (session->gone)
        bars.sure |= BAR_GONE;
    if (model->now >= leg->expire_time)
        bars.sure |= BAR_EXPIRED;
    if (!person_in(to))
        bars.sure |= BAR_REMOVED;
    if (!session_runs(session) && !graced) {
        /* A failed session's other number still works: whether the grace is for it, too, is open. */
        if (session->status == SESSION_FAILED &&
            model->now < session->end_time + service->settings.grace)
            bars.perhaps |= BAR_CLOSED;
        else
            bars.sure |= BAR_CLOSED;
    }
    /* It was opened again since. */
    if (session->opened > leg->opened + !session_runs(session))
        bars.perhaps |= BAR_ROUTE | BAR_CLOSED;
    if (number->service != leg->service)
        bars.sure |= BAR_NUMBER;
    if (route_taken(model, leg))
        bars.sure |= BAR_ROUTE;
    /* Whom the number stands for has changed. */
    if (m_peers_of(session, leg->to) != leg->peers)
        bars.perhaps |= BAR_ROUTE;
    if (to->who[0] >= WHO_N1 && to->who[0] <= WHO_N4) {
        const struct m_number *own = &model->numbers[to->who[0] - WHO_N1];
        if (own->service != NONE)
            bars.sure |= BAR_LOOP;
        else if (own->leaving || model->now < own->quarantine_end)
            bars.perhaps |= BAR_LOOP;
    }
    if (leg->media && !(number->can & CAN_MMS))
        bars.sure |= BAR_MMS;
    if (number->state == NUMBER_LOCKED)
        bars.sure |= BAR_LOCKED;
    return bars;
}

/* Whether it waits for an attempt. */
static bool waits(const struct m_leg *leg)
{
    return leg->status < LEG_SENT && !leg->under_way && !leg->result_count && !leg->lost;
}

/* An earlier message of this session to the same person that is not handed over for good. */
static const struct m_leg *ahead(const struct model *model, const struct m_leg *leg)
{
    for (const struct m_leg *other = model->legs; other < leg; other++)
        if (other->session == leg->session && other->to == leg->to && other->status < LEG_SENT &&
            !other->lost)
            return other;
    return NULL;
}

/* Whether an earlier message may still hold its place, although a receipt has settled it. */
static bool keeps_place(const struct model *model, const struct m_leg *leg)
{
    for (const struct m_leg *other = model->legs; other < leg; other++)
        if (other->session == leg->session && other->to == leg->to &&
            other->place_until > model->now)
            return true;
    return false;
}

/* ---- attempts ---- */

static bool right_carrier(const struct model *model, const struct m_leg *leg, int carrier)
{
    int index = model->sessions[leg->session].people[leg->to].number;
    const struct m_number *number = &model->numbers[index];
    bool same = number->carrier_count == leg->carrier_count;
    for (int i = 0; same && i < number->carrier_count; i++)
        same = number->carriers[i] == leg->carriers[i];
    /* Each in turn. When the carriers changed, or an attempt was lost, whose turn it is is left open. */
    if (same && !leg->again)
        return number->carriers[leg->attempts % number->carrier_count] == carrier;
    for (int i = 0; i < number->carrier_count; i++)
        if (number->carriers[i] == carrier)
            return true;
    return false;
}

/* Not one that is about to be given up. */
static bool still_to_go(const struct model *model, const struct m_leg *leg)
{
    struct bars bars = bars_of(model, leg);
    return !((bars.sure | bars.perhaps) & ~BAR_LOCKED);
}

static void check_attempt(struct model *model, const struct m_leg *leg,
                          const struct attempt *attempt)
{
    const struct m_session *session = &model->sessions[leg->session];
    const struct plain_person *to = &session->people[leg->to];
    const struct m_leg *earlier = ahead(model, leg);
    struct bars bars = bars_of(model, leg);
    if (leg->status >= LEG_SENT || leg->lost)
        model_wrong_about(model, "m%d was sent in status %d", leg->message, leg->status);
    else if (leg->under_way)
        model_wrong_about(model, "m%d was sent twice at once", leg->message);
    else if (leg->result_count && leg->results[leg->result_count - 1].mode != MODE_RETRY)
        model_wrong_about(model, "m%d was sent again, and was surely not left over", leg->message);
    else if (bars.sure)
        model_wrong_about(model, "m%d was sent, and must not be (%x)", leg->message,
                          (unsigned)bars.sure);
    else if (attempt->from != to->number || attempt->to != to->who[0])
        model_wrong_about(model, "m%d went from N%d to address %d", leg->message, attempt->from + 1,
                          (int)attempt->to);
    else if (attempt->message != leg->message || attempt->media != leg->media ||
             attempt->expire_time != leg->expire_time)
        model_wrong_about(model, "m%d was sent as m%d, or with another life", leg->message,
                          attempt->message);
    else if (!right_carrier(model, leg, attempt->carrier))
        model_wrong_about(model, "m%d was sent by %s", leg->message,
                          world_carrier(attempt->carrier));
    else if (!leg->result_count && leg->due_time > model->now && !leg->ready)
        model_wrong_about(model, "m%d was sent again before its time", leg->message);
    else if (earlier && !earlier->under_way && !earlier->result_count &&
             still_to_go(model, earlier))
        model_wrong_about(model, "m%d was sent before m%d, which was accepted before it",
                          leg->message, earlier->message);
}

static void add_result(struct model *model, struct m_leg *leg, enum attempt_mode mode,
                       int64_t retry_after)
{
    leg->under_way = false;
    if (leg->result_count == RESULTS_MOST) {
        model_wrong_about(model, "m%d was tried too often at once", leg->message);
        return;
    }
    leg->results[leg->result_count++] = (struct m_result){leg->attempts, mode, retry_after};
    leg->taken += mode == MODE_TAKE;
    if (leg->taken > 1)
        model_wrong_about(model, "m%d reached the network twice", leg->message);
}

void model_attempt(struct model *model, const struct attempt *attempt)
{
    int index = m_find_leg(model, &attempt->interaction);
    if (index == NONE) {
        model_wrong_about(model, "m%d was sent before the log had it", attempt->message);
        return;
    }
    struct m_leg *leg = &model->legs[index];
    check_attempt(model, leg, attempt);
    leg->attempts++;
    leg->carrier = attempt->carrier;
    leg->given[attempt->carrier] = true;
    leg->under_way = true;
    leg->order = ++model->order;
    if (attempt->outcome != MODE_HOLD)
        add_result(model, leg, attempt->outcome, 0);
}

void m_do_answer(struct model *model, const struct op *op, const struct answer *answer)
{
    (void)answer;
    struct m_leg *first = NULL;
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        if (leg->under_way && leg->message == op->message && (!first || leg->order < first->order))
            first = leg;
    }
    if (first)
        add_result(model, first, op->outcome, op->retry_after);
}

void m_do_carrier_ready(struct model *model, const struct op *op, const struct answer *answer)
{
    (void)answer;
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        const struct m_session *session = &model->sessions[leg->session];
        const struct m_number *number = &model->numbers[session->people[leg->to].number];
        for (int j = 0; j < number->carrier_count; j++)
            leg->ready = leg->ready || (waits(leg) && number->carriers[j] == op->carrier);
    }
}

void m_legs_restart(struct model *model)
{
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        leg->ready = false;
        if (!leg->under_way)
            continue;
        leg->under_way = false;
        /* c2 knows a repeated attempt. */
        if (leg->carrier == 1)
            leg->again = true;
        else
            leg->lost = leg->status < LEG_SENT;
    }
}

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
    bool gone = model->sessions[leg->session].gone || model->services[leg->service].deleting;
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
                {"MMS_NOT_POSSIBLE", BAR_MMS}};
    for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
        if (strcmp(bars[i].reason, reason) == 0)
            return bars[i].bar;
    return 0;
}

static int64_t backoff(const struct m_leg *leg, const struct m_result *result)
{
    int rounds = result->attempt / leg->carrier_count;
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
    int64_t wait = backoff(leg, result);
    bool at_once = result->attempt % leg->carrier_count != 0;
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
static bool fits_result(struct model *model, const struct m_leg *leg, const struct plain_leg *now)
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
        return now->status == LEG_FAILED && strcmp(now->reason, "CARRIER_REFUSED") == 0;
    case MODE_UNKNOWN:
        return now->status == LEG_UNKNOWN && strcmp(now->reason, "RESULT_UNKNOWN") == 0;
    case MODE_RETRY:
        if (now->status != LEG_QUEUED || strncmp(now->reason, "CARRIER_", 8) != 0)
            return false;
        check_due(model, leg, result, now->due_time);
        return true;
    default:
        return false;
    }
}

/* Whether a leg that waited, or whose attempt nobody knows of, may end so. */
static bool fits_end(const struct model *model, const struct m_leg *leg,
                     const struct plain_leg *now)
{
    struct bars bars = bars_of(model, leg);
    bool barred = (bars.sure | bars.perhaps) & bar_of(now->reason);
    if (now->status == LEG_UNKNOWN)
        return strcmp(now->reason, "RESULT_UNKNOWN") == 0 &&
               (leg->lost || leg->again || (leg->under_way && model->now >= leg->expire_time));
    if (!waits(leg) && !(leg->result_count && leg->results[0].mode == MODE_RETRY))
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
    if (leg->receipt && now->status == leg->receipt)
        leg->receipt = 0;
    else if (leg->status < LEG_SENT && fits_result(model, leg, now))
        pop_result(leg);
    else if (leg->status >= LEG_SENT && leg->result_count && now->status == leg->status)
        pop_result(leg);
    else if (!(leg->status < LEG_SENT && fits_end(model, leg, now))) {
        struct bars bars = bars_of(model, leg);
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
    leg->ready = false;
    leg->sent_time = now->sent_time;
    leg->final_time = leg_over(leg) ? model->now : 0;
    leg->lost = leg->lost && !leg_over(leg);
    snprintf(leg->reason, sizeof(leg->reason), "%s", now->reason);
    if (now->final_time != leg->final_time)
        model_wrong_about(model, "m%d does not say when it ended", leg->message);
}

/* ---- what has to happen ---- */

/* After all that is due was run. */
static void check_run(struct model *model, const struct m_leg *leg)
{
    struct bars bars = bars_of(model, leg);
    bool ready = leg->ready && leg->carrier_count == 1;
    bool due = leg->due_time <= model->now || ready;
    if (leg->lost)
        model_wrong_about(model, "the attempt of m%d was lost, and nothing says so", leg->message);
    else if (!waits(leg))
        return;
    else if (bars.sure & BAR_EXPIRED)
        model_wrong_about(model, "the life of m%d is over, and it still waits", leg->message);
    else if (!due || ahead(model, leg) || keeps_place(model, leg) || bars.sure & BAR_LOCKED)
        return;
    else if (bars.sure)
        model_wrong_about(model, "m%d must not be sent any more (%x), and still waits",
                          leg->message, (unsigned)bars.sure);
    else
        model_wrong_about(model, "m%d was to be sent, and was not", leg->message);
}

void m_legs_end(struct model *model, const struct op *op)
{
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        if (leg->receipt && leg->receipt_sure)
            model_wrong_about(model,
                              "a receipt says that m%d is in status %d, and the log does not",
                              leg->message, leg->receipt);
        leg->receipt = 0;
        if (model->sessions[leg->session].gone || model->services[leg->service].deleting ||
            (op->kind != OP_RUN && op->kind != OP_RESTART))
            continue;
        if (leg->status < LEG_SENT && leg->result_count)
            model_wrong_about(model, "the result of m%d was not written", leg->message);
        leg->result_count = 0;
        if (op->kind == OP_RUN)
            check_run(model, leg);
    }
}

void model_read_interactions(struct model *model, int session,
                             const struct plain_interaction *interactions, int count)
{
    int index = m_find_session_label(model, session);
    int at = 0;
    for (int i = 0; i < model->leg_count; i++) {
        const struct m_leg *leg = &model->legs[i];
        if (leg->session != index)
            continue;
        if (at == count || !sid_equal(&leg->sid, &interactions[at].sid)) {
            model_wrong_about(model, "m%d is not listed where it should be", leg->message);
            return;
        }
        const struct plain_interaction *seen = &interactions[at++];
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
        else if (seen->message != leg->message || seen->media != leg->media)
            model_wrong_about(model, "m%d reads as m%d", leg->message, seen->message);
    }
    if (at != count)
        model_wrong_about(model, "s%d lists %d messages, and should %d", session, count, at);
}
