#include "proto/c/fault.h"
#include "server/masking/derive/derive.h"
#include "server/masking/derive/leg_bytes.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/kept.h"
#include "server/masking/messages/notices.h"
#include "server/masking/derive/session_bytes.h"

/* How long a carrier's message is known again. */
#define DEDUPE_KEPT (INT64_C(7) * 24 * 3600 * 1000000)

#define CAP_KEPT (INT64_C(24) * 3600 * 1000000)

/* A notice goes by itself; what belongs to a session goes with it. */
static int64_t purge_time(const struct deriving *d, const ProtobufCBinaryData *session)
{
    return is_notice_session(session) ? d->entry->time + NOTICE_KEPT : 0;
}

static bool put_interaction(struct deriving *d, const Maskline__Store__V1__Interaction *interaction)
{
    enum { FIELD_INTERACTION = 1 }; /* of InteractionCreated */
    struct key key =
        key_interaction(d->tenant, d->service, interaction->session.data, interaction->sid.data);
    struct bytes packed;
    return derive_packed(d, FIELD_INTERACTION, &packed) &&
           derive_text(d, KV_LIVE, &key, packed, ROW_LATER);
}

bool derive_dedupe(struct deriving *d, const ProtobufCBinaryData *hash,
                   const Maskline__Store__V1__Dedupe *dedupe)
{
    if (hash->len != HASH_SIZE)
        return true;
    struct key key = key_dedupe(d->tenant, d->service, hash->data);
    return derive_record(d, KV_LIVE, &key, &dedupe->base, d->entry->time + DEDUPE_KEPT, ROW_LATER);
}

/* The outbox's row of a leg that waits. `first`: the leg is new; most are on their way before its row has reached the disk. */
static bool put_waiting(struct deriving *d, const ProtobufCBinaryData *session,
                        const ProtobufCBinaryData *interaction, uint32_t leg,
                        const Maskline__Store__V1__Leg *waiting, int64_t expire_time, bool first)
{
    Maskline__Store__V1__OutboxRow row = MASKLINE__STORE__V1__OUTBOX_ROW__INIT;
    row.session = *session;
    row.interaction = *interaction;
    row.leg = leg;
    row.participant = waiting->participant;
    row.expire_time = expire_time;
    struct key key = key_outbox(d->tenant, d->service, waiting->due_time, interaction->data, leg);
    return first ? derive_new_record(d, KV_IDX, &key, &row.base)
                 : derive_record(d, KV_IDX, &key, &row.base, 0, ROW_LATER);
}

/* One more of what is counted within a period that begins with the first. The row outlives its period a little: what is replayed has to
 * find what it was made of. */
static bool count_up(struct deriving *d, const struct key *key, int64_t period)
{
    Maskline__Store__V1__CapCount *used;
    enum row_state old =
        derive_old_record(d, KV_LIVE, key, &maskline__store__v1__cap_count__descriptor, &used);
    if (old == ROW_FAILED || old == ROW_DONE)
        return old == ROW_DONE;
    Maskline__Store__V1__CapCount first = MASKLINE__STORE__V1__CAP_COUNT__INIT;
    first.since_time = d->entry->time;
    if (old == ROW_ABSENT || d->entry->time - used->since_time >= period)
        used = &first;
    used->count++;
    return derive_record(d, KV_LIVE, key, &used->base, used->since_time + period + CAP_KEPT,
                         ROW_LATER);
}

/* Who was told without having asked is told, and how often who asked. */
static bool put_told(struct deriving *d, const Maskline__Store__V1__NoticeAddress *notice)
{
    struct key told =
        notice_told_key(d->tenant, d->service, store_hash_key(d->masking->store), notice);
    if (!notice_unasked(notice->occasion))
        return count_up(d, &told, NOTICE_QUIET);
    return derive_put(d->derivation, KV_LIVE, key_bytes(&told), (struct bytes){"", 0},
                      d->entry->time + NOTICE_QUIET, ROW_LATER);
}

/* Its row, its place in the outbox, and that its reader has been told. */
bool derive_notice(struct deriving *d, const Maskline__Store__V1__Interaction *notice)
{
    if (!notice)
        return true;
    if (!notice->notice || notice->n_outbound != 1)
        return false;
    struct key key = key_interaction(d->tenant, d->service, notice->session.data, notice->sid.data);
    return derive_record(d, KV_LIVE, &key, &notice->base, purge_time(d, &notice->session),
                         ROW_LATER) &&
           put_waiting(d, &notice->session, &notice->sid, 0, notice->outbound[0],
                       notice->expire_time, true) &&
           put_told(d, notice->notice);
}

