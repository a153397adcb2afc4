#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>

static struct mail *take_mail(struct outbox *outbox)
{
    struct mail *newest = atomic_exchange(&outbox->mail, NULL), *oldest = NULL;
    while (newest) {
        struct mail *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void letter_arrived(struct outbox *outbox, struct letter *letter)
{
    if (!letter_add(outbox, letter))
        return;
    struct lane *lane = lane_find(outbox, letter);
    if (lane && lane_holds_back(lane, letter)) {
        lane_insert(outbox, letter);
        lane_schedule(outbox, lane);
        return;
    }
    letter_ready(outbox, letter);
}

static void result_arrived(struct outbox *outbox, struct attempt *attempt)
{
    if (attempt->previous)
        attempt->previous->next = attempt->next;
    else
        outbox->sending = attempt->next;
    if (attempt->next)
        attempt->next->previous = attempt->previous;
    if (attempt_in_vain(attempt))
        lane_hold(outbox, attempt->letter);
    attempt_settle(outbox, attempt);
}

#define OF_MAIL(type, pointer) ((type *)((char *)(pointer)-offsetof(type, mail)))

static void read_mail(struct outbox *outbox, int64_t now)
{
    struct mail *mail = take_mail(outbox);
    while (mail) {
        struct mail *next = mail->next;
        switch (mail->kind) {
        case MAIL_LETTER:
            letter_arrived(outbox, OF_MAIL(struct letter, mail));
            break;
        case MAIL_CHECK:
            check_finish(outbox, OF_MAIL(struct check, mail), now);
            break;
        case MAIL_ATTEMPT:
            result_arrived(outbox, OF_MAIL(struct attempt, mail));
            break;
        case MAIL_SETTLEMENT:
            settlement_finish(outbox, OF_MAIL(struct settlement, mail), now);
            break;
        case MAIL_ERRAND:
            lane_hurry(outbox, OF_MAIL(struct errand, mail), now);
            free(OF_MAIL(struct errand, mail));
            break;
        }
        mail = next;
    }
}

void outbox_drop_mail(struct outbox *outbox)
{
    struct mail *mail = take_mail(outbox);
    while (mail) {
        struct mail *next = mail->next;
        if (mail->kind == MAIL_LETTER)
            free(OF_MAIL(struct letter, mail));
        else if (mail->kind == MAIL_ERRAND)
            free(OF_MAIL(struct errand, mail));
        else if (mail->kind == MAIL_CHECK)
            check_drop(OF_MAIL(struct check, mail));
        else if (mail->kind == MAIL_ATTEMPT)
            result_arrived(outbox, OF_MAIL(struct attempt, mail));
        else
            settlement_drop(OF_MAIL(struct settlement, mail));
        mail = next;
    }
}

static void hurry(struct outbox *outbox, int64_t now)
{
    if (atomic_exchange(&outbox->kicked, false))
        lanes_hurry(outbox, NULL, now);
    if (!atomic_exchange(&outbox->port_ready, false))
        return;
    unsigned count = ports_count(outbox->masking->ports);
    for (unsigned i = 0; i < count; i++) {
        if (atomic_exchange(&outbox->ports_ready[i], false))
            lanes_hurry(outbox, ports_at(outbox->masking->ports, i), now);
    }
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

int64_t outbox_step(struct outbox *outbox)
{
    int64_t now = store_now(outbox->masking->store);
    read_mail(outbox, now);
    if (atomic_load(&outbox->stopping)) {
        settlements_submit(outbox, now);
        return INT64_MAX;
    }
    hurry(outbox, now);
    int64_t next = attempts_overdue(outbox, now);
    settlements_submit(outbox, now);
    if (outbox->results && outbox->results_time > now)
        next = earlier(next, outbox->results_time);
    next = earlier(next, backlogs_read(outbox, now));
    lanes_unpark(outbox);
    next = earlier(next, lanes_fire(outbox, now));
    checks_submit(outbox);
    if (outbox->ready && !outbox->checks)
        next = earlier(next, now + WAIT_REFUSED);
    return next;
}

bool outbox_awaits(const struct outbox *outbox)
{
    return outbox->checks || outbox->settling;
}
