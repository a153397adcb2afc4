#include "server/masking/calls/call_take.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_plan.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/errors.h"
#include "server/masking/messages/guards.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/notices.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/policies/interception.h"
#include "server/masking/rows/known.h"

#include <string.h>

#define LEG(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name

enum { ORIGINAL_VOICE = 80201 };

struct taking {
    struct inbound *in;
    struct rows *rows;
    struct acceptance *acceptance;
    struct call_people people;
    const struct carrier_port *carrier;
    struct call_numbers first, second; /* the first is empty: it has called */
    /* Why nobody is rung though the call is written down; NULL: somebody is. */
    const char *refused;
    int32_t original;
    Maskline__Store__V1__LegStatus refused_status;
    Maskline__Store__V1__Call call;
    struct call_sides sides;
};

static bool no_memory(struct taking *t)
{
    return refuse(&t->in->error, REFUSED_NO_MEMORY);
}

static bool cannot(struct taking *t, Maskline__Store__V1__LegStatus status, const char *reason,
                   int32_t original)
{
    if (!t->refused) {
        t->refused = reason;
        t->refused_status = status;
        t->original = original;
    }
    return true;
}

/* The carrier that brought the call shows the partner its own number: it has to be one of that number's. */
static bool check_number(struct taking *t)
{
    struct holding holding;
    const struct inbound *in = t->in;
    enum kv_found found =
        known_number(in->masking->known, t->rows, t->people.second_seat->proxy_identifier, &holding,
                     &t->in->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || !holding.number)
        return cannot(t, LEG(CANCELED), "NUMBER_REMOVED", 0);
    if (!holding.number->voice && !MUTANT("call_without_voice"))
        return cannot(t, LEG(FAILED), "VOICE_NOT_POSSIBLE", ORIGINAL_VOICE);
    if (!ports_named(in->masking->ports, holding.number->carriers, holding.number->n_carriers,
                     in->carrier) &&
        !MUTANT("call_by_any_carrier"))
        return cannot(t, LEG(FAILED), "CARRIER_MISMATCH", 0);
    return true;
}

/* What the guards do not know of. */
static bool check(struct taking *t)
{
    const struct call_subject subject = {
        .masking = t->in->masking,
        .rows = t->rows,
        .service = t->acceptance->service,
        .session = t->acceptance->session,
        .people = t->people,
        .error = &t->in->error,
    };
    const char *reason;
    if (!call_may_be(&subject, &reason))
        return false;
    if (reason)
        cannot(t, LEG(CANCELED), reason, 0);
    if (!check_number(t) ||
        !call_numbers_find(t->in->masking, t->rows, t->people.second, &t->second, &t->in->error))
        return false;
    return t->second.count || cannot(t, LEG(CANCELED), "LOOP", 0);
}

static Maskline__Store__V1__Leg *leg_of(const struct taking *t,
                                        const Maskline__Store__V1__Participant *who,
                                        Maskline__Store__V1__LegStatus status)
{
    Maskline__Store__V1__Leg *leg = arena_alloc(t->rows->arena, sizeof *leg);
    if (!leg)
        return NULL;
    maskline__store__v1__leg__init(leg);
    leg->participant = who->sid;
    leg->status = status;
    leg->carrier = borrowed(t->carrier->name);
    leg->update_time = t->rows->now;
    leg->generation = who->generation;
    return leg;
}

/* The interaction is made of this. */
static bool make(struct taking *t)
{
    struct acceptance *acceptance = t->acceptance;
    Maskline__Store__V1__Call *call = arena_alloc(t->rows->arena, sizeof *call);
    acceptance->inbound = leg_of(t, t->people.first, LEG(IN_PROGRESS));
    acceptance->call_legs[0] = leg_of(t, t->people.second, LEG(INITIATED));
    if (!call || !acceptance->inbound || !acceptance->call_legs[0])
        return no_memory(t);
    maskline__store__v1__call__init(call);
    acceptance->inbound->provider_id = borrowed(t->in->provider_id);
    acceptance->call = call;
    acceptance->life =
        call_terms(acceptance->service->settings, t->carrier, &t->first, &t->second, call);
    acceptance->dedupe_key = t->in->dedupe_key;
    acceptance->content_hash = t->in->content_hash;
    acceptance->canceled = t->refused;
    acceptance->canceled_code = t->original;
    acceptance->canceled_status = t->refused_status;
    return true;
}

/* What rings nobody anyway is put to nobody. */
static bool intercept(struct taking *t)
{
    const struct interception_subject subject = {
        .service = t->acceptance->service,
        .type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE,
    };
    return t->refused ||
           interception_ask(t->rows, &subject, &t->acceptance->interception, &t->in->error);
}

static enum call_taken reject_interaction(struct inbound *in, const char *reason, int32_t original)
{
    in->result = (struct inbound_result){
        .outcome = INBOUND_REJECTED, .reason = reason, .original = original};
    return CALL_TAKEN;
}

