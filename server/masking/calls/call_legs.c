#include "server/masking/calls/call_legs.h"

#include "proto/c/clock.h"
#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"

#include <string.h>

#define STATUS(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name

/* The original's code for "downstream rejected a request". */
enum { ORIGINAL_REFUSED = 80613 };

bool call_of(Maskline__Store__V1__Interaction *interaction, struct call_sides *ret_sides)
{
    bool placed = !interaction->inbound;
    if (interaction->type != MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE ||
        !interaction->call || interaction->n_outbound != (placed ? 2u : 1u))
        return false;
    *ret_sides = (struct call_sides){
        .interaction = interaction,
        .call = interaction->call,
        .first = placed ? interaction->outbound[0] : interaction->inbound,
        .second = interaction->outbound[placed],
        .placed = placed,
    };
    return true;
}

bool call_live(const Maskline__Store__V1__Interaction *interaction)
{
    return interaction->call && !interaction->call->end_time;
}

bool call_blocked(const Maskline__Store__V1__Interaction *interaction)
{
    return interaction->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE &&
           interaction->interception &&
           interaction->interception->state ==
               MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED &&
           interaction->inbound && !interaction->n_outbound && interaction->call &&
           interaction->call->end_time;
}

/* How far a leg has come; ends have the highest. */
static int rank(const Maskline__Store__V1__Leg *leg)
{
    switch (leg->status) {
    case STATUS(QUEUED):
        return 0;
    case STATUS(INITIATED):
        return 1;
    case STATUS(RINGING):
        return 2;
    case STATUS(ANSWERED):
        return 3;
    case STATUS(IN_PROGRESS):
        return 4;
    default:
        return 5;
    }
}

bool call_leg_ended(const Maskline__Store__V1__Leg *leg)
{
    return rank(leg) == 5;
}

static bool is_end(enum call_status status)
{
    return status >= CALL_COMPLETED;
}

/* ---- before the end ---- */

static void move(Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus status, int64_t now)
{
    if (leg->status == status)
        return;
    leg->status = status;
    leg->update_time = now;
}

static void lift(Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus status, int64_t now)
{
    Maskline__Store__V1__Leg to = *leg;
    to.status = status;
    if (rank(leg) < rank(&to))
        move(leg, status, now);
}

/* So many of its numbers were rung. */
static void rung(Maskline__Store__V1__Leg *leg, uint32_t numbers, int64_t now)
{
    if (!leg->attempts)
        leg->sent_time = now;
    leg->attempts = numbers;
}

static void ring(Maskline__Store__V1__Leg *leg, uint32_t numbers, int64_t now)
{
    bool later = numbers > leg->attempts;
    if (rank(leg) < 2 || (later && leg->status == STATUS(ANSWERED)) || MUTANT("call_goes_back"))
        move(leg, STATUS(RINGING), now);
    if (later && rank(leg) < 4) {
        rung(leg, numbers, now);
        leg->update_time = now;
    }
}

static void pick_up(Maskline__Store__V1__Leg *leg, uint32_t numbers, int64_t now)
{
    if (numbers < leg->attempts)
        return; /* of a number that is not rung any more */
    if (numbers > leg->attempts && rank(leg) < 4) {
        rung(leg, numbers, now);
        leg->update_time = now;
    }
    lift(leg, STATUS(ANSWERED), now);
}

static void connect(struct call_sides *sides, const struct call_progress *progress, int64_t now)
{
    Maskline__Store__V1__Leg *second = sides->second;
    if (sides->call->connect_time)
        return;
    sides->call->connect_time = now;
    Maskline__Store__V1__Leg *its = progress->side == CALL_FIRST ? sides->first : second;
    bool is_rung = its == second || sides->placed;
    if (is_rung && progress->target + 1 > its->attempts)
        rung(its, (uint32_t)progress->target + 1, now);
    if (!second->attempts)
        rung(second, 1, now);
    if (sides->placed && !sides->first->attempts)
        rung(sides->first, 1, now);
    lift(sides->first, STATUS(IN_PROGRESS), now);
    lift(second, STATUS(IN_PROGRESS), now);
}

/* ---- the end ---- */

static void end_leg(Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus status,
                    const char *reason, int32_t original, int64_t now)
{
    if (!call_leg_ended(leg))
        leg_end(leg, status, reason, original, now);
}

