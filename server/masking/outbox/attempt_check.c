#include "proto/c/fault.h"
#include "server/masking/bars/bars.h"
#include "server/masking/errors.h"
#include "server/masking/messages/guards.h"
#include "server/masking/rows/kept.h"
#include "server/masking/rows/known.h"
#include "server/masking/messages/leg_row.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/notices.h"
#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

/* What the check of one leg finds out. */
struct checking {
    struct outbox *outbox;
    struct rows *rows;
    struct checked *item;
    struct error *error;
    const struct leg_id *id;
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Interaction *interaction;
    Maskline__Store__V1__Leg *leg;
    const Maskline__Store__V1__AttemptMark *cut_off; /* the attempt by key that a crash cut off */
    Maskline__Store__V1__Session *session;
    Maskline__Store__V1__Participant *recipient;
    const Maskline__Store__V1__Binding *binding;
    /* Where it goes, and by which carriers. */
    const char *from, *to;
    char *const *carriers;
    size_t carrier_count;
};

/* Whether the check goes on to its next step. When not, the item's verdict stands, or the decision failed. */
enum go { GO_ON, GO_END, GO_FAIL };

static enum go judge(struct checking *c, enum verdict verdict)
{
    c->item->verdict = verdict;
    return GO_END;
}

static struct key mark_key(const struct checking *c)
{
    return key_attempt(c->rows->tenant, log_service(&c->id->log), c->id->session,
                       c->id->interaction, c->id->leg);
}

static enum go drop_mark(struct checking *c)
{
    struct key key = mark_key(c);
    if (txn_delete(c->rows->txn, KV_LIVE, key_bytes(&key)))
        return GO_ON;
    refuse(c->error, REFUSED_NO_MEMORY);
    return GO_FAIL;
}

static bool perhaps_sent(const struct checking *c)
{
    return c->cut_off || leg_perhaps_sent(c->leg);
}

/* The leg has come to its end without (another) attempt: written down. */
static enum go end(struct checking *c, Maskline__Store__V1__LegStatus status, const char *reason,
                   int32_t original)
{
    int64_t before = c->leg->due_time;
    if (c->cut_off) {
        c->leg->attempts = c->cut_off->attempt;
        c->leg->carrier = c->cut_off->keyed_carrier;
        if (drop_mark(c) != GO_ON)
            return GO_FAIL;
    }
    if (perhaps_sent(c))
        leg_end(c->leg, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN,
                "RESULT_UNKNOWN", 0, c->rows->now);
    else
        leg_end(c->leg, status, reason, original, c->rows->now);
    const struct metadata metadata = {c->interaction->session_metadata,
                                      c->interaction->n_session_metadata};
    if (!leg_append(c->rows, c->id, c->leg, &metadata, before, c->error))
        return GO_FAIL;
    return judge(c, VERDICT_END);
}

static enum go cancel(struct checking *c, const char *reason, int32_t original)
{
    return end(c, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_CANCELED, reason, original);
}

/* A row of the outbox index whose leg is gone with its session. */
static enum go sweep(struct checking *c)
{
    struct key key = key_outbox(c->rows->tenant, log_service(&c->id->log),
                                c->item->letter->row_time, c->id->interaction, c->id->leg);
    if (!txn_delete(c->rows->txn, KV_IDX, key_bytes(&key))) {
        refuse(c->error, REFUSED_NO_MEMORY);
        return GO_FAIL;
    }
    return drop_mark(c) == GO_ON ? judge(c, VERDICT_GONE) : GO_FAIL;
}