enum call_taken call_take(struct inbound *in, struct rows *rows,
                          Maskline__Store__V1__Participant *caller, struct acceptance *acceptance,
                          enum rejection *ret_rejection)
{
    struct taking t = {.in = in, .rows = rows, .acceptance = acceptance};
    t.carrier = ports_find(in->masking->ports, in->carrier)->carrier;
    t.people.first = caller;
    t.people.second = acceptance->recipients[0];
    t.people.first_seat = binding_from(caller, &t.people.second->sid);
    t.people.second_seat = binding_from(t.people.second, &caller->sid);
    if (!t.people.first_seat || !t.people.second_seat) {
        *ret_rejection = REJECT_NO_PARTNER;
        return CALL_NOT_TAKEN;
    }
    if (acceptance->session->n_live_calls >= CALLS_LIVE_MOST && !MUTANT("calls_have_no_limit")) {
        *ret_rejection = REJECT_TOO_MANY_CALLS;
        return CALL_NOT_TAKEN;
    }
    if (acceptance->canceled)
        cannot(&t, LEG(CANCELED), acceptance->canceled, acceptance->canceled_code);
    if (!check(&t) || !intercept(&t) || !make(&t) ||
        !message_accept(rows, acceptance, &in->accepted, &in->error))
        return CALL_BROKEN;
    in->note_time = acceptance->hint_time;
    if (t.refused)
        return reject_interaction(in, t.refused, t.original);
    if (acceptance->interception)
        return reject_interaction(in, acceptance->interception->reason,
                                  acceptance->interception->original_code);
    if (!call_of(in->accepted, &t.sides)) {
        refuse(&in->error, REFUSED_INTERNAL);
        return CALL_BROKEN;
    }
    in->plan = call_plan_make(rows, acceptance->service, t.carrier, &t.sides, &t.people, &t.first,
                              &t.second);
    if (!in->plan) {
        no_memory(&t);
        return CALL_BROKEN;
    }
    in->result = (struct inbound_result){.outcome = INBOUND_ACCEPTED};
    return CALL_TAKEN;
}

/* ---- repeats ---- */

/* The plan, if there is one to be carried out: the people and the numbers are those of then, or nobody is rung. */
static bool plan_again(struct inbound *in, struct rows *rows,
                       const Maskline__Store__V1__Service *service, struct call_sides *sides)
{
    Maskline__Store__V1__Session *session;
    struct call_people people;
    struct call_numbers first = {.count = 0}, second;
    const char *reason;
    enum kv_found found = rows_session(rows, service->sid.data, sides->interaction->session.data,
                                       &session, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    if (!call_may_live(in->masking, rows, service, session, sides, &people, &reason, &in->error))
        return false;
    if (reason) {
        int64_t due = sides->call->due_time;
        return !call_wish_end(sides, reason, rows->now) ||
               call_append(rows, service->sid.data, sides, due, false, &in->error);
    }
    if (!call_numbers_find(in->masking, rows, people.second, &second, &in->error))
        return false;
    /* A carrier that does not ask rings one number, of however many. */
    uint32_t targets = sides->call->second_targets;
    if (targets == 1 ? !second.count : second.count != targets)
        return true;
    const struct carrier_port *carrier = ports_find(in->masking->ports, in->carrier)->carrier;
    in->plan = call_plan_make(rows, service, carrier, sides, &people, &first, &second);
    return in->plan || refuse(&in->error, REFUSED_NO_MEMORY);
}

bool call_take_again(struct inbound *in, struct rows *rows,
                     const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Dedupe *row)
{
    Maskline__Store__V1__Interaction *interaction;
    struct call_sides sides;
    enum kv_found found = KV_ABSENT;
    if (row->session.len == SID_BYTES && row->interaction.len == SID_BYTES)
        found = rows_interaction(rows, service->sid.data, row->session.data, row->interaction.data,
                                 &interaction, &in->error);
    if (found == KV_FAILED)
        return false;
    const char *reason = "CALL_ENDED";
    int32_t original = 0;
    if (found == KV_FOUND && call_blocked(interaction) && !MUTANT("blocked_call_is_forgotten")) {
        reason = interaction->interception->reason;
        original = interaction->interception->original_code;
    } else if (found == KV_FOUND && call_of(interaction, &sides)) {
        const Maskline__Store__V1__Call *call = sides.call;
        bool waits = !call->end_time && !call->hang_up_time &&
                     (call->connect_time || rows->now < sides.interaction->expire_time);
        if (waits && !MUTANT("repeated_call_is_over") && !plan_again(in, rows, service, &sides))
            return false;
        if (call->end_time == sides.interaction->create_time && *sides.second->reason) {
            reason = sides.second->reason;
            original = sides.second->original_code;
        }
    }
    in->result = in->plan ? (struct inbound_result){.outcome = INBOUND_ACCEPTED}
                          : (struct inbound_result){.outcome = INBOUND_REJECTED,
                                                    .reason = reason,
                                                    .original = original};
    in->result.repeated = true;
    return true;
}

bool call_say(struct inbound *in, struct rows *rows, const Maskline__Store__V1__Service *service,
              Maskline__Store__V1__NoticeOccasion occasion)
{
    const char *text = NULL;
    if (occasion && !notice_text(rows->arena, service->settings, occasion, "", &text))
        return refuse(&in->error, REFUSED_NO_MEMORY);
    if (!text || !(ports_find(in->masking->ports, in->carrier)
                       ->carrier->calls->abilities(
                           ports_find(in->masking->ports, in->carrier)->carrier->data) &
                   CALL_CAN_SPEAK))
        return true;
    in->spoken = arena_string(rows->arena, text);
    return in->spoken || refuse(&in->error, REFUSED_NO_MEMORY);
}
