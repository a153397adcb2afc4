#include "proto/c/fault.h"
#include "server/masking/calls/call_legs.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/derive/derive.h"
#include "server/masking/derive/session_apply.h"

#include <string.h>

/* The calls of a session that live stand in its row; each has a row in the timers' index. */

/* Memory is told of what is new; what a replay finds is found again by whoever rebuilds. */
static void note_due(struct deriving *d, int64_t time)
{
    if (!derivation_replays(d->derivation))
        timers_note(d->masking->timers, derivation_log(d->derivation), time);
}

static bool put_due(struct deriving *d, int64_t time, const uint8_t *session,
                    const uint8_t *interaction, char *carrier, int64_t until)
{
    Maskline__Store__V1__CallDue due = MASKLINE__STORE__V1__CALL_DUE__INIT;
    due.carrier = carrier;
    due.until_time = until;
    struct key key = key_call(d->tenant, d->service, time, session, interaction);
    note_due(d, time);
    return derive_record(d, KV_IDX, &key, &due.base, 0, ROW_LATER);
}

static bool put_call(struct deriving *d, const struct call_sides *sides)
{
    return put_due(d, sides->call->due_time, sides->interaction->session.data,
                   sides->interaction->sid.data, sides->call->carrier, call_until(sides));
}

bool derive_call_created(struct deriving *d, const Maskline__Store__V1__InteractionCreated *change)
{
    struct call_sides sides;
    if (!call_blocked(change->interaction) && !call_of(change->interaction, &sides))
        return false;
    if (call_live(change->interaction) && !put_call(d, &sides))
        return false;
    Maskline__Store__V1__Session *session;
    struct key key = key_session(d->tenant, d->service, change->interaction->session.data);
    enum row_state old =
        derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__session__descriptor, &session);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    session_apply_interaction(session, change, d->entry->time);
    return session_apply_call(session, change, d->arena) &&
           derive_record(d, KV_LIVE, &key, &session->base, 0, ROW_LATER);
}

static bool change_session(struct deriving *d, const Maskline__Store__V1__CallChanged *change)
{
    Maskline__Store__V1__Session *session;
    struct key key = key_session(d->tenant, d->service, change->session.data);
    enum row_state old =
        derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__session__descriptor, &session);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    session_apply_call_ended(session, change);
    return derive_record(d, KV_LIVE, &key, &session->base, 0, ROW_LATER);
}

/* Its place in the timers' index. A carrier that did not tell how it ended is told to hang up for a while. */
static bool move_due(struct deriving *d, const Maskline__Store__V1__CallChanged *change)
{
    Maskline__Store__V1__Interaction interaction = MASKLINE__STORE__V1__INTERACTION__INIT;
    interaction.type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    interaction.session = change->session;
    interaction.sid = change->interaction;
    interaction.inbound = change->inbound;
    interaction.outbound = change->outbound;
    interaction.n_outbound = change->n_outbound;
    interaction.call = change->call;
    /* The row says until when; of one that was never connected this entry is the last word on it. */
    interaction.expire_time = d->entry->time;
    struct call_sides sides;
    if (!call_of(&interaction, &sides))
        return false;
    const Maskline__Store__V1__Call *call = change->call;
    int64_t now = call->due_time, before = change->previous_due_time;
    if (change->ended && call->lost)
        now = d->entry->time + CALL_HANG_UP_AGAIN;
    if (before && before != now) {
        struct key key =
            key_call(d->tenant, d->service, before, change->session.data, change->interaction.data);
        if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
            return false;
    }
    return !now || put_due(d, now, change->session.data, change->interaction.data, call->carrier,
                           call_until(&sides));
}

bool derive_call_changed(struct deriving *d, const Maskline__Store__V1__CallChanged *change)
{
    if (!change->call)
        return false;
    struct key key =
        key_interaction(d->tenant, d->service, change->session.data, change->interaction.data);
    Maskline__Store__V1__Interaction *row;
    enum row_state old =
        derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__interaction__descriptor, &row);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT) {
        row->inbound = change->inbound;
        row->outbound = change->outbound;
        row->n_outbound = change->n_outbound;
        row->call = change->call;
        row->update_time = d->entry->time;
        if (!derive_record(d, KV_LIVE, &key, &row->base, 0, ROW_LATER))
            return false;
    }
    if (change->call->hang_up_time && !change->call->end_time)
        derive_calls_look(d, change->session.data);
    return move_due(d, change) &&
           (!change->ended || MUTANT("ended_call_stays_live") || change_session(d, change));
}

/* Nothing is left of them but that their carriers are told to hang up. */
bool derive_calls_orphaned(struct deriving *d, const Maskline__Store__V1__SessionDeleted *deleted)
{
    for (size_t i = 0; i < deleted->n_live_calls && !MUTANT("deleted_calls_live_on"); i++) {
        const Maskline__Store__V1__LostCall *call = deleted->live_calls[i];
        if (call->due_time && call->due_time != d->entry->time) {
            struct key key = key_call(d->tenant, d->service, call->due_time, deleted->session.data,
                                      call->interaction.data);
            if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
                return false;
        }
        if (!put_due(d, d->entry->time, deleted->session.data, call->interaction.data,
                     call->carrier, call->until_time))
            return false;
    }
    return true;
}

void derive_calls_look(struct deriving *d, const uint8_t *session)
{
    if (!derivation_replays(d->derivation))
        call_watch_derived(d->masking->calls, derivation_log(d->derivation), session);
}
