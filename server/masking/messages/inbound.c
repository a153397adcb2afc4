#include "server/masking/messages/inbound.h"

#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/calls/call_take.h"
#include "server/masking/messages/accept.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/guards.h"
#include "server/masking/rows/kept.h"
#include "server/masking/rows/known.h"
#include "server/masking/messages/keyword_step.h"
#include "server/masking/messages/last_session.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/notices.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/policies/interception.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/messages/media.h"

#include <string.h>

/* One step of the way. */
enum step {
    STEP_ON,     /* to the next one */
    STEP_END,    /* the result is known */
    STEP_BROKEN, /* the decision cannot be made; the error is set */
};

/* What the steps find out. */
struct reception {
    struct inbound *in;
    struct rows rows;
    struct holding holding;
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
    Maskline__Store__V1__Participant *sender;
    struct acceptance acceptance;
};

static bool is_call(const struct inbound *in)
{
    return in->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
}

static enum step settle(struct inbound *in, enum rejection rejection)
{
    in->result = (struct inbound_result){.outcome = INBOUND_REJECTED,
                                         .reason = rejection_reason(rejection),
                                         .original = rejection_original(rejection, in->type)};
    return STEP_END;
}

/* Refused for good, and written down: a repeat gets the same answer, and the Service's log tells of it. */
static enum step reject(struct reception *r, enum rejection rejection)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__InboundRejected rejected = MASKLINE__STORE__V1__INBOUND_REJECTED__INIT;
    rejected.proxy_identifier =
        borrowed(MUTANT("rejection_tells_sender") ? in->from.text : in->to_text);
    rejected.carrier = borrowed(in->carrier);
    rejected.reason = borrowed(rejection_reason(rejection));
    rejected.original_code = rejection_original(rejection, in->type);
    if (r->session)
        rejected.session = r->session->sid;
    if (r->sender)
        rejected.participant = r->sender->sid;
    rejected.dedupe_key = (ProtobufCBinaryData){HASH_SIZE, in->dedupe_key};
    rejected.content_hash = (ProtobufCBinaryData){HASH_SIZE, in->content_hash};
    rejected.type = in->type;
    Maskline__Store__V1__NoticeOccasion notice = rejection_notice(rejection);
    if (is_call(in) ? !call_say(in, &r->rows, r->service, notice)
                    : !MUTANT("rejection_is_not_answered") &&
                          !notice_make(in, &r->rows, r->service, notice, "", &rejected.notice))
        return STEP_BROKEN;
    if (r->session && notice == NOTICE(OUT_OF_SESSION) && !MUTANT("last_session_untold")) {
        rejected.last_session = last_session(r->rows.arena, r->session, r->sender);
        if (!rejected.last_session) {
            refuse(&in->error, REFUSED_NO_MEMORY);
            return STEP_BROKEN;
        }
    }
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED;
    entry.inbound_rejected = &rejected;
    if (r->session)
        entry_of_session(&entry, r->session);
    uint64_t position;
    if (!rows_append(&r->rows, r->service->sid.data, &entry, &position, &in->error))
        return STEP_BROKEN;
    return settle(in, rejection);
}

static bool is_quarantined(const struct reception *r)
{
    return r->holding.state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED;
}

