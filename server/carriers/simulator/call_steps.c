/*
 * How a call goes on: whom it rings, who has picked up, when the two are connected, and how it ends. Before a phone is rung, and
 * before anything is said to who has picked up, the domain is asked.
 */
#include "proto/c/fault.h"
#include "server/carriers/simulator/calls_internal.h"

#include <stdio.h>
#include <string.h>

static const char question[] = "Press 1 to take this call.";

/* How the number ended that was rung last. */
struct miss {
    enum call_status status;
    const char *code;
};

static enum call_side other_of(enum call_side at)
{
    return at == CALL_FIRST ? CALL_SECOND : CALL_FIRST;
}

static const struct call_party *party_of(const struct call *call, enum call_side at)
{
    return at == CALL_FIRST ? &call->plan.plan.first : &call->plan.plan.second;
}

/* ---- what phones see ---- */

void call_shows(struct call *call, struct handset *handset, enum simulated_call_event event,
                const char *other, const char *said, int64_t now)
{
    struct simulator *simulator = call->simulator;
    /* Without memory the phone shows nothing of it; the call goes on. */
    struct stored *stored =
        handset ? inbox_make_event(handset, event, call->id, other, said, now) : NULL;
    if (!stored)
        return;
    inbox_add(simulator, stored);
    if (handset->to_wake)
        return;
    handset->to_wake = true;
    handset->next_to_wake = simulator->calls.to_wake;
    simulator->calls.to_wake = handset;
}

void call_releases(struct call *call, enum call_side at, const char *why, int64_t now)
{
    struct handset *handset = call->sides[at].handset;
    if (!handset)
        return;
    call->sides[at].handset = NULL;
    handset->in_call = NULL;
    call_shows(call, handset, SIMULATED_ENDS, NULL, why, now);
}

static void hears(struct call *call, enum call_side at, const char *said, int64_t now)
{
    if (*said)
        call_shows(call, call->sides[at].handset, SIMULATED_HEARS, NULL, said, now);
}

/* ---- what the domain is told ---- */

static void report(struct call *call, enum call_side at, enum call_status status, int64_t now)
{
    call_report(call, &(struct report){.side = at,
                                       .status = status,
                                       .target = call->sides[at].target,
                                       .time = now,
                                       .seconds = -1,
                                       .code = ""});
}

/* The call waits for the answer. */
static void ask_leave(struct call *call, enum call_side at, enum call_status status, int64_t now)
{
    report(call, at, status, now);
    call->question = call->report_count - 1;
}

/* The call is over. Whatever phones are still in it hear why. */
static void end(struct call *call, enum call_side at, struct miss how, const char *why_first,
                const char *why_second, int64_t now)
{
    call_report(call,
                &(struct report){
                    .side = at,
                    .status = how.status,
                    .target = call->sides[at].target,
                    .time = now,
                    .seconds = call->connected ? (now - call->connect_time) / MICROSECONDS : -1,
                    .recorded = call->connected && call->plan.plan.record,
                    .code = how.code,
                });
    call_releases(call, CALL_FIRST, why_first, now);
    call_releases(call, CALL_SECOND, why_second, now);
    call->question = NO_QUESTION;
    call->stage = STAGE_OVER;
}

void call_ends_at_once(struct call *call, enum call_status status, const char *code,
                       const char *why, int64_t now)
{
    end(call, CALL_SECOND, (struct miss){status, code}, why, why, now);
}

/* One side has hung up, and with it the other. */
static void end_by(struct call *call, enum call_side at, const char *why, const char *why_other,
                   int64_t now)
{
    const char *why_first = at == CALL_FIRST ? why : why_other;
    const char *why_second = at == CALL_FIRST ? why_other : why;
    if (call->connected)
        end(call, at, (struct miss){CALL_COMPLETED, ""}, why_first, why_second, now);
    else
        end(call, CALL_SECOND, (struct miss){CALL_CANCELED, ""}, why_first, why_second, now);
}

/* ---- ringing ---- */

static const char *name_of(enum call_status status)
{
    switch (status) {
    case CALL_BUSY:
        return "BUSY";
    case CALL_NO_ANSWER:
        return "NO_ANSWER";
    case CALL_CANCELED:
        return "CANCELED";
    default:
        return "FAILED";
    }
}

static const struct call_target *target_of(const struct call *call, enum call_side at)
{
    return &party_of(call, at)->targets[call->sides[at].target];
}

static bool is_busy(const struct handset *phone)
{
    return phone->call == SIMULATED_BUSY || phone->in_call;
}

/* Whose phone or voicemail can be rung now; NULL, and what there is instead. */
static struct handset *reach(const struct call *call, enum call_side at, int64_t now,
                             struct miss *ret_miss)
{
    struct handset *phone = handset_find(call->simulator, target_of(call, at)->number);
    if (now > call->plan.plan.expire_time && !MUTANT("rings_after_expiry"))
        *ret_miss = (struct miss){CALL_CANCELED, "EXPIRED"};
    else if (!phone)
        *ret_miss = (struct miss){CALL_FAILED, "NO_SUCH_HANDSET"};
    else if (phone->call == SIMULATED_UNREACHABLE)
        *ret_miss = (struct miss){CALL_FAILED, "UNREACHABLE"};
    else if (is_busy(phone) && !phone->has_voicemail)
        *ret_miss = (struct miss){CALL_BUSY, ""};
    else
        return phone;
    return NULL;
}