/* Nothing is known of how long they talked that goes beyond what the domain has seen itself. */
static uint64_t seconds(const struct call_sides *sides, int64_t said, int64_t now)
{
    const Maskline__Store__V1__Call *call = sides->call;
    if (!call->connect_time)
        return 0;
    int64_t most = (now - call->connect_time) / MICROSECONDS;
    if (said >= 0 && !MUTANT("carrier_counts_without_limit"))
        return (uint64_t)(said <= most + 1 ? said : most + 1);
    if (said >= 0)
        return (uint64_t)said;
    int64_t longest = call->longest_call / MICROSECONDS;
    return (uint64_t)(longest && most > longest ? longest : most);
}

static void end_call(struct call_sides *sides, int64_t said, int64_t now)
{
    Maskline__Store__V1__Call *call = sides->call;
    call->seconds = seconds(sides, said, now);
    call->end_time = now;
    call->due_time = 0;
}

static const char *wished(const struct call_sides *sides)
{
    return sides->call->hang_up_time ? sides->call->hang_up_reason : "";
}

/* Whoever has not talked and did not end it itself: it is not rung any more. */
static void give_up(const struct call_sides *sides, Maskline__Store__V1__Leg *leg, int64_t now)
{
    bool called = leg == sides->first && !sides->placed;
    bool picked_up = leg->status == STATUS(IN_PROGRESS) ||
                     (leg == sides->first && leg->status == STATUS(ANSWERED));
    const char *reason = *wished(sides) ? wished(sides) : "OTHER_SIDE_GONE";
    if (called || picked_up)
        end_leg(leg, STATUS(COMPLETED), "", 0, now);
    else
        end_leg(leg, STATUS(CANCELED), reason, 0, now);
}

/* What the carrier says of who did not talk. */
static void fail(const struct call_sides *sides, Maskline__Store__V1__Leg *leg,
                 enum call_status status, int64_t now)
{
    bool picked_up = leg->status == STATUS(ANSWERED);
    switch (status) {
    case CALL_COMPLETED:
        if (leg == sides->first) {
            end_leg(leg, STATUS(COMPLETED), "", 0, now);
            return;
        }
        /* It hung up while it was told, or asked, something. */
        end_leg(leg, STATUS(NO_ANSWER), "NOT_ACCEPTED", 0, now);
        return;
    case CALL_BUSY:
        end_leg(leg, STATUS(BUSY), "", 0, now);
        return;
    case CALL_NO_ANSWER:
        end_leg(leg, STATUS(NO_ANSWER), picked_up ? "NOT_ACCEPTED" : "", 0, now);
        return;
    case CALL_FAILED:
        end_leg(leg, STATUS(FAILED), "CARRIER_REFUSED", ORIGINAL_REFUSED, now);
        return;
    default:
        give_up(sides, leg, now);
    }
}

static void lose_leg(Maskline__Store__V1__Leg *leg, int64_t now)
{
    bool talked = leg->status == STATUS(IN_PROGRESS);
    if (leg->status == STATUS(QUEUED)) {
        /* Nobody was to ring it yet. */
        end_leg(leg, STATUS(CANCELED), "CALL_LOST", 0, now);
        return;
    }
    end_leg(leg, talked ? STATUS(COMPLETED) : STATUS(FAILED), "CALL_LOST",
            talked ? 0 : ORIGINAL_CALL_ERROR, now);
}

static void end_both(struct call_sides *sides, const struct call_progress *progress, int64_t now)
{
    bool talked = sides->call->connect_time != 0;
    Maskline__Store__V1__Leg *its = progress->side == CALL_FIRST ? sides->first : sides->second;
    Maskline__Store__V1__Leg *other = progress->side == CALL_FIRST ? sides->second : sides->first;
    if (progress->status == CALL_GONE && !*wished(sides)) {
        lose_leg(sides->first, now);
        lose_leg(sides->second, now);
    } else if (talked) {
        end_leg(sides->first, STATUS(COMPLETED), "", 0, now);
        end_leg(sides->second, STATUS(COMPLETED), "", 0, now);
    } else if (its == sides->first && !sides->placed) {
        end_leg(its, STATUS(COMPLETED), "", 0, now);
        give_up(sides, other, now);
    } else {
        fail(sides, its, progress->status, now);
        give_up(sides, other, now);
    }
}