/* Whose number it is. What nobody owns leaves no trace: there is no log to leave it in. */
static enum step find_owner(struct reception *r)
{
    struct inbound *in = r->in;
    enum kv_found found =
        known_number(in->masking->known, &r->rows, in->to.text, &r->holding, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? settle(in, REJECT_NUMBER_UNKNOWN) : STEP_BROKEN;
    r->service = r->holding.service;
    r->rows.tenant = r->holding.tenant;
    if (!r->service ||
        r->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return settle(in, is_quarantined(r) ? REJECT_NUMBER_QUARANTINED : REJECT_NUMBER_UNKNOWN);
    in->log = key_log(r->rows.tenant, r->service->sid.data);
    return STEP_ON;
}

static enum kv_found find_answer(struct reception *r, Maskline__Store__V1__Dedupe **ret_row)
{
    struct key key = key_dedupe(r->rows.tenant, r->service->sid.data, r->in->dedupe_key);
    struct kv_value value;
    enum kv_found found = rows_get(&r->rows, KV_LIVE, &key, &value, &r->in->error);
    if (found != KV_FOUND)
        return found;
    *ret_row = maskline__store__v1__dedupe__unpack(arena_allocator(r->rows.arena), value.bytes.size,
                                                   value.bytes.data);
    if (*ret_row)
        return KV_FOUND;
    refuse(&r->in->error, REFUSED_RECORD_UNREADABLE);
    return KV_FAILED;
}

static bool same_content(const struct inbound *in, const Maskline__Store__V1__Dedupe *row)
{
    return row->content_hash.len == HASH_SIZE &&
           !memcmp(row->content_hash.data, in->content_hash, HASH_SIZE);
}

/* It is remembered as any answer is; but where something else was answered under this id, before its sender became a number of ours, that
 * stays known, and this gets a key of which no other text's is made. */
static enum step reject_loop(struct reception *r)
{
    struct inbound *in = r->in;
    for (int round = 0; round < 2; round++) {
        Maskline__Store__V1__Dedupe *row;
        enum kv_found found = find_answer(r, &row);
        if (found != KV_FOUND)
            return found == KV_ABSENT ? reject(r, REJECT_LOOP) : STEP_BROKEN;
        if (same_content(in, row) && !strcmp(row->reason, rejection_reason(REJECT_LOOP)))
            break;
        const struct bytes all[] = {
            {in->dedupe_key, HASH_SIZE}, {in->content_hash, HASH_SIZE}, {"LOOP", 4}};
        key_hash(r->rows.hash_key, all, 3, in->dedupe_key);
    }
    settle(in, REJECT_LOOP);
    in->result.repeated = true;
    return STEP_END;
}

static enum step check_loop(struct reception *r)
{
    struct inbound *in = r->in;
    if (!in->from_known || MUTANT("inbound_in_circles"))
        return STEP_ON;
    Maskline__Store__V1__Dedupe *row;
    if (MUTANT("loop_after_repeat") && find_answer(r, &row) == KV_FOUND)
        return STEP_ON;
    switch (known_held(in->masking->known, &r->rows, in->from.text, &in->error)) {
    case KV_FOUND:
        return reject_loop(r);
    case KV_ABSENT:
        return STEP_ON;
    default:
        return STEP_BROKEN;
    }
}

static enum step answer_again(struct reception *r, const Maskline__Store__V1__Dedupe *row)
{
    struct inbound *in = r->in;
    enum rejection rejection = rejection_of(row->reason);
    if (is_call(in) && !*row->reason)
        return call_take_again(in, &r->rows, r->service, row) ? STEP_END : STEP_BROKEN;
    if (is_call(in) && !call_say(in, &r->rows, r->service, rejection_notice(rejection)))
        return STEP_BROKEN;
    if (*row->reason && !MUTANT("repeat_of_refused_is_accepted"))
        in->result = (struct inbound_result){.outcome = INBOUND_REJECTED,
                                             .reason = row->reason,
                                             .original = rejection_original(rejection, in->type)};
    else
        in->result = (struct inbound_result){.outcome = INBOUND_ACCEPTED};
    in->result.repeated = true;
    return STEP_END;
}

static enum step warn_of_reuse(struct reception *r)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed("PROVIDER_ID_REUSED");
    warning.message = borrowed(
        is_call(in) ? "A carrier gave the id of an earlier call to one between other numbers."
                    : "A carrier gave the id of an earlier message to one with other content.");
    warning.carrier = borrowed(in->carrier);
    warning.proxy_identifier = borrowed(in->to_text);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    uint64_t position;
    return rows_append(&r->rows, r->service->sid.data, &entry, &position, &in->error) ? STEP_ON
                                                                                      : STEP_BROKEN;
}

/* Seen before? Since commands are decided one after the other, this finds also one that is not durable yet. An id that comes with
 * other content is another message: it gets a key of its own, of id and content, so that each of the two is known again. */
static enum step find_repeat(struct reception *r)
{
    struct inbound *in = r->in;
    for (int round = 0; round < 2; round++) {
        Maskline__Store__V1__Dedupe *row;
        enum kv_found found = find_answer(r, &row);
        if (found == KV_FAILED)
            return STEP_BROKEN;
        if (MUTANT("repeat_is_new"))
            return STEP_ON;
        if (found == KV_FOUND && (same_content(in, row) || MUTANT("reused_id_is_repeat")))
            return answer_again(r, row);
        if (found == KV_ABSENT)
            return round && !MUTANT("reuse_untold") ? warn_of_reuse(r) : STEP_ON;
        const struct bytes both[] = {{in->dedupe_key, HASH_SIZE}, {in->content_hash, HASH_SIZE}};
        key_hash(r->rows.hash_key, both, 2, in->dedupe_key);
    }
    return STEP_ON;
}

/* May it come by this carrier? Of a number in quarantine nobody knows any more which ones it had. */
static enum step check_carrier(struct reception *r)
{
    struct inbound *in = r->in;
    const Maskline__Store__V1__PhoneNumber *number = r->holding.number;
    if (is_quarantined(r))
        return STEP_ON;
    if (!number)
        return reject(r, REJECT_NUMBER_UNKNOWN);
    if (!ports_named(in->masking->ports, number->carriers, number->n_carriers, in->carrier))
        return reject(r, REJECT_WRONG_CARRIER);
    return STEP_ON;
}

/* Keywords count whatever becomes of the text otherwise: without a session, and on numbers that are locked or in quarantine. */
static enum step hear_keyword(struct reception *r)
{
    if (!r->in->from_known || MUTANT("keywords_are_not_heard") ||
        (MUTANT("asked_about_before_keywords") && r->service->settings->intercept_messages))
        return STEP_ON;
    switch (keyword_hear(r->in, &r->rows, r->service)) {
    case HEARD_ON:
        return STEP_ON;
    case HEARD_END:
        return STEP_END;
    default:
        return STEP_BROKEN;
    }
}

/* Does anything go further from here? */
static enum step check_number(struct reception *r)
{
    const Maskline__Store__V1__PhoneNumber *number = r->holding.number;
    if (is_quarantined(r))
        return reject(r, MUTANT("quarantine_untold") ? REJECT_NUMBER_UNKNOWN
                                                     : REJECT_NUMBER_QUARANTINED);
    if (number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED &&
        !MUTANT("inbound_to_locked_number"))
        return reject(r, REJECT_NUMBER_LOCKED);
    return STEP_ON;
}

/* A session that has ended by itself is closed by the traffic that finds it, when no timer was here before; as of the instant at which
 * it ended. */
static enum step reject_inactive(struct reception *r)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__Session *session = r->session;
    if (session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED)
        return reject(r, session_expired(session) ? REJECT_SESSION_EXPIRED : REJECT_SESSION_CLOSED);
    if (session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED)
        return reject(r, REJECT_SESSION_CLOSED);
    /* To be changed as a whole: one of our own. */
    enum kv_found found =
        rows_session(&r->rows, r->service->sid.data, session->sid.data, &session, &in->error);
    if (found != KV_FOUND || (!MUTANT("expiry_unwritten_by_traffic") &&
                              !session_close_expired(&r->rows, r->service, session, &in->error)))
        return STEP_BROKEN;
    r->session = session;
    in->note_time = session->purge_time;
    return reject(r, REJECT_SESSION_EXPIRED);
}