/* Is about to ring a side, from one of its targets on; `miss` is of the one before it. */
static void try(struct call *call, enum call_side at, size_t target, struct miss miss, int64_t now)
{
    struct side *side = &call->sides[at];
    for (; target < party_of(call, at)->count; target++) {
        side->target = target;
        if (reach(call, at, now, &miss)) {
            side->state = SIDE_TO_RING;
            ask_leave(call, at, CALL_RINGING, now);
            return;
        }
    }
    const char *why = name_of(miss.status);
    end(call, at, miss, why, why, now);
}

static void try_next(struct call *call, enum call_side at, struct miss miss, int64_t now)
{
    call->question = NO_QUESTION;
    try(call, at, call->sides[at].target + 1, miss, now);
}

static void ring(struct call *call, enum call_side at, int64_t now)
{
    struct side *side = &call->sides[at];
    struct miss miss;
    struct handset *phone = reach(call, at, now, &miss);
    if (!phone) {
        try_next(call, at, miss, now);
        return;
    }
    bool busy = is_busy(phone);
    bool by_itself = !busy && phone->call == SIMULATED_PICKS_UP;
    side->state = SIDE_RINGS;
    side->owner = phone;
    side->voicemail = side->by_itself = false;
    side->limit = now + call->plan.plan.ring_limit;
    side->pick_up_time = by_itself ? now + phone->pick_up_delay : WORKER_NEVER;
    side->voicemail_time = phone->has_voicemail ? now + phone->voicemail_delay : WORKER_NEVER;
    if (busy)
        return;
    side->handset = phone;
    phone->in_call = call;
    phone->in_side = at;
    call_shows(call, phone, SIMULATED_IS_RUNG, target_of(call, at)->caller_id, NULL, now);
}

static void try_second(struct call *call, int64_t now)
{
    hears(call, CALL_FIRST, call->plan.plan.announcement, now);
    try(call, CALL_SECOND, 0, (struct miss){CALL_FAILED, "NO_TARGET"}, now);
}

void call_begins(struct call *call, int64_t now)
{
    call->stage = STAGE_RUNS;
    if (call->plan.plan.first.count > 0)
        try(call, CALL_FIRST, 0, (struct miss){CALL_FAILED, "NO_TARGET"}, now);
    else
        try_second(call, now);
}

/* ---- picking up ---- */

/* A greeting that says its owner's number is what callers must be kept from: so does ours. */
static void greet(struct call *call, enum call_side at, int64_t now)
{
    const struct handset *owner = call->sides[at].owner;
    char greeting[64];
    snprintf(greeting, sizeof greeting, "You have reached %s.", owner->phone_number.text);
    hears(call, other_of(at), owner->voicemail_greeting ? owner->voicemail_greeting : greeting,
          now);
}

static void show_both(struct call *call, enum simulated_call_event event, const char *said,
                      int64_t now)
{
    for (int at = CALL_FIRST; at <= CALL_SECOND; at++)
        call_shows(call, call->sides[at].handset, event, NULL, said, now);
}

static void connect(struct call *call, int64_t now)
{
    const struct call_plan *plan = &call->plan.plan;
    if (plan->record && *plan->consent_notice)
        show_both(call, SIMULATED_HEARS, plan->consent_notice, now);
    call->connected = true;
    call->connect_time = now;
    report(call, CALL_SECOND, CALL_CONNECTED, now);
    show_both(call, SIMULATED_CONNECTED, NULL, now);
    if (plan->record)
        show_both(call, SIMULATED_RECORDING, NULL, now);
    for (int at = CALL_FIRST; at <= CALL_SECOND; at++) {
        struct side *side = &call->sides[at];
        if (side->by_itself && side->owner->hangs_up)
            side->hang_up_time = now + side->owner->hang_up_delay;
        if (side->voicemail)
            greet(call, (enum call_side)at, now);
    }
}

/* Nothing keeps a side from the other one any more. */
static void is_there(struct call *call, enum call_side at, int64_t now)
{
    call->sides[at].state = SIDE_TALKS;
    if (at == CALL_SECOND)
        connect(call, now);
    else
        try_second(call, now);
}

void call_key_pressed(struct call *call, enum call_side at, char key, int64_t now)
{
    if (call->stage == STAGE_RUNS && call->sides[at].state == SIDE_ASKED && key == '1')
        is_there(call, at, now);
}

static void ask_key(struct call *call, enum call_side at, int64_t now)
{
    struct side *side = &call->sides[at];
    side->state = SIDE_ASKED;
    side->limit = now + call->plan.plan.key_limit;
    call_shows(call, side->handset, SIMULATED_ASKED_FOR_KEY, NULL, question, now);
    bool presses = side->by_itself || MUTANT("voicemail_presses_keys");
    const char *keys = presses ? side->owner->keys : "";
    for (; *keys; keys++)
        call_key_pressed(call, at, *keys, now);
}

