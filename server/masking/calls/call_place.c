#include "server/masking/calls/calls.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_plan.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/calls/call_take.h"
#include "server/masking/errors.h"
#include "server/masking/messages/accept.h"
#include "server/masking/messages/guards.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/sent_before.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/known.h"
#include "server/masking/refused.h"

#include <stdlib.h>
#include <string.h>

#define LEG(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name
#define VOICE     MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE

/*
 * A call that the Service places. It is durable before the carrier hears of it, and the carrier hears of it once: when the process ends in
 * between, nobody is rung, and the next start ends the call.
 */

struct placing {
    struct command command;
    struct masking *masking;
    const struct call_draft *draft;
    interaction_done done;
    void *data;
    /* In the transaction's arena. */
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
    Maskline__Store__V1__Interaction *interaction;
    const struct call_plan *plan; /* NULL: a repeat */
    struct call_people people;
    const struct carrier_port *carrier;
    ProtobufCBinaryData capped;
    struct log_id log;
    int64_t note_time;
    struct error error;
};

/* The carrier did not take it: nobody was rung. */
struct untaken {
    struct command command;
    struct masking *masking;
    struct call_id id;
    struct error error;
};

static bool untaken_decide(struct command *command, struct txn *txn)
{
    struct untaken *untaken = (struct untaken *)command;
    struct rows rows = rows_of_txn(txn, untaken->masking->store);
    struct call_sides sides;
    rows.tenant = log_tenant(&untaken->id.log);
    enum kv_found found = call_row(&rows, &untaken->id, &sides, &untaken->error);
    if (found != KV_FOUND || sides.call->end_time)
        return found != KV_FAILED;
    int64_t due = sides.call->due_time;
    call_refuse(&sides, LEG(FAILED), "CARRIER_UNAVAILABLE", ORIGINAL_CALL_ERROR, rows.now);
    return call_append(&rows, log_service(&untaken->id.log), &sides, due, true, &untaken->error);
}

/* When it could not be written down, the call's due time ends it. */
static void untaken_done(struct command *command, enum command_outcome outcome,
                         const struct error *error)
{
    (void)outcome;
    (void)error;
    free(command);
}

static void hand_over(struct placing *placing)
{
    FAILPOINT("call_before_place");
    if (placing->carrier->calls->place(placing->carrier->data, placing->plan))
        return;
    struct untaken *untaken = calloc(1, sizeof *untaken);
    if (!untaken || !call_key_read(placing->plan->key, &untaken->id)) {
        free(untaken);
        return;
    }
    untaken->command = (struct command){.decide = untaken_decide, .done = untaken_done};
    untaken->masking = placing->masking;
    pipeline_submit(placing->masking->pipeline, &untaken->command);
}

/* ---- whether it may be ---- */

static bool find_people(struct placing *placing)
{
    struct error *error = &placing->error;
    struct call_people *people = &placing->people;
    const Maskline__Store__V1__Session *session = placing->session;
    uint8_t sid[SID_BYTES];
    if (!sid_parse("KP", placing->draft->participant, sid))
        return refuse(error, REFUSED_PARTICIPANT_SID);
    people->first = session_participant(session, sid);
    if (!people->first)
        return refuse(error, REFUSED_PARTICIPANT_NOT_FOUND);
    people->second = NULL;
    for (size_t i = 0; i < session->n_participants; i++) {
        Maskline__Store__V1__Participant *other = session->participants[i];
        if (other != people->first && !other->delete_time && !people->second)
            people->second = other;
    }
    if (!people->second)
        return refuse(error, REFUSED_NO_PARTNER);
    people->first_seat = binding_from(people->first, &people->second->sid);
    people->second_seat = binding_from(people->second, &people->first->sid);
    return (people->first_seat && people->second_seat) || refuse(error, REFUSED_NO_PARTNER);
}

static bool check_session(struct placing *placing, int64_t now)
{
    const Maskline__Store__V1__Session *session = placing->session;
    if (session_active(session, now))
        return true;
    if (session_open(session) || session_expired(session))
        return refuse(&placing->error, REFUSED_SESSION_EXPIRED);
    return refuse(&placing->error, REFUSED_SESSION_CLOSED);
}

/* What the check of calls gives as a reason, as an answer to a client. */
static bool refuse_for(struct error *error, const char *reason)
{
    static const struct {
        const char *reason;
        enum refusal refusal;
    } KNOWN[] = {
        {"OPTED_OUT", REFUSED_CALL_OPTED_OUT},      {"BLOCKED", REFUSED_BLOCKED},
        {"NUMBER_REMOVED", REFUSED_NUMBER_GONE},    {"NUMBER_LOCKED", REFUSED_NUMBER_LOCKED},
        {"SESSION_CLOSED", REFUSED_SESSION_CLOSED},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (!strcmp(KNOWN[i].reason, reason))
            return refuse(error, KNOWN[i].refusal);
    }
    return refuse(error, REFUSED_ROUTE_CHANGED);
}

