#include "server/masking/messages/keyword_step.h"

#include "proto/c/fault.h"
#include "server/masking/bars/person_letters.h"
#include "server/masking/errors.h"
#include "server/masking/messages/keywords.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/notices.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/known.h"
#include "server/masking/sessions/metadata.h"

#include <string.h>

#define ACTION(name) MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_##name

enum { ORIGINAL_STOP = 80901 };

struct hearing {
    struct inbound *in;
    struct rows *rows;
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session; /* of the sender; NULL: none is known */
    struct keyword keyword;
    bool goes_on;
    struct address proxy; /* in the form that is compared */
    Maskline__Store__V1__KeywordReceived received;
    Maskline__Store__V1__OptOut added;
    Maskline__Store__V1__OptOut *removed[2];
};

/* Who wrote in which session, if that can be told: for those who read the event. */
static bool find_session(struct hearing *h)
{
    struct inbound *in = h->in;
    struct route_fact route;
    enum kv_found found = known_route(in->masking->known, h->rows, h->service->pool.data,
                                      &in->sender, in->to.text, &route, &in->error);
    Maskline__Store__V1__Session *session;
    if (found == KV_FOUND)
        found = rows_session(h->rows, h->service->sid.data, route.session, &session, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    Maskline__Store__V1__Participant *sender = session_participant(session, route.participant);
    if (session_purged(session, h->rows->now) || !sender || sender->generation != route.generation)
        return true;
    h->session = session;
    h->received.session = session->sid;
    h->received.participant = sender->sid;
    return true;
}

static enum kv_found find_row(struct hearing *h, const char *proxy,
                              Maskline__Store__V1__OptOut **ret_opt_out)
{
    struct key key = key_opt_out(h->rows->tenant, h->service->pool.data, &h->in->sender, proxy);
    struct kv_value value;
    enum kv_found found = rows_get(h->rows, KV_LIVE, &key, &value, &h->in->error);
    if (found != KV_FOUND)
        return found;
    *ret_opt_out =
        rows_record(h->rows, &maskline__store__v1__opt_out__descriptor, value.bytes, &h->in->error);
    return *ret_opt_out ? KV_FOUND : KV_FAILED;
}

static bool opt_out(struct hearing *h)
{
    struct inbound *in = h->in;
    const Maskline__Store__V1__KeywordPolicy *policy = h->service->settings->keyword_policy;
    bool of_number =
        policy && policy->scope == MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER;
    const char *proxy = of_number && !MUTANT("opt_out_is_of_the_service") ? h->proxy.text : "";
    h->received.original_code = ORIGINAL_STOP;
    Maskline__Store__V1__OptOut *there;
    enum kv_found found = find_row(h, proxy, &there);
    if (found != KV_ABSENT)
        return found == KV_FOUND;
    maskline__store__v1__opt_out__init(&h->added);
    h->added.person = (ProtobufCBinaryData){PERSON_SIZE, in->sender.bytes};
    h->added.identifier = borrowed(in->from_text);
    h->added.proxy_identifier = borrowed(*proxy ? in->to_text : "");
    h->added.create_time = h->rows->now;
    h->added.word = borrowed(h->keyword.word);
    h->received.added = &h->added;
    if (MUTANT("queued_is_not_canceled_at_once"))
        return true;
    in->letters = arena_alloc(h->rows->arena, sizeof *in->letters);
    if (!in->letters)
        return refuse(&in->error, REFUSED_NO_MEMORY);
    return person_letters_find(h->rows, h->service, &in->sender, in->letters, &in->error);
}

/* Takes back what keeps this number from writing to its sender. */
static bool opt_in(struct hearing *h)
{
    const char *const proxies[] = {"", h->proxy.text};
    for (size_t i = 0; i < 2; i++) {
        enum kv_found found = find_row(h, proxies[i], &h->removed[h->received.n_removed]);
        if (found == KV_FAILED)
            return false;
        h->received.n_removed += found == KV_FOUND;
    }
    h->received.removed = h->removed;
    return true;
}

static bool act(struct hearing *h)
{
    switch (h->keyword.action) {
    case ACTION(OPT_OUT):
        return opt_out(h);
    case ACTION(OPT_IN):
    case ACTION(OPT_IN_ONLY):
        return MUTANT("opt_in_takes_nothing_back") || opt_in(h);
    default:
        return true;
    }
}

/* Whether there is something to write down; of what is relayed without having done anything, the interaction tells. */
static bool is_worth_telling(const struct hearing *h)
{
    return !h->goes_on || h->received.n_removed || h->received.notice;
}

/* Who says STOP again has been told, and who says yes to a question has not opted in by it. */
static bool answer(struct hearing *h)
{
    Maskline__Store__V1__NoticeOccasion occasion = NOTICE(UNSPECIFIED);
    bool stops = h->received.added ||
                 (h->keyword.action == ACTION(OPT_OUT) && MUTANT("stop_is_answered_each_time"));
    if (h->keyword.action == ACTION(HELP))
        occasion = NOTICE(HELP);
    else if (stops)
        occasion = NOTICE(OPT_OUT);
    else if (h->received.n_removed || h->keyword.action == ACTION(OPT_IN_ONLY))
        occasion = NOTICE(OPT_IN);
    return notice_make(h->in, h->rows, h->service, occasion, h->keyword.language,
                       &h->received.notice);
}

static bool append(struct hearing *h)
{
    struct inbound *in = h->in;
    Maskline__Store__V1__KeywordReceived *received = &h->received;
    received->action = h->keyword.action;
    received->language = borrowed(h->keyword.language);
    received->proxy_identifier = borrowed(in->to_text);
    received->carrier = borrowed(in->message->carrier);
    if (!h->goes_on) {
        received->dedupe_key = (ProtobufCBinaryData){HASH_SIZE, in->dedupe_key};
        received->content_hash = (ProtobufCBinaryData){HASH_SIZE, in->content_hash};
    }
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED;
    entry.keyword_received = received;
    if (h->session)
        entry_of_session(&entry, h->session);
    uint64_t position;
    return rows_append(h->rows, h->service->sid.data, &entry, &position, &in->error);
}

enum heard keyword_hear(struct inbound *in, struct rows *rows,
                        const Maskline__Store__V1__Service *service)
{
    struct hearing h = {.in = in, .rows = rows, .service = service};
    if (!keyword_find(service->settings, number_is_short(in->to.text), in->message->body,
                      &h.keyword))
        return HEARD_ON;
    /* A proxy number is nobody who could opt out. */
    enum kv_found held = known_held(in->masking->known, rows, in->from.text, &in->error);
    if (held != KV_ABSENT)
        return held == KV_FOUND ? HEARD_ON : HEARD_BROKEN;
    maskline__store__v1__keyword_received__init(&h.received);
    h.proxy = proxy_form(in->to.text);
    h.goes_on = (h.keyword.action == ACTION(OPT_IN) || h.keyword.action == ACTION(HELP) ||
                 (h.keyword.action == ACTION(OPT_IN_ONLY) && MUTANT("unstop_is_relayed"))) &&
                !MUTANT("opt_in_is_not_relayed");
    if (MUTANT("keyword_wants_a_route") && (!find_session(&h) || !h.session))
        return HEARD_ON;
    if (!act(&h) || !answer(&h))
        return HEARD_BROKEN;
    if (is_worth_telling(&h) && (!find_session(&h) || !append(&h)))
        return HEARD_BROKEN;
    if (h.goes_on)
        return HEARD_ON;
    in->result = (struct inbound_result){.outcome = INBOUND_ACCEPTED};
    return HEARD_END;
}