/* It had picked up, so that it was connected before it hung up: that was told too late, or not at all. */
static void connect_before_end(struct call_sides *sides, const struct call_progress *progress,
                               int64_t now)
{
    if (progress->status != CALL_COMPLETED || progress->seconds <= 0 || sides->call->connect_time)
        return;
    int64_t most = (now - sides->interaction->create_time) / MICROSECONDS;
    int64_t before = progress->seconds < most ? progress->seconds : most;
    connect(sides, progress, now - before * MICROSECONDS);
}

static void end(struct call_sides *sides, const struct call_progress *progress, int64_t now)
{
    Maskline__Store__V1__Leg *its = progress->side == CALL_FIRST ? sides->first : sides->second;
    connect_before_end(sides, progress, now);
    end_both(sides, progress, now);
    end_call(sides, progress->seconds, now);
    sides->call->recorded = progress->recorded;
    leg_take_code(its, progress->carrier_code);
}

/* What another end would have made of this side. */
static bool ended_so(const struct call_sides *sides, const struct call_progress *progress)
{
    const Maskline__Store__V1__Leg *its =
        progress->side == CALL_FIRST ? sides->first : sides->second;
    if (its == sides->first && !sides->placed)
        return true; /* who called has ended, one way or the other */
    bool completed = its->status == STATUS(COMPLETED);
    switch (progress->status) {
    case CALL_GONE:
        return true;
    case CALL_COMPLETED:
        return completed ||
               (its->status == STATUS(NO_ANSWER) && !strcmp(its->reason, "NOT_ACCEPTED"));
    case CALL_BUSY:
        return its->status == STATUS(BUSY);
    case CALL_NO_ANSWER:
        return its->status == STATUS(NO_ANSWER);
    case CALL_FAILED:
        return its->status == STATUS(FAILED) || (completed && sides->call->connect_time);
    default:
        return its->status == STATUS(CANCELED) || completed;
    }
}

/* The carrier tells at last how a call ended that was taken as lost. What was told of its length stays. */
static enum call_news settle(struct call_sides *sides, const struct call_progress *progress,
                             int64_t now)
{
    Maskline__Store__V1__Leg *legs[] = {sides->first, sides->second};
    bool talked = sides->call->connect_time != 0;
    sides->call->lost = false;
    if (MUTANT("lost_call_stays_lost"))
        return CALL_CHANGED;
    for (size_t i = 0; i < 2; i++) {
        bool called = legs[i] == sides->first && !sides->placed;
        legs[i]->status = talked || called ? STATUS(IN_PROGRESS) : STATUS(RINGING);
    }
    end_both(sides, progress, now);
    leg_take_code(progress->side == CALL_FIRST ? sides->first : sides->second,
                  progress->carrier_code);
    return CALL_CHANGED;
}

static enum call_news after_end(struct call_sides *sides, const struct call_progress *progress,
                                int64_t now)
{
    /* That it carries it no more tells nothing of how it ended. */
    bool tells = progress->status != CALL_GONE || MUTANT("lost_call_ends_twice");
    if (is_end(progress->status) && sides->call->lost && tells) {
        sides->call->recorded |= progress->recorded;
        return settle(sides, progress, now);
    }
    if (is_end(progress->status) && progress->recorded && !sides->call->recorded) {
        sides->call->recorded = true; /* carriers tell of recordings later */
        return CALL_CHANGED;
    }
    bool same = is_end(progress->status) && ended_so(sides, progress);
    return same || MUTANT("end_contradicted_untold") ? CALL_SAME : CALL_CONTRADICTED;
}

/* ---- all of it ---- */

static bool sound(const struct call_sides *sides, const struct call_progress *progress)
{
    if ((progress->side != CALL_FIRST && progress->side != CALL_SECOND) ||
        (unsigned)progress->status > CALL_GONE)
        return false;
    uint32_t numbers =
        progress->side == CALL_FIRST ? sides->call->first_targets : sides->call->second_targets;
    bool rung = progress->side == CALL_SECOND || sides->placed;
    return !rung || progress->target < numbers;
}

static bool same_leg(const Maskline__Store__V1__Leg *a, const Maskline__Store__V1__Leg *b)
{
    return a->status == b->status && a->attempts == b->attempts &&
           !strcmp(a->provider_id, b->provider_id);
}

