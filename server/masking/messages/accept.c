#include "server/masking/messages/accept.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_legs.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"

static Maskline__Store__V1__Leg *outbound_leg(struct rows *rows,
                                              const struct acceptance *acceptance,
                                              const Maskline__Store__V1__Participant *recipient)
{
    Maskline__Store__V1__Leg *leg = arena_alloc(rows->arena, sizeof *leg);
    if (!leg)
        return NULL;
    maskline__store__v1__leg__init(leg);
    leg->participant = recipient->sid;
    leg->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_QUEUED;
    leg->update_time = rows->now;
    leg->due_time = rows->now;
    leg->generation = recipient->generation;
    if (acceptance->canceled)
        leg_end(leg, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_CANCELED, acceptance->canceled,
                acceptance->canceled_code, rows->now);
    return leg;
}

static bool make_legs(struct rows *rows, const struct acceptance *acceptance,
                      Maskline__Store__V1__Interaction *made)
{
    if (acceptance->interception && !MUTANT("blocked_is_sent"))
        return true;
    made->outbound =
        arena_array(rows->arena, acceptance->recipient_count, sizeof(Maskline__Store__V1__Leg *));
    if (!made->outbound)
        return false;
    for (unsigned i = 0; i < acceptance->recipient_count; i++) {
        made->outbound[i] = acceptance->call
                                ? acceptance->call_legs[i]
                                : outbound_leg(rows, acceptance, acceptance->recipients[i]);
        if (!made->outbound[i])
            return false;
    }
    made->n_outbound = acceptance->recipient_count;
    return true;
}

/* What a call has beside what all interactions have. */
static bool make_call(struct rows *rows, const struct acceptance *acceptance,
                      Maskline__Store__V1__Interaction *made)
{
    struct call_sides sides;
    made->type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    made->call = acceptance->call;
    made->content = arena_alloc(rows->arena, sizeof *made->content);
    if (!made->content)
        return false;
    maskline__store__v1__content__init(made->content);
    if (made->interception && !MUTANT("blocked_is_sent")) {
        call_end_blocked(made, rows->now);
        return true;
    }
    if (!call_of(made, &sides))
        return false;
    if (acceptance->canceled)
        call_refuse(&sides, acceptance->canceled_status, acceptance->canceled,
                    acceptance->canceled_code, rows->now);
    else
        sides.call->due_time = call_due(&sides);
    return true;
}

static Maskline__Store__V1__Interaction *make(struct rows *rows,
                                              const struct acceptance *acceptance)
{
    struct arena *arena = rows->arena;
    Maskline__Store__V1__Interaction *made = arena_alloc(arena, sizeof *made);
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    if (!made || !sid)
        return NULL;
    txn_mint(rows->txn, sid);
    maskline__store__v1__interaction__init(made);
    made->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    made->session = acceptance->session->sid;
    made->type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE;
    made->content = acceptance->content;
    made->session_metadata = acceptance->session->metadata;
    made->n_session_metadata = acceptance->session->n_metadata;
    made->inbound = acceptance->inbound;
    made->sender = acceptance->sender;
    made->create_time = rows->now;
    made->update_time = rows->now;
    made->expire_time = rows->now + acceptance->life + MUTANT("message_lives_a_tick_more");
    made->interception = acceptance->interception;
    if (!make_legs(rows, acceptance, made))
        return NULL;
    return !acceptance->call || make_call(rows, acceptance, made) ? made : NULL;
}

/* Whether the Service's settings may have changed since the session's end was last worked out from them and written down. */
static bool settings_are_newer(const Maskline__Store__V1__Service *service,
                               const Maskline__Store__V1__Session *session)
{
    int64_t written = session->last_interaction_time > session->update_time
                          ? session->last_interaction_time
                          : session->update_time;
    return service->update_time >= written;
}

/* The expiry index holds a hint that is never later than the session's end. A message moves the end, mostly to a later time, and then the
 * hint that is there will do; when it moves it to an earlier one, or there may be none, the hint comes with the message. */
static bool hint_expiry(struct rows *rows, struct acceptance *acceptance, int64_t before,
                        bool newer)
{
    int64_t now = acceptance->session->effective_expire_time;
    if (!now || (before && now >= before && !newer))
        return true;
    struct key key =
        key_expiry(rows->tenant, acceptance->service->sid.data, now, acceptance->session->sid.data);
    acceptance->hint_time = now;
    return txn_put(rows->txn, KV_IDX, key_bytes(&key), (struct bytes){"", 0}, 0);
}

bool message_accept(struct rows *rows, struct acceptance *acceptance,
                    Maskline__Store__V1__Interaction **ret_interaction, struct error *error)
{
    Maskline__Store__V1__Session *session = acceptance->session;
    Maskline__Store__V1__Interaction *made = make(rows, acceptance);
    if (!made)
        return refuse(error, REFUSED_NO_MEMORY);
    bool first = !session->start_time && !MUTANT("first_interaction_untold");
    int64_t expire_before = session->effective_expire_time;
    bool newer = settings_are_newer(acceptance->service, session);
    if (first)
        session->start_time = rows->now;
    session->status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    bool refused =
        (acceptance->canceled || acceptance->interception) && !MUTANT("refused_renews_ttl");
    if (!refused)
        session->last_interaction_time = rows->now;
    if (!MUTANT("renewed_end_untold"))
        session->effective_expire_time = session_expire_time(acceptance->service, session);
    Maskline__Store__V1__InteractionCreated created =
        MASKLINE__STORE__V1__INTERACTION_CREATED__INIT;
    created.interaction = made;
    created.first = first;
    created.refused = refused;
    created.effective_expire_time = session->effective_expire_time;
    if (acceptance->service->settings->person_cap && acceptance->capped.len) {
        created.capped_person = acceptance->capped;
        created.cap_period = acceptance->service->settings->person_cap_period;
    }
    if (acceptance->dedupe_key && !MUTANT("accepted_not_remembered")) {
        created.dedupe_key = (ProtobufCBinaryData){HASH_SIZE, acceptance->dedupe_key};
        created.content_hash = (ProtobufCBinaryData){HASH_SIZE, acceptance->content_hash};
    }
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = acceptance->request;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED;
    entry.interaction_created = &created;
    uint64_t position;
    if (!hint_expiry(rows, acceptance, expire_before, newer))
        return refuse(error, REFUSED_NO_MEMORY);
    if (!rows_append(rows, acceptance->service->sid.data, &entry, &position, error))
        return false;
    *ret_interaction = made;
    return true;
}