/* The call counts for who is rung first, as a message from the Service does for who gets it. */
static bool ask_guards(struct placing *placing, struct rows *rows)
{
    struct error *error = &placing->error;
    const struct guard_subject subject = {
        .service = placing->service,
        .session = placing->session,
        .recipients = &placing->people.first,
        .recipient_count = 1,
        .type = VOICE,
    };
    struct guard_refusal refusal;
    placing->capped = guard_capped(&subject);
    switch (guards_ask(placing->masking, rows, &subject, &refusal, error)) {
    case GUARD_PASSES:
        return true;
    case GUARD_BROKEN:
        return false;
    case GUARD_REFUSES:
        break;
    }
    if (MUTANT("place_unguarded"))
        return true;
    switch (refusal.guard) {
    case GUARD_OPT_OUT:
        return refuse(error, REFUSED_CALL_OPTED_OUT);
    case GUARD_BLOCK:
        return refuse(error, REFUSED_BLOCKED);
    case GUARD_PERSON_CAP:
        refuse(error, REFUSED_PERSON_CAP);
        error_free_time(error, refusal.free_time, rows->now);
        return false;
    case GUARD_SESSION_CAP:
        return refuse(error, REFUSED_SESSION_CAP);
    default:
        return refuse(error, REFUSED_CALL_MODE);
    }
}

static bool check_people(struct placing *placing, struct rows *rows)
{
    const struct call_subject subject = {
        .masking = placing->masking,
        .rows = rows,
        .service = placing->service,
        .session = placing->session,
        .people = placing->people,
        .placed = true,
        .error = &placing->error,
    };
    const char *reason;
    if (!call_may_be(&subject, &reason))
        return false;
    if (reason)
        return refuse_for(&placing->error, reason);
    return placing->session->n_live_calls < CALLS_LIVE_MOST ||
           refuse(&placing->error, REFUSED_TOO_MANY_CALLS);
}

/* ---- by which carrier ---- */

static bool find_number(struct placing *placing, struct rows *rows,
                        const Maskline__Store__V1__Binding *seat,
                        const Maskline__Store__V1__PhoneNumber **ret_number)
{
    struct holding holding;
    enum kv_found found = known_number(placing->masking->known, rows, seat->proxy_identifier,
                                       &holding, &placing->error);
    if (found == KV_FAILED)
        return false;
    *ret_number = found == KV_FOUND ? holding.number : NULL;
    if (!*ret_number)
        return refuse(&placing->error, REFUSED_NUMBER_GONE);
    return (*ret_number)->voice || MUTANT("call_without_voice") ||
           refuse(&placing->error, REFUSED_VOICE);
}

static bool can_place(const struct carrier_port *carrier)
{
    enum { NEEDED = CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_PLACE };
    return carrier->calls && (carrier->calls->abilities(carrier->data) & NEEDED) == NEEDED;
}

/* The first's carriers in their order; of those that the second has, too, the first that can. */
static bool find_carrier(struct placing *placing, struct rows *rows)
{
    struct ports *ports = placing->masking->ports;
    const Maskline__Store__V1__PhoneNumber *first, *second;
    if (!find_number(placing, rows, placing->people.first_seat, &first) ||
        !find_number(placing, rows, placing->people.second_seat, &second))
        return false;
    bool common = false;
    size_t count = first->n_carriers ? first->n_carriers : ports_count(ports) > 0;
    for (size_t i = 0; i < count; i++) {
        /* A number without any has the default carrier. */
        struct port *port =
            first->n_carriers ? ports_find(ports, first->carriers[i]) : ports_at(ports, 0);
        if (!port ||
            !(ports_named(ports, second->carriers, second->n_carriers, port->carrier->name) ||
              MUTANT("place_by_any_carrier")))
            continue;
        common = true;
        if (!can_place(port->carrier))
            continue;
        placing->carrier = port->carrier;
        return true;
    }
    return refuse(&placing->error, common ? REFUSED_CARRIER_UNAVAILABLE : REFUSED_CARRIER_MISMATCH);
}

/* ---- what it becomes ---- */