static bool change_session(struct deriving *d,
                           const Maskline__Store__V1__InteractionCreated *change)
{
    if (change->interaction->call)
        return derive_call_created(d, change);
    struct key key = key_session(d->tenant, d->service, change->interaction->session.data);
    struct kv_value row;
    enum row_state old = derive_old(d->derivation, KV_LIVE, key_bytes(&key), &row);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    struct bytes now;
    if (!session_bytes_apply_interaction(row.bytes, change, d->entry->time, d->arena, &now) ||
        !derive_text(d, KV_LIVE, &key, now, ROW_LATER))
        return false;
    if (!derivation_replays(d->derivation))
        kept_interaction(d->masking->kept, &key, row.sequence, derivation_sequence(d->derivation),
                         change, d->entry->time);
    return true;
}

static bool count_for_cap(struct deriving *d, const Maskline__Store__V1__InteractionCreated *change)
{
    struct person person;
    if (!change->capped_person.len)
        return true;
    if (!derive_person(&change->capped_person, &person))
        return false;
    struct key key = key_cap(d->tenant, d->service, &person);
    return count_up(d, &key, change->cap_period);
}

static bool created(struct deriving *d, const Maskline__Store__V1__InteractionCreated *change)
{
    const Maskline__Store__V1__Interaction *interaction = change->interaction;
    Maskline__Store__V1__Dedupe dedupe = MASKLINE__STORE__V1__DEDUPE__INIT;
    dedupe.content_hash = change->content_hash;
    dedupe.session = interaction->session;
    dedupe.interaction = interaction->sid;
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        if (leg_waits(interaction->outbound[i]) && !MUTANT("accepted_not_in_outbox") &&
            !put_waiting(d, &interaction->session, &interaction->sid, (uint32_t)i,
                         interaction->outbound[i], interaction->expire_time, true))
            return false;
    }
    return put_interaction(d, interaction) && derive_dedupe(d, &change->dedupe_key, &dedupe) &&
           count_for_cap(d, change) && change_session(d, change);
}

/* The leg's place in the outbox: out of the old one, into the new one if it waits. */
static bool move_in_outbox(struct deriving *d, const Maskline__Store__V1__LegChanged *change)
{
    bool waits = leg_waits(change->now);
    int64_t before = change->previous_due_time;
    if (before && !(waits && change->now->due_time == before) && !MUTANT("sent_stays_in_outbox")) {
        struct key key =
            key_outbox(d->tenant, d->service, before, change->interaction.data, change->leg);
        if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
            return false;
    }
    return !waits || put_waiting(d, &change->session, &change->interaction, change->leg,
                                 change->now, 0, false);
}

static bool leg_changed(struct deriving *d, const Maskline__Store__V1__LegChanged *change)
{
    if (change->session.len != SID_BYTES || change->interaction.len != SID_BYTES)
        return false;
    struct key key =
        key_interaction(d->tenant, d->service, change->session.data, change->interaction.data);
    struct kv_value row;
    enum row_state old = derive_old(d->derivation, KV_LIVE, key_bytes(&key), &row);
    if (old == ROW_FAILED)
        return false;
    enum { FIELD_NOW = 4 }; /* of LegChanged */
    struct bytes leg, now;
    if (old == ROW_PRESENT &&
        (!derive_packed(d, FIELD_NOW, &leg) ||
         !leg_bytes_replace(row.bytes, change->leg, leg, d->entry->time, d->arena, &now) ||
         !derive_put(d->derivation, KV_LIVE, key_bytes(&key), now, purge_time(d, &change->session),
                     ROW_LATER)))
        return false;
    return move_in_outbox(d, change);
}

/* Its place in the outbox, if it has one, goes when the outbox finds nothing there to send. */
static bool redacted(struct deriving *d, const Maskline__Store__V1__InteractionRedacted *change)
{
    struct key key =
        key_interaction(d->tenant, d->service, change->session.data, change->interaction.data);
    if (change->deleted)
        return derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_LATER);
    Maskline__Store__V1__Interaction *row;
    enum row_state old =
        derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__interaction__descriptor, &row);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    Maskline__Store__V1__Content nothing = MASKLINE__STORE__V1__CONTENT__INIT;
    row->content = &nothing;
    row->redact_time = d->entry->time;
    return derive_record(d, KV_LIVE, &key, &row->base, 0, ROW_LATER);
}

static bool rejected(struct deriving *d, const Maskline__Store__V1__InboundRejected *change)
{
    Maskline__Store__V1__Dedupe dedupe = MASKLINE__STORE__V1__DEDUPE__INIT;
    dedupe.content_hash = change->content_hash;
    dedupe.session = change->session;
    dedupe.reason = change->reason;
    return derive_notice(d, change->notice) &&
           (MUTANT("refused_not_remembered") || derive_dedupe(d, &change->dedupe_key, &dedupe));
}

bool derive_messages(struct deriving *d)
{
    switch (d->entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED:
        return created(d, d->entry->interaction_created);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED:
        return leg_changed(d, d->entry->leg_changed);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_REDACTED:
        return redacted(d, d->entry->interaction_redacted);
    default:
        return rejected(d, d->entry->inbound_rejected);
    }
}
