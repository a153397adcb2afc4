/*
 * What the domain is told of calls: of each call one thing at a time, in its order. What the domain cannot take now is handed in again
 * later, and what comes after it waits.
 */
#include "proto/c/fault.h"
#include "server/carriers/simulator/calls_internal.h"

enum {
    HANDED_IN_MOST = 4096, /* the domain's queue is not there for calls alone */
    AGAIN_AFTER_US = MICROSECONDS,
};

static void put_in_line(struct call *call)
{
    struct calls *calls = &call->simulator->calls;
    call->next_reporting = NULL;
    if (calls->last_reporting)
        calls->last_reporting->next_reporting = call;
    else
        calls->reporting = call;
    calls->last_reporting = call;
}

static struct call *take_from_line(struct calls *calls)
{
    struct call *call = calls->reporting;
    calls->reporting = call->next_reporting;
    if (!calls->reporting)
        calls->last_reporting = NULL;
    return call;
}

void call_report(struct call *call, const struct report *report)
{
    /* There is room for whatever a plan can bring. */
    if (call->report_count == call->report_room)
        return;
    call->reports[call->report_count++] = *report;
    if (call->reporting)
        return;
    call->reporting = true;
    quiet_is_over(&call->simulator->calls);
    put_in_line(call);
}

void call_report_again(struct call *call)
{
    /* What has waited so long has taken its time. */
    call->reports[call->reported].time = call->retry_time;
    call->retry_time = WORKER_NEVER;
    quiet_is_over(&call->simulator->calls);
    put_in_line(call);
}

/* Whether the same may be taken at another time. */
static bool helps_again(const struct error *error)
{
    return error && error->code != STATUS_NOT_FOUND && error->code != STATUS_PERMISSION_DENIED &&
           error->code != STATUS_INVALID_ARGUMENT;
}

static void told(struct call *call)
{
    call->reported++;
    if (call->reported < call->report_count) {
        put_in_line(call);
        return;
    }
    call->reporting = false;
    quiet_again(&call->simulator->calls);
    if (call->stage == STAGE_OVER)
        call_free(call);
}

/* An answer, and what it means for the call. */
static void taken(struct call *call, const struct call_answer *answer, int64_t now)
{
    bool was_asked = call->question == call->reported;
    /* Without leave nothing goes on, whatever the network was told to ignore. */
    bool obeys = was_asked || !call->simulator->calls.network.ignores_hang_up;
    if ((answer->hang_up || answer->error) && obeys && !MUTANT("goes_on_without_leave"))
        call_is_hung_up(call, now);
    else if (was_asked)
        call_goes_on(call, call->reports[call->reported].time);
    call_schedule(call);
    told(call);
}

static void answered(void *data, const struct call_answer *answer)
{
    struct call *call = data;
    struct simulator *simulator = call->simulator;
    struct calls *calls = &simulator->calls;
    pthread_mutex_lock(&simulator->lock);
    calls->handed_in--;
    if (!simulator->stopped) {
        int64_t now = calls_enter(simulator);
        if (helps_again(answer->error)) {
            call->retry_time = now + AGAIN_AFTER_US;
            quiet_again(calls);
            call_schedule(call);
        } else {
            taken(call, answer, now);
        }
        calls->held_back = false;
        calls_leave(simulator);
    }
    pthread_mutex_unlock(&simulator->lock);
}

/* What is told next. It lives until it is answered: a call is not freed before. */
static const struct call_progress *next_progress(struct call *call)
{
    const struct report *report = &call->reports[call->reported];
    call->progress = (struct call_progress){
        .carrier = call->simulator->name,
        .key = call->key,
        .side = report->side,
        .status = report->status,
        .target = report->target,
        .time = report->time,
        .seconds = report->seconds,
        .recorded = report->recorded,
        .carrier_code = report->code,
        .provider_id = call->id,
    };
    return &call->progress;
}

int64_t calls_due(struct simulator *simulator, int64_t now, unsigned *done)
{
    struct calls *calls = &simulator->calls;
    (void)now;
    /* Receipts alone need not wait for the lock. Whoever begins a call has the worker look again. */
    if (calls->count == 0)
        return WORKER_NEVER;
    pthread_mutex_lock(&simulator->lock);
    calls_enter(simulator);
    while (calls->reporting && !simulator->stopped) {
        if (calls->handed_in == HANDED_IN_MOST) {
            calls->held_back = true;
            break;
        }
        struct call *call = take_from_line(calls);
        if (calls->network.loses_reports) {
            told(call);
            continue;
        }
        const struct call_progress *progress = next_progress(call);
        calls->handed_in++;
        pthread_mutex_unlock(&simulator->lock);
        ingress_call_progress(simulator->masking, progress, answered, call);
        ++*done;
        pthread_mutex_lock(&simulator->lock);
    }
    int64_t next = calls->heap_count > 0 ? calls->heap[0]->due : WORKER_NEVER;
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
    return next;
}