static void picked_up(struct call *call, enum call_side at, int64_t now)
{
    call->sides[at].state = SIDE_PICKED_UP;
    ask_leave(call, at, CALL_PICKED_UP, now);
}

void call_is_picked_up(struct call *call, enum call_side at, int64_t now)
{
    struct side *side = &call->sides[at];
    side->by_itself = side->pick_up_time <= now;
    call_shows(call, side->handset, SIMULATED_PICKED_UP, NULL, NULL, now);
    picked_up(call, at, now);
}

static void voicemail_picks_up(struct call *call, enum call_side at, int64_t now)
{
    call_releases(call, at, "VOICEMAIL", now);
    call->sides[at].voicemail = true;
    picked_up(call, at, now);
}

void call_goes_on(struct call *call, int64_t now)
{
    enum call_side at = call->reports[call->question].side;
    call->question = NO_QUESTION;
    if (call->sides[at].state == SIDE_TO_RING) {
        ring(call, at, now);
        return;
    }
    if (at == CALL_SECOND)
        hears(call, at, call->plan.plan.whisper, now);
    if (at == CALL_SECOND && MUTANT("caller_hears_whisper"))
        hears(call, CALL_FIRST, call->plan.plan.whisper, now);
    if (call->plan.plan.ask_key && !MUTANT("connected_without_key"))
        ask_key(call, at, now);
    else
        is_there(call, at, now);
}

/* ---- steps by time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t side_due(const struct side *side)
{
    switch (side->state) {
    case SIDE_RINGS:
        return sooner(sooner(side->pick_up_time, side->voicemail_time), side->limit);
    case SIDE_ASKED:
        return side->limit;
    case SIDE_TALKS:
        return side->hang_up_time;
    case SIDE_WAITS:
    case SIDE_TO_RING:
    case SIDE_PICKED_UP:
        break;
    }
    return WORKER_NEVER;
}

/* When it goes on by itself. */
static int64_t call_due(const struct call *call)
{
    int64_t due = call->retry_time;
    if (call->stage != STAGE_RUNS)
        return due;
    due = sooner(due,
                 sooner(side_due(&call->sides[CALL_FIRST]), side_due(&call->sides[CALL_SECOND])));
    return call->connected ? sooner(due, call->connect_time + call->plan.plan.longest_call) : due;
}

static void side_step(struct call *call, enum call_side at, int64_t now)
{
    struct side *side = &call->sides[at];
    const struct miss no_answer = {CALL_NO_ANSWER, ""};
    if (side->state == SIDE_TALKS) {
        end_by(call, at, "HUNG_UP", "OTHER_HUNG_UP", now);
    } else if (side->state == SIDE_ASKED) {
        call_releases(call, at, "NO_KEY", now);
        try_next(call, at, no_answer, now);
    } else if (side->pick_up_time <= now && side->pick_up_time <= side->voicemail_time) {
        call_is_picked_up(call, at, now);
    } else if (side->voicemail_time <= now) {
        voicemail_picks_up(call, at, now);
    } else {
        call_releases(call, at, "NOT_PICKED_UP", now);
        try_next(call, at, no_answer, now);
    }
}

void call_schedule(struct call *call)
{
    timers_set(&call->simulator->calls, call, call_due(call));
}

void call_step(struct call *call)
{
    int64_t now = call->due;
    if (call->retry_time <= now)
        call_report_again(call);
    else if (side_due(&call->sides[CALL_FIRST]) <= now)
        side_step(call, CALL_FIRST, now);
    else if (side_due(&call->sides[CALL_SECOND]) <= now)
        side_step(call, CALL_SECOND, now);
    else
        end_by(call, CALL_SECOND, "LONGEST_CALL", "LONGEST_CALL", now);
}

/* ---- hanging up ---- */

void call_phone_hangs_up(struct call *call, enum call_side at, int64_t now)
{
    struct side *side = &call->sides[at];
    if (side->state == SIDE_TALKS) {
        end_by(call, at, "HUNG_UP", "OTHER_HUNG_UP", now);
        return;
    }
    bool rings = side->state == SIDE_RINGS;
    call_releases(call, at, rings ? "DECLINED" : "HUNG_UP", now);
    try_next(call, at, (struct miss){rings ? CALL_BUSY : CALL_NO_ANSWER, ""}, now);
}

void call_is_hung_up(struct call *call, int64_t now)
{
    if (call->stage != STAGE_RUNS)
        return;
    if (call->connected) {
        end_by(call, CALL_SECOND, "NETWORK", "NETWORK", now);
        return;
    }
    enum call_side at = call->sides[CALL_FIRST].state == SIDE_TALKS ? CALL_SECOND : CALL_FIRST;
    end(call, at, (struct miss){CALL_CANCELED, ""}, "NETWORK", "NETWORK", now);
}