/* Of a leg that another life of this server may have handed over. */
static enum go find_mark(struct checking *c)
{
    struct key key = mark_key(c);
    struct kv_value value;
    enum kv_found found = rows_get(c->rows, KV_LIVE, &key, &value, c->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? GO_ON : GO_FAIL;
    const Maskline__Store__V1__AttemptMark *mark = maskline__store__v1__attempt_mark__unpack(
        arena_allocator(c->rows->arena), value.bytes.size, value.bytes.data);
    if (!mark) {
        refuse(c->error, REFUSED_RECORD_UNREADABLE);
        return GO_FAIL;
    }
    if (*mark->keyed_carrier && mark->attempt > c->leg->attempts)
        c->cut_off = mark;
    return GO_ON;
}

static enum go find_leg(struct checking *c)
{
    enum kv_found found = rows_interaction(c->rows, log_service(&c->id->log), c->id->session,
                                           c->id->interaction, &c->interaction, c->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? sweep(c) : GO_FAIL;
    if (c->id->leg >= c->interaction->n_outbound)
        return sweep(c);
    c->leg = c->interaction->outbound[c->id->leg];
    c->item->expire = c->interaction->expire_time;
    /* A receipt may have been faster than this. */
    if (!leg_waits(c->leg))
        return judge(c, VERDICT_GONE);
    return c->item->letter->cold ? find_mark(c) : GO_ON;
}

static enum go check_life(struct checking *c)
{
    if (c->interaction->redact_time && !MUTANT("redacted_is_sent"))
        return cancel(c, "REDACTED", 0);
    if (c->rows->now < c->interaction->expire_time || MUTANT("attempt_outlives_message"))
        return GO_ON;
    /* What the carrier's last error was is why it came to that. */
    return end(c, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_FAILED, "MESSAGE_EXPIRED",
               MUTANT("error_before_expiry_untold") ? 0 : c->leg->original_code);
}

static enum go check_service(struct checking *c)
{
    /* Nobody is to hear of a notice any more. */
    if (c->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE &&
        c->interaction->notice && !MUTANT("notice_outlives_service"))
        return sweep(c);
    if (c->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE &&
        !MUTANT("attempt_of_deleted_service"))
        return cancel(c, "SERVICE_DELETED", 0);
    return GO_ON;
}

/* Active, or closed so lately that what was accepted before may still go out. One that failed has lost a number that its people knew it by:
 * of that nothing goes out. */
static enum go check_session(struct checking *c)
{
    enum kv_found found = kept_session(c->outbox->masking->kept, c->rows, log_service(&c->id->log),
                                       c->id->session, &c->session, c->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? cancel(c, "SESSION_CLOSED", 0) : GO_FAIL;
    if (session_active(c->session, c->rows->now) || MUTANT("attempt_in_ended_session"))
        return GO_ON;
    int64_t ended = c->session->end_time;
    bool expired = session_expired(c->session);
    if (session_open(c->session)) {
        session_expiry(c->service, c->session, &ended);
        expired = true;
    }
    if (MUTANT("grace_counts_from_notice"))
        ended = c->rows->now;
    bool failed = c->session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED;
    int64_t grace = c->service->settings->closing_grace + MUTANT("grace_lasts_a_tick_more");
    if ((!failed || MUTANT("grace_for_failed_sessions")) && c->rows->now - ended < grace)
        return GO_ON;
    return cancel(c, "SESSION_CLOSED", expired ? 80904 : 0);
}

/* NULL: the Service itself. */
static const ProtobufCBinaryData *sender_sid(const struct checking *c)
{
    if (c->interaction->inbound)
        return &c->interaction->inbound->participant;
    return c->interaction->sender.len ? &c->interaction->sender : NULL;
}

static enum go check_recipient(struct checking *c)
{
    c->recipient = session_participant(c->session, c->leg->participant.data);
    if (!c->recipient || !c->recipient->n_identifiers || !c->recipient->n_persons)
        return cancel(c, "PARTICIPANT_REMOVED", 0);
    c->binding = binding_from(c->recipient, sender_sid(c));
    return c->binding ? GO_ON : cancel(c, "ROUTE_CHANGED", 0);
}

/* Whether the recipient is still who it was when the leg was made, by whatever number. */
static bool leg_is_recent(const Maskline__Store__V1__Leg *leg,
                          const Maskline__Store__V1__Participant *recipient)
{
    uint64_t since = recipient->legs_since ? recipient->legs_since : recipient->generation;
    return leg->generation >= since && leg->generation <= recipient->generation;
}

/* The route by which the recipient would answer has to be what it was when the message was accepted: that, and nothing else, says that
 * this number still stands for this session with this person. */
static enum go check_route(struct checking *c)
{
    struct person person;
    if (c->recipient->persons[0].len != PERSON_SIZE)
        return cancel(c, "ROUTE_CHANGED", 0);
    memcpy(person.bytes, c->recipient->persons[0].data, PERSON_SIZE);
    struct route_fact route;
    enum kv_found found = known_route(c->outbox->masking->known, c->rows, c->service->pool.data,
                                      &person, c->binding->proxy_identifier, &route, c->error);
    if (found == KV_FAILED)
        return GO_FAIL;
    if (MUTANT("attempt_without_route"))
        return GO_ON;
    if (found == KV_ABSENT)
        return cancel(c, "ROUTE_CHANGED", 0);
    bool same_generation =
        route.generation == c->recipient->generation && leg_is_recent(c->leg, c->recipient);
    bool same_people = !memcmp(route.session, c->id->session, SID_BYTES) &&
                       !memcmp(route.participant, c->leg->participant.data, SID_BYTES);
    if ((!same_generation && !MUTANT("attempt_ignores_generation")) ||
        (!same_people && !MUTANT("attempt_to_other_people")))
        return cancel(c, "ROUTE_CHANGED", 0);
    return GO_ON;
}

/* Who has opted out since it was accepted gets it no more. */
static enum go check_bars(struct checking *c)
{
    if (MUTANT("attempt_to_who_opted_out"))
        return GO_ON;
    switch (bars_participant_opted_out(c->outbox->masking->bars, c->rows, c->service->pool.data,
                                       c->recipient, c->binding->proxy_identifier, c->error)) {
    case KV_FOUND:
        return cancel(c, "OPTED_OUT", ORIGINAL_OPTED_OUT);
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

/* Who wrote it, also when it has left since. */
static const Maskline__Store__V1__Participant *sender(const struct checking *c)
{
    const ProtobufCBinaryData *sid = sender_sid(c);
    for (size_t i = 0; sid && i < c->session->n_participants; i++) {
        const Maskline__Store__V1__Participant *one = c->session->participants[i];
        if (one->sid.len == sid->len && !memcmp(one->sid.data, sid->data, sid->len))
            return one;
    }
    return NULL;
}

/* Whoever has been replaced since is blocked with what it wrote. */
static enum kv_found is_blocked(struct checking *c)
{
    struct bars *bars = c->outbox->masking->bars;
    const uint8_t *pool = c->service->pool.data;
    const Maskline__Store__V1__Participant *one = sender(c);
    enum kv_found found = bars_blocked(bars, c->rows, pool, one, c->recipient, c->error);
    const Maskline__Store__V1__Leg *inbound = c->interaction->inbound;
    if (found != KV_ABSENT || !one || !one->n_former_persons || !inbound ||
        inbound->generation >= one->generation || MUTANT("replaced_sender_is_not_blocked"))
        return found;
    Maskline__Store__V1__Participant then = *one;
    then.persons = one->former_persons;
    then.n_persons = one->n_former_persons;
    return bars_blocked(bars, c->rows, pool, &then, c->recipient, c->error);
}

static enum go check_blocks(struct checking *c)
{
    switch (is_blocked(c)) {
    case KV_FOUND:
        return MUTANT("attempt_to_who_is_blocked") ? GO_ON : cancel(c, "BLOCKED", 0);
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

static enum go check_loop(struct checking *c)
{
    switch (
        known_held(c->outbox->masking->known, c->rows, c->recipient->identifiers[0], c->error)) {
    case KV_FOUND:
        return MUTANT("attempt_in_circles") ? GO_ON : cancel(c, "LOOP", 0);
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

static enum go check_number(struct checking *c)
{
    struct holding holding;
    enum kv_found found = known_number(c->outbox->masking->known, c->rows,
                                       c->binding->proxy_identifier, &holding, c->error);
    if (found == KV_FAILED)
        return GO_FAIL;
    if (found == KV_ABSENT || !holding.number || !holding.service ||
        (memcmp(holding.service->sid.data, c->service->sid.data, SID_BYTES) != 0 &&
         !MUTANT("attempt_from_moved_number")) ||
        holding.state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED)
        return cancel(c, "NUMBER_REMOVED", 0);
    const Maskline__Store__V1__PhoneNumber *number = holding.number;
    c->from = c->binding->proxy_identifier;
    size_t which = MUTANT("last_identifier_gets_it") ? c->recipient->n_identifiers - 1 : 0;
    c->to = c->recipient->identifiers[which];
    c->carriers = number->carriers;
    c->carrier_count = number->n_carriers;
    if (number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED &&
        !MUTANT("attempt_from_locked_number"))
        return judge(c, VERDICT_WAIT);
    if (c->interaction->content->n_media && !number->mms && !MUTANT("attempt_without_mms"))
        return end(c, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_FAILED, "MMS_NOT_POSSIBLE", 0);
    return GO_ON;
}

/* ---- notices: they have no session, and no recipient but a number ---- */

static enum go check_notice_number(struct checking *c)
{
    Maskline__Store__V1__NoticeAddress *notice = c->interaction->notice;
    struct holding holding;
    enum kv_found found = known_number(c->outbox->masking->known, c->rows, notice->proxy_identifier,
                                       &holding, c->error);
    if (found == KV_FAILED)
        return GO_FAIL;
    /* It may be locked, or in quarantine after it left its Service; but it must not be another's by now. */
    if (found == KV_ABSENT || !holding.service ||
        memcmp(holding.service->sid.data, c->service->sid.data, SID_BYTES) != 0)
        return cancel(c, "NUMBER_REMOVED", 0);
    c->from = notice->proxy_identifier;
    c->to = notice->identifier;
    c->carriers = &notice->carrier;
    c->carrier_count = 1;
    return GO_ON;
}

static enum go check_notice_bars(struct checking *c)
{
    const Maskline__Store__V1__NoticeAddress *notice = c->interaction->notice;
    struct person person;
    if (!notice_unasked(notice->occasion) || notice->person.len != PERSON_SIZE ||
        MUTANT("notice_to_who_opted_out"))
        return GO_ON;
    memcpy(person.bytes, notice->person.data, PERSON_SIZE);
    switch (bars_opted_out(c->outbox->masking->bars, c->rows, c->service->pool.data, &person, 1,
                           c->from, c->error)) {
    case KV_FOUND:
        return cancel(c, "OPTED_OUT", ORIGINAL_OPTED_OUT);
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

static enum go check_notice_loop(struct checking *c)
{
    switch (known_held(c->outbox->masking->known, c->rows, c->to, c->error)) {
    case KV_FOUND:
        return cancel(c, "LOOP", 0);
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

/* ---- the attempt ---- */

static char *copy_text(char **place, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*place, text, size);
    *place += size;
    return copy;
}

static const char *sender_of(const struct checking *c)
{
    return MUTANT("relay_from_real_number") ? c->to : c->from;
}

static size_t text_sizes(const struct checking *c)
{
    const Maskline__Store__V1__Content *content = c->interaction->content;
    size_t size = strlen(sender_of(c)) + 1;
    size += strlen(c->to) + 1 + strlen(content->body) + 1;
    for (size_t i = 0; i < content->n_media; i++)
        size += strlen(content->media[i]->url) + strlen(content->media[i]->content_type) + 2;
    return size;
}

/* One piece of memory: the attempt, its media, its texts. It outlives the transaction. */
static struct attempt *attempt_new(const struct checking *c, const struct port *port)
{
    const Maskline__Store__V1__Content *content = c->interaction->content;
    size_t media_size = content->n_media * sizeof(struct ingress_media);
    struct attempt *attempt = malloc(sizeof *attempt + media_size + text_sizes(c));
    if (!attempt)
        return NULL;
    struct ingress_media *media = (struct ingress_media *)(attempt + 1);
    char *place = (char *)media + media_size;
    attempt->letter = c->item->letter;
    attempt->id = *c->id;
    attempt->number = c->leg->attempts + 1;
    attempt->texts = NULL;
    attempt->given_up = false;
    attempt->withdrawn = false;
    attempt->result = (struct send_result){.outcome = SEND_RETRY};
    attempt->waits = false;
    outbound_key_write(c->id, c->rows->hash_key, port->carrier->name, attempt->key);
    attempt->message = (struct outbound_message){
        .key = attempt->key,
        .from = copy_text(&place, sender_of(c)),
        .to = copy_text(&place, c->to),
        .body = copy_text(&place, content->body),
        .media = media,
        .media_count = content->n_media,
        .expire_time = c->interaction->expire_time,
    };
    for (size_t i = 0; i < content->n_media; i++) {
        media[i].url = copy_text(&place, content->media[i]->url);
        media[i].content_type = copy_text(&place, content->media[i]->content_type);
    }
    return attempt;
}

/* That an attempt was begun is durable before it is: one that is cut off is never made again, or by its key alone. */
static bool mark(struct checking *c, const struct attempt *attempt)
{
    Maskline__Store__V1__AttemptMark mark = MASKLINE__STORE__V1__ATTEMPT_MARK__INIT;
    mark.attempt = attempt->number;
    mark.time = c->rows->now;
    if (attempt->message.relies_on_key)
        mark.keyed_carrier = borrowed(attempt->port->carrier->name);
    uint8_t packed[128];
    if (maskline__store__v1__attempt_mark__get_packed_size(&mark) > sizeof packed)
        return false;
    size_t size = maskline__store__v1__attempt_mark__pack(&mark, packed);
    struct key key = mark_key(c);
    return txn_put(c->rows->txn, KV_LIVE, key_bytes(&key), (struct bytes){packed, size}, 0);
}

static enum go begin(struct checking *c)
{
    struct ports *ports = c->outbox->masking->ports;
    unsigned here;
    struct port *port = ports_choose(ports, c->carriers, c->carrier_count, c->leg->attempts, &here);
    if (!port)
        return judge(c, VERDICT_WAIT);
    /* With several carriers the next one may get its turn; it does not know this one's keys. */
    bool relies_on_key = (here == 1 || MUTANT("key_relied_on_with_failover")) &&
                         port->carrier->idempotent(port->carrier->data);
    /* Nor does any other than the one that perhaps sent it: the number may have changed its carriers since. */
    const char *tried = c->cut_off ? c->cut_off->keyed_carrier : c->leg->carrier;
    if (perhaps_sent(c) && !MUTANT("perhaps_sent_goes_to_another") &&
        !(relies_on_key && !strcmp(tried, port->carrier->name)))
        return end(c, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN,
                   "RESULT_UNKNOWN", 0);
    if (atomic_fetch_add(&port->in_flight, 1) >= c->outbox->limits.in_flight) {
        atomic_fetch_sub(&port->in_flight, 1);
        c->item->port = port;
        return judge(c, VERDICT_BUSY);
    }
    struct attempt *attempt = attempt_new(c, port);
    if (!attempt) {
        atomic_fetch_sub(&port->in_flight, 1);
        refuse(c->error, REFUSED_NO_MEMORY);
        return GO_FAIL;
    }
    attempt->port = port;
    attempt->carriers = here;
    attempt->marked = !(relies_on_key && port->carrier->forgets);
    attempt->made_before = c->cut_off != NULL;
    attempt->message.relies_on_key = relies_on_key;
    c->item->attempt = attempt;
    if (attempt->marked && !MUTANT("attempt_unmarked") && !mark(c, attempt)) {
        refuse(c->error, REFUSED_NO_MEMORY);
        return GO_FAIL;
    }
    return judge(c, VERDICT_SEND);
}

/* In order: what ends a leg for good comes before what makes it wait. */
static enum go (*const STEPS[])(struct checking *checking) = {
    check_life,   check_service, check_session, check_recipient, check_route, check_bars,
    check_blocks, check_loop,    check_number,  begin,           NULL,
};
static enum go (*const NOTICE_STEPS[])(struct checking *checking) = {
    check_service, check_life, check_notice_number, check_notice_bars, check_notice_loop,
    begin,         NULL,
};

bool attempt_check(struct outbox *outbox, struct rows *rows, struct checked *item,
                   struct error *error)
{
    struct checking c = {
        .outbox = outbox, .rows = rows, .item = item, .error = error, .id = &item->letter->id};
    item->attempt = NULL;
    item->port = NULL;
    item->expire = 0;
    item->verdict = VERDICT_GONE;
    rows->tenant = log_tenant(&c.id->log);
    enum kv_found found =
        known_service(outbox->masking->known, rows, log_service(&c.id->log), &c.service, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT; /* it went with its log, long ago */
    enum go go = find_leg(&c);
    if (go != GO_ON)
        return go != GO_FAIL;
    for (enum go (*const *step)(struct checking *) = c.interaction->notice ? NOTICE_STEPS : STEPS;
         *step && go == GO_ON; step++)
        go = (*step)(&c);
    return go != GO_FAIL;
}