static Maskline__Store__V1__Leg *leg_of(struct placing *placing, struct arena *arena, int64_t now,
                                        const Maskline__Store__V1__Participant *who,
                                        Maskline__Store__V1__LegStatus status)
{
    Maskline__Store__V1__Leg *leg = arena_alloc(arena, sizeof *leg);
    if (!leg)
        return NULL;
    maskline__store__v1__leg__init(leg);
    leg->participant = who->sid;
    leg->status = status;
    leg->carrier = borrowed(placing->carrier->name);
    leg->update_time = now;
    leg->generation = who->generation;
    return leg;
}

static bool take_on(struct placing *placing, struct rows *rows)
{
    struct error *error = &placing->error;
    struct call_people *people = &placing->people;
    struct call_numbers first, second;
    struct call_sides sides;
    if (!call_numbers_find(placing->masking, rows, people->first, &first, error) ||
        !call_numbers_find(placing->masking, rows, people->second, &second, error))
        return false;
    if (!first.count || !second.count)
        return refuse(error, REFUSED_LOOP);
    if (MUTANT("calls_of_api_are_asked_about") && placing->service->settings->intercept_calls)
        return refuse(error, REFUSED_BLOCKED);
    Maskline__Store__V1__Call *call = arena_alloc(rows->arena, sizeof *call);
    struct acceptance acceptance = {
        .service = placing->service,
        .session = placing->session,
        .recipients = {people->first, people->second},
        .recipient_count = 2,
        .capped = placing->capped,
        .request = request_mark(rows, &placing->draft->request),
        .call = call,
        .call_legs = {leg_of(placing, rows->arena, rows->now, people->first, LEG(INITIATED)),
                      leg_of(placing, rows->arena, rows->now, people->second, LEG(QUEUED))},
    };
    if (!call || !acceptance.call_legs[0] || !acceptance.call_legs[1])
        return refuse(error, REFUSED_NO_MEMORY);
    maskline__store__v1__call__init(call);
    acceptance.life =
        call_terms(placing->service->settings, placing->carrier, &first, &second, call);
    if (!message_accept(rows, &acceptance, &placing->interaction, error))
        return false;
    placing->log = key_log(rows->tenant, placing->service->sid.data);
    placing->note_time = acceptance.hint_time;
    if (!call_of(placing->interaction, &sides))
        return refuse(error, REFUSED_INTERNAL);
    placing->plan =
        call_plan_make(rows, placing->service, placing->carrier, &sides, people, &first, &second);
    return placing->plan || refuse(error, REFUSED_NO_MEMORY);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct placing *placing = (struct placing *)command;
    struct error *error = &placing->error;
    struct rows rows = rows_of_txn(txn, placing->masking->store);
    uint64_t position = 0;
    placing->plan = NULL;
    placing->note_time = 0;
    form_request(error, &placing->draft->request);
    if (error->code != STATUS_OK ||
        !rows_find_active_service(&rows, placing->draft->service, &placing->service, error) ||
        !request_seen(&rows, placing->service->sid.data, &placing->draft->request, &position,
                      error))
        return false;
    if (position)
        return sent_before(&rows, placing->service, position, &placing->interaction, error);
    known_begin(placing->masking->known);
    if (!rows_find_session(&rows, placing->service, placing->draft->session, &placing->session,
                           error) ||
        !find_people(placing))
        return false;
    if (!check_session(placing, rows.now) || !ask_guards(placing, &rows))
        return refused_traffic_tell(placing->masking, &rows, placing->service, placing->session,
                                    error);
    return check_people(placing, &rows) && find_carrier(placing, &rows) && take_on(placing, &rows);
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct placing *placing = (struct placing *)command;
    if (outcome == COMMAND_DURABLE)
        error = placing->error.code == STATUS_OK ? NULL : &placing->error;
    if (error) {
        placing->done(placing->data, NULL, NULL, error);
    } else {
        if (placing->note_time)
            timers_note(placing->masking->timers, &placing->log, placing->note_time);
        placing->done(placing->data, placing->service, placing->interaction, NULL);
        if (placing->plan)
            hand_over(placing);
    }
    free(placing);
}

static void prefetch(struct command *command, struct view *view)
{
    struct placing *placing = (struct placing *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, placing->masking->store, arena);
    sid_bytes service;
    if (rows_warm_service(&rows, placing->draft->service, service))
        rows_warm_session(&rows, service, placing->draft->session);
}

void calls_place(struct masking *masking, const struct call_draft *draft, interaction_done done,
                 void *data)
{
    struct placing *placing = calloc(1, sizeof *placing);
    if (!placing) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return;
    }
    placing->command = (struct command){
        .prefetch = prefetch, .decide = decide, .done = finish, .tenant = masking->tenant};
    placing->masking = masking;
    placing->draft = draft;
    placing->done = done;
    placing->data = data;
    error_clear(&placing->error);
    pipeline_submit(masking->pipeline, &placing->command);
}