static void advance(struct call_sides *sides, const struct call_progress *progress, int64_t now)
{
    Maskline__Store__V1__Leg *its = progress->side == CALL_FIRST ? sides->first : sides->second;
    uint32_t numbers = (uint32_t)progress->target + 1;
    if (progress->status == CALL_CONNECTED) {
        connect(sides, progress, now);
        return;
    }
    if (its == sides->first && !sides->placed)
        return; /* who called is not rung */
    /* Whoever is rung second, the first has picked up. */
    if (its == sides->second && sides->placed)
        pick_up(sides->first, sides->first->attempts ? sides->first->attempts : 1, now);
    if (progress->status == CALL_RINGING)
        ring(its, numbers, now);
    else
        pick_up(its, numbers, now);
    if (its == sides->first && its->status == STATUS(ANSWERED))
        lift(sides->second, STATUS(INITIATED), now);
}

/* When it happened: not before the step that came before it, and not in the future. */
static int64_t happened(const struct call_sides *sides, const struct call_progress *progress,
                        int64_t now)
{
    int64_t first = sides->first->update_time, second = sides->second->update_time;
    int64_t before = first > second ? first : second;
    int64_t time = progress->time && !MUTANT("carrier_tells_no_time") ? progress->time : now;
    return time > now ? now : time < before ? before : time;
}

enum call_news call_go_on(struct call_sides *sides, const struct call_progress *progress,
                          int64_t now)
{
    now = happened(sides, progress, now);
    if (!sound(sides, progress))
        return CALL_UNSOUND;
    if (sides->call->end_time && !MUTANT("call_ends_twice"))
        return after_end(sides, progress, now);
    Maskline__Store__V1__Leg first = *sides->first, second = *sides->second;
    int64_t connected = sides->call->connect_time;
    Maskline__Store__V1__Leg *its = progress->side == CALL_FIRST ? sides->first : sides->second;
    if (progress->provider_id && *progress->provider_id && !(its == sides->first && !sides->placed))
        its->provider_id = borrowed(progress->provider_id);
    if (is_end(progress->status)) {
        end(sides, progress, now);
        return CALL_CHANGED;
    }
    advance(sides, progress, now);
    if (connected == sides->call->connect_time && same_leg(&first, sides->first) &&
        same_leg(&second, sides->second))
        return CALL_SAME;
    sides->call->due_time = call_due(sides);
    return CALL_CHANGED;
}

bool call_wish_end(struct call_sides *sides, const char *reason, int64_t now)
{
    Maskline__Store__V1__Call *call = sides->call;
    if (call->end_time || call->hang_up_time)
        return false;
    call->hang_up_time = now;
    call->hang_up_reason = borrowed(reason);
    call->due_time = call_due(sides);
    return true;
}

void call_lose(struct call_sides *sides, int64_t now)
{
    if (sides->call->end_time)
        return;
    lose_leg(sides->first, now);
    lose_leg(sides->second, now);
    end_call(sides, -1, now);
    sides->call->lost = true;
}

void call_refuse(struct call_sides *sides, Maskline__Store__V1__LegStatus status,
                 const char *reason, int32_t original, int64_t now)
{
    if (sides->placed)
        end_leg(sides->first, status, reason, original, now);
    else
        end_leg(sides->first, STATUS(COMPLETED), "", 0, now);
    end_leg(sides->second, sides->placed ? STATUS(CANCELED) : status,
            sides->placed ? "OTHER_SIDE_GONE" : reason, sides->placed ? 0 : original, now);
    end_call(sides, 0, now);
}

int64_t call_until(const struct call_sides *sides)
{
    const Maskline__Store__V1__Call *call = sides->call;
    int64_t from = call->connect_time ? call->connect_time : sides->interaction->expire_time;
    return from + call->longest_call + CALL_SURELY_OVER;
}

int64_t call_due(const struct call_sides *sides)
{
    const Maskline__Store__V1__Call *call = sides->call;
    if (call->hang_up_time)
        return call->hang_up_time + CALL_HANG_UP_AGAIN;
    if (call->connect_time)
        return call->connect_time + call->longest_call + CALL_LONGEST_SLACK;
    return sides->interaction->expire_time + CALL_HANG_UP_WAIT;
}

void call_end_blocked(Maskline__Store__V1__Interaction *interaction, int64_t now)
{
    end_leg(interaction->inbound, STATUS(COMPLETED), "", 0, now);
    interaction->call->end_time = now;
    interaction->call->due_time = 0;
}