/* Which session, and who in it? The route's row names both; it counts only while the participant's own generation agrees. */
/* Who it was, of those who have left. NULL: nobody, or somebody else by now. */
static Maskline__Store__V1__Participant *who_left(const Maskline__Store__V1__Session *session,
                                                  const struct route_fact *route)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        Maskline__Store__V1__Participant *one = session->participants[i];
        if (one->delete_time && one->generation == route->generation && one->sid.len == SID_BYTES &&
            !memcmp(one->sid.data, route->participant, SID_BYTES))
            return one;
    }
    return NULL;
}

static enum step find_route(struct reception *r)
{
    struct inbound *in = r->in;
    if (!in->from_known)
        return reject(r, REJECT_NO_ROUTE);
    struct route_fact route;
    enum kv_found found = known_route(in->masking->known, &r->rows, r->service->pool.data,
                                      &in->sender, in->to.text, &route, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? reject(r, REJECT_NO_ROUTE) : STEP_BROKEN;
    found = kept_session(in->masking->kept, &r->rows, r->service->sid.data, route.session,
                         &r->session, &in->error);
    if (found == KV_FAILED)
        return STEP_BROKEN;
    if (found == KV_ABSENT || session_purged(r->session, r->rows.now)) {
        r->session = NULL;
        return reject(r, REJECT_NO_ROUTE);
    }
    Maskline__Store__V1__Participant *sender = session_participant(r->session, route.participant);
    if (sender && sender->generation != route.generation && !MUTANT("inbound_ignores_generation"))
        return reject(r, REJECT_NO_ROUTE);
    if (route.until_time && r->rows.now >= route.until_time &&
        !MUTANT("old_number_honoured_for_ever"))
        return reject(r, REJECT_NO_ROUTE);
    r->sender = sender ? sender : who_left(r->session, &route);
    if (!sender && session_active(r->session, r->rows.now))
        return reject(r, REJECT_PARTICIPANT_REMOVED);
    return session_active(r->session, r->rows.now) || MUTANT("inbound_to_ended_session")
               ? STEP_ON
               : reject_inactive(r);
}

/* Whether `one` reaches `other` by dialling `proxy` (in the form that is compared); NULL: anybody. */
static bool stands_for(const Maskline__Store__V1__Participant *one, const char *proxy,
                       const Maskline__Store__V1__Participant *other)
{
    for (size_t i = 0; i < one->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = one->bindings[i];
        struct address form = proxy_form(binding->proxy_identifier);
        if (binding->ended || strcmp(form.text, proxy) != 0)
            continue;
        if (!other || !binding->peer.len ||
            (binding->peer.len == other->sid.len &&
             !memcmp(binding->peer.data, other->sid.data, other->sid.len)))
            return true;
    }
    return false;
}

static enum step find_partners(struct reception *r)
{
    struct acceptance *acceptance = &r->acceptance;
    struct address proxy = proxy_form(r->in->to.text);
    for (size_t i = 0; i < r->session->n_participants; i++) {
        Maskline__Store__V1__Participant *other = r->session->participants[i];
        if (other == r->sender || (other->delete_time && !MUTANT("inbound_to_removed_person")) ||
            acceptance->recipient_count == RECIPIENTS_MOST)
            continue;
        if (stands_for(r->sender, proxy.text, other))
            acceptance->recipients[acceptance->recipient_count++] = other;
    }
    if (acceptance->recipient_count)
        return STEP_ON;
    /* An earlier number may have ended before its time, as one that left its pool has. */
    return reject(r, stands_for(r->sender, proxy.text, NULL) || MUTANT("ended_number_lacks_partner")
                         ? REJECT_NO_PARTNER
                         : REJECT_NO_ROUTE);
}

static enum step ask_guards(struct reception *r)
{
    const struct guard_subject subject = {
        .service = r->service,
        .session = r->session,
        .sender = r->sender,
        .recipients = r->acceptance.recipients,
        .recipient_count = r->acceptance.recipient_count,
        .type = r->in->type,
    };
    struct guard_refusal refusal;
    r->acceptance.capped = guard_capped(&subject);
    switch (guards_ask(r->in->masking, &r->rows, &subject, &refusal, &r->in->error)) {
    case GUARD_PASSES:
        return STEP_ON;
    case GUARD_BROKEN:
        return STEP_BROKEN;
    case GUARD_REFUSES:
        break;
    }
    if (MUTANT("inbound_unguarded"))
        return STEP_ON;
    switch (refusal.guard) {
    case GUARD_OPT_OUT:
        /* The row is kept; nothing is sent. */
        r->acceptance.canceled = refusal.reason;
        r->acceptance.canceled_code = refusal.original;
        return STEP_ON;
    case GUARD_BLOCK:
        return reject(r, REJECT_BLOCKED);
    case GUARD_PERSON_CAP:
        return reject(r, REJECT_PERSON_CAP);
    case GUARD_SESSION_CAP:
        return reject(r, REJECT_SESSION_CAP);
    default:
        return reject(r, REJECT_MODE_REFUSED);
    }
}

static Maskline__Store__V1__Content *content_of(struct reception *r)
{
    const struct inbound_message *message = r->in->message;
    struct arena *arena = r->rows.arena;
    Maskline__Store__V1__Content *content = arena_alloc(arena, sizeof *content);
    if (!content)
        return NULL;
    maskline__store__v1__content__init(content);
    content->body = borrowed(message->body);
    if (!message->media_count)
        return content;
    content->media = arena_array(arena, message->media_count, sizeof *content->media);
    Maskline__Store__V1__Media *media = arena_array(arena, message->media_count, sizeof *media);
    if (!content->media || !media)
        return NULL;
    for (size_t i = 0; i < message->media_count; i++) {
        maskline__store__v1__media__init(&media[i]);
        media[i].url = borrowed(message->media[i].url);
        media[i].content_type = borrowed(message->media[i].content_type);
        content->media[i] = &media[i];
    }
    content->n_media = message->media_count;
    return content;
}

static Maskline__Store__V1__Leg *inbound_leg(struct reception *r)
{
    Maskline__Store__V1__Leg *leg = arena_alloc(r->rows.arena, sizeof *leg);
    if (!leg)
        return NULL;
    maskline__store__v1__leg__init(leg);
    leg->participant = r->sender->sid;
    leg->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_RECEIVED;
    leg->carrier = borrowed(r->in->carrier);
    leg->provider_id = borrowed(r->in->provider_id);
    leg->update_time = r->rows.now;
    leg->final_time = r->rows.now;
    leg->generation = r->sender->generation;
    return leg;
}

static enum step check_content(struct reception *r)
{
    const struct inbound_message *message = r->in->message;
    struct message_limits most = message_limits(r->service->settings);
    if (utf8_length(message->body) > most.body && !MUTANT("inbound_of_any_length"))
        return reject(r, REJECT_TOO_LONG);
    if (message->media_count > most.media && !MUTANT("inbound_of_any_media"))
        return reject(r, REJECT_TOO_MUCH_MEDIA);
    for (size_t i = 0; i < message->media_count; i++) {
        if (utf8_length(message->media[i].url) > most.media_url ||
            utf8_length(message->media[i].content_type) > MEDIA_TYPE_MOST)
            return reject(r, REJECT_TOO_MUCH_MEDIA);
        if ((media_url_fault(message->media[i].url) ||
             media_type_fault(message->media[i].content_type)) &&
            !MUTANT("media_of_any_kind"))
            return reject(r, REJECT_MEDIA_INVALID);
    }
    return STEP_ON;
}

/* May it go on, now that nothing else stands against it? What nobody is to get is put to nobody. */
static enum step intercept(struct reception *r)
{
    const struct interception_subject subject = {
        .service = r->service,
        .type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE,
    };
    if (r->acceptance.canceled)
        return STEP_ON;
    if (interception_ask(&r->rows, &subject, &r->acceptance.interception, &r->in->error))
        return STEP_ON;
    return STEP_BROKEN;
}

static enum step take_on(struct reception *r)
{
    struct inbound *in = r->in;
    struct acceptance *acceptance = &r->acceptance;
    acceptance->service = r->service;
    acceptance->session = r->session;
    acceptance->inbound = inbound_leg(r);
    acceptance->content = content_of(r);
    acceptance->life = r->service->settings->max_message_life;
    acceptance->dedupe_key = in->dedupe_key;
    acceptance->content_hash = in->content_hash;
    if (!acceptance->inbound || !acceptance->content) {
        refuse(&in->error, REFUSED_NO_MEMORY);
        return STEP_BROKEN;
    }
    if (!message_accept(&r->rows, acceptance, &in->accepted, &in->error))
        return STEP_BROKEN;
    in->note_time = acceptance->hint_time;
    in->result = (struct inbound_result){.outcome = INBOUND_ACCEPTED};
    return STEP_END;
}

static enum step take_call(struct reception *r)
{
    enum rejection rejection;
    r->acceptance.service = r->service;
    r->acceptance.session = r->session;
    switch (call_take(r->in, &r->rows, r->sender, &r->acceptance, &rejection)) {
    case CALL_TAKEN:
        return STEP_END;
    case CALL_NOT_TAKEN:
        return reject(r, rejection);
    default:
        return STEP_BROKEN;
    }
}

/* The way of a message, in order; what an earlier step decides hides the later ones. */
static enum step (*const WAY[])(struct reception *reception) = {
    find_owner,    check_loop, find_repeat,   check_carrier, hear_keyword, check_number, find_route,
    find_partners, ask_guards, check_content, intercept,     take_on,      NULL,
};
/* Of a call. */
static enum step (*const CALL_WAY[])(struct reception *reception) = {
    find_owner, check_loop,    find_repeat, check_carrier, check_number,
    find_route, find_partners, ask_guards,  take_call,     NULL,
};

static void forget(struct inbound *inbound)
{
    inbound->accepted = NULL;
    inbound->notice = NULL;
    inbound->letters = NULL;
    inbound->note_time = 0;
    inbound->plan = NULL;
    inbound->spoken = NULL;
}

bool inbound_decide(struct inbound *inbound, struct txn *txn)
{
    struct reception r = {.in = inbound, .rows = rows_of_txn(txn, inbound->masking->store)};
    enum step step = STEP_ON;
    enum step (*const *way)(struct reception *) = is_call(inbound) ? CALL_WAY : WAY;
    forget(inbound);
    known_begin(inbound->masking->known);
    for (; *way && step == STEP_ON; way++)
        step = (*way)(&r);
    if (step != STEP_BROKEN)
        return true;
    forget(inbound);
    inbound->result = (struct inbound_result){.outcome = INBOUND_FAILED};
    return false;
}

void inbound_prefetch(struct inbound *inbound, struct view *view)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena || !inbound->from_known)
        return;
    struct rows rows = rows_of_view(view, inbound->masking->store, arena);
    struct error error;
    Maskline__Store__V1__NumberClaim *claim;
    if (rows_claim(&rows, inbound->to.text, &claim, &error) != KV_FOUND)
        return;
    rows.tenant = claim->tenant;
    Maskline__Store__V1__Service *service;
    if (rows_service(&rows, claim->service.data, &service, &error) != KV_FOUND)
        return;
    Maskline__Store__V1__Route *route;
    if (rows_route(&rows, service->pool.data, &inbound->sender, inbound->to.text, &route, &error) !=
        KV_FOUND)
        return;
    struct key key = key_session(rows.tenant, service->sid.data, route->session.data);
    struct kv_value value;
    rows_get(&rows, KV_LIVE, &key, &value, &error);
}
