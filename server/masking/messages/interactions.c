#include "server/masking/messages/interactions.h"

#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/messages/accept.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/guards.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/sent_before.h"
#include "server/masking/outbox/outbox.h"
#include "server/masking/policies/interception.h"
#include "server/masking/refused.h"
#include "server/masking/messages/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message that the Service itself sends. */

struct sending {
    struct command command;
    struct masking *masking;
    const struct message_draft *draft;
    interaction_done done;
    void *data;
    struct log_id log;
    /* In the transaction's arena. */
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Interaction *interaction;
    Maskline__Store__V1__Participant *sender; /* NULL: the Service itself */
    ProtobufCBinaryData capped;               /* whose cap it counts for */
    int64_t note_time;                        /* that the timers have to know of; 0: none */
    bool repeated;
    struct error error;
};

static void check_media(const struct message_draft *draft, const struct message_limits *most,
                        struct error *error)
{
    if (draft->media_count > most->media)
        error_field(error, "media", "has more than %zu items", most->media);
    for (size_t i = 0; i < draft->media_count && i < most->media; i++) {
        char name[64];
        size_t url = utf8_length(draft->media[i]->url);
        snprintf(name, sizeof name, "media[%zu].url", i);
        if (!url || url > most->media_url)
            error_field(error, name, "has to have 1 to %zu characters", most->media_url);
        snprintf(name, sizeof name, "media[%zu].content_type", i);
        if (utf8_length(draft->media[i]->content_type) > MEDIA_TYPE_MOST)
            error_field(error, name, "has more than %d characters", MEDIA_TYPE_MOST);
    }
}

static bool check_sizes(const struct message_draft *draft, const struct message_limits *most,
                        struct error *error)
{
    if (draft->body && utf8_length(draft->body) > most->body)
        error_field(error, "body", "has more than %zu characters", most->body);
    check_media(draft, most, error);
    return error->code == STATUS_OK;
}

/* What is wrong whatever the Service allows. */
static bool check_draft(const struct message_draft *draft, struct error *error)
{
    static const struct message_limits most = {BODY_MOST, MEDIA_MOST, MEDIA_URL_MOST};
    if (!(draft->body && *draft->body) && !draft->media_count)
        error_field(error, "body", "is empty, and there is no media");
    if (draft->max_life < 0)
        error_field(error, "max_life", "is negative");
    form_request(error, &draft->request);
    return check_sizes(draft, &most, error);
}

static bool check_limits(const struct sending *sending, struct error *error)
{
    struct message_limits most = message_limits(sending->service->settings);
    return MUTANT("sent_of_any_size") || check_sizes(sending->draft, &most, error);
}

/* A repeat gets what the first one was answered: the entry that it became. */
static bool answer_again(struct sending *sending, struct rows *rows, uint64_t position)
{
    if (!sent_before(rows, sending->service, position, &sending->interaction, &sending->error))
        return false;
    sending->repeated = true;
    return true;
}

static bool refuse_ended(const Maskline__Store__V1__Session *session, int64_t now,
                         struct error *error)
{
    if (session_active(session, now) || MUTANT("send_in_ended_session"))
        return true;
    if (session_open(session) || session_expired(session))
        return refuse(error, REFUSED_SESSION_EXPIRED);
    return refuse(error, REFUSED_SESSION_CLOSED);
}

static Maskline__Store__V1__Participant *find_recipient(const struct sending *sending,
                                                        const Maskline__Store__V1__Session *session,
                                                        struct error *error)
{
    uint8_t sid[SID_BYTES];
    if (!sid_parse("KP", sending->draft->participant, sid)) {
        refuse(error, REFUSED_PARTICIPANT_SID);
        return NULL;
    }
    Maskline__Store__V1__Participant *participant = session_participant(session, sid);
    if (!participant || !participant->n_bindings || !participant->n_identifiers) {
        refuse(error, REFUSED_PARTICIPANT_NOT_FOUND);
        return NULL;
    }
    return participant;
}

/* Whoever it is has to be somebody else in the session, whose words reach the recipient. */
static bool find_sender(struct sending *sending, const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *recipient)
{
    const char *sender = sending->draft->sender;
    if (!sender || !*sender)
        return true;
    uint8_t sid[SID_BYTES];
    if (!sid_parse("KP", sender, sid))
        return refuse(&sending->error, REFUSED_PARTICIPANT_SID);
    sending->sender = session_participant(session, sid);
    if (!sending->sender)
        return refuse(&sending->error, REFUSED_PARTICIPANT_NOT_FOUND);
    if (sending->sender != recipient && binding_from(recipient, &sending->sender->sid))
        return true;
    error_clear(&sending->error);
    return error_field(&sending->error, "sender", "It must be another participant.");
}

static bool ask_guards(struct sending *sending, struct rows *rows,
                       const Maskline__Store__V1__Session *session,
                       Maskline__Store__V1__Participant *recipient)
{
    const struct guard_subject subject = {
        .service = sending->service,
        .session = session,
        .sender = MUTANT("sender_is_not_guarded") ? NULL : sending->sender,
        .recipients = &recipient,
        .recipient_count = 1,
        .type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE,
    };
    struct guard_refusal refusal;
    sending->capped = guard_capped(&subject);
    switch (guards_ask(sending->masking, rows, &subject, &refusal, &sending->error)) {
    case GUARD_PASSES:
        return true;
    case GUARD_BROKEN:
        return false;
    case GUARD_REFUSES:
        break;
    }
    if (MUTANT("send_unguarded"))
        return true;
    switch (refusal.guard) {
    case GUARD_OPT_OUT:
        return refuse(&sending->error, REFUSED_OPTED_OUT);
    case GUARD_BLOCK:
        return refuse(&sending->error, REFUSED_BLOCKED);
    case GUARD_PERSON_CAP:
        refuse(&sending->error, REFUSED_PERSON_CAP);
        error_free_time(&sending->error, refusal.free_time, rows->now);
        return false;
    case GUARD_SESSION_CAP:
        return refuse(&sending->error, REFUSED_SESSION_CAP);
    default:
        return refuse(&sending->error, REFUSED_MODE);
    }
}

static bool check_loop(struct rows *rows, const Maskline__Store__V1__Participant *recipient,
                       struct error *error)
{
    Maskline__Store__V1__NumberClaim *claim;
    enum kv_found found = rows_claim(rows, recipient->identifiers[0], &claim, error);
    if (found != KV_FOUND ||
        claim->state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED ||
        MUTANT("send_in_circles"))
        return found != KV_FAILED;
    return refuse(error, REFUSED_LOOP);
}

static bool check_mms(struct rows *rows, const struct sending *sending,
                      const Maskline__Store__V1__Participant *recipient, struct error *error)
{
    if (!sending->draft->media_count)
        return true;
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found = rows_number(rows, sending->service->pool.data,
                                      recipient->bindings[0]->proxy_identifier, &number, error);
    if (found != KV_FOUND || number->mms || MUTANT("send_without_mms"))
        return found != KV_FAILED;
    return refuse(error, REFUSED_MMS);
}

static Maskline__Store__V1__Content *content_of(const struct message_draft *draft,
                                                struct arena *arena)
{
    Maskline__Store__V1__Content *content = arena_alloc(arena, sizeof *content);
    if (!content)
        return NULL;
    maskline__store__v1__content__init(content);
    content->body = borrowed(draft->body ? draft->body : "");
    content->n_media = draft->media_count;
    content->media = arena_array(arena, draft->media_count, sizeof *content->media);
    if (!content->media)
        return NULL;
    for (size_t i = 0; i < draft->media_count; i++)
        content->media[i] = (Maskline__Store__V1__Media *)draft->media[i];
    return content;
}

static bool take_on(struct sending *sending, struct rows *rows,
                    Maskline__Store__V1__Session *session,
                    Maskline__Store__V1__Participant *recipient)
{
    int64_t life = sending->service->settings->max_message_life;
    if (sending->draft->max_life &&
        (sending->draft->max_life < life || MUTANT("send_outlives_service_life")))
        life = sending->draft->max_life;
    struct acceptance acceptance = {
        .service = sending->service,
        .session = session,
        .recipients = {recipient},
        .recipient_count = 1,
        .content = content_of(sending->draft, rows->arena),
        .life = life,
        .capped = sending->capped,
        .sender = sending->sender ? sending->sender->sid : (ProtobufCBinaryData){0, NULL},
        .request = request_mark(rows, &sending->draft->request),
    };
    const struct interception_subject subject = {
        .service = sending->service,
        .type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE,
    };
    if (MUTANT("messages_of_api_are_asked_about") &&
        !interception_ask(rows, &subject, &acceptance.interception, &sending->error))
        return false;
    if (!acceptance.content)
        return refuse(&sending->error, REFUSED_NO_MEMORY);
    sending->log = key_log(rows->tenant, sending->service->sid.data);
    if (!message_accept(rows, &acceptance, &sending->interaction, &sending->error))
        return false;
    sending->note_time = acceptance.hint_time;
    return true;
}

static bool decide(struct command *command, struct txn *txn)
{
    struct sending *sending = (struct sending *)command;
    struct error *error = &sending->error;
    struct rows rows = rows_of_txn(txn, sending->masking->store);
    uint64_t position = 0;
    rows.kept = sending->masking->kept;
    sending->sender = NULL;
    if (!check_draft(sending->draft, error) ||
        !rows_find_active_service(&rows, sending->draft->service, &sending->service, error) ||
        !request_seen(&rows, sending->service->sid.data, &sending->draft->request, &position,
                      error))
        return false;
    if (position)
        return answer_again(sending, &rows, position);
    Maskline__Store__V1__Session *session;
    if (!check_limits(sending, error) ||
        !rows_find_session(&rows, sending->service, sending->draft->session, &session, error))
        return false;
    Maskline__Store__V1__Participant *recipient = find_recipient(sending, session, error);
    if (!recipient || !find_sender(sending, session, recipient))
        return false;
    if (!refuse_ended(session, rows.now, error) || !ask_guards(sending, &rows, session, recipient))
        return refused_traffic_tell(sending->masking, &rows, sending->service, session, error);
    return check_loop(&rows, recipient, error) && check_mms(&rows, sending, recipient, error) &&
           take_on(sending, &rows, session, recipient);
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct sending *sending = (struct sending *)command;
    if (outcome == COMMAND_DURABLE)
        error = sending->error.code == STATUS_OK ? NULL : &sending->error;
    if (error) {
        sending->done(sending->data, NULL, NULL, error);
    } else {
        if (!sending->repeated)
            outbox_note(sending->masking->outbox, &sending->log, sending->interaction);
        if (sending->note_time)
            timers_note(sending->masking->timers, &sending->log, sending->note_time);
        sending->done(sending->data, sending->service, sending->interaction, NULL);
    }
    free(sending);
}

static void prefetch(struct command *command, struct view *view)
{
    struct sending *sending = (struct sending *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, sending->masking->store, arena);
    sid_bytes service;
    if (rows_warm_service(&rows, sending->draft->service, service))
        rows_warm_session(&rows, service, sending->draft->session);
}

void interactions_send(struct masking *masking, const struct message_draft *draft,
                       interaction_done done, void *data)
{
    struct sending *sending = malloc(sizeof *sending);
    if (!sending) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return;
    }
    sending->command = (struct command){
        .prefetch = prefetch, .decide = decide, .done = finish, .tenant = masking->tenant};
    sending->masking = masking;
    sending->draft = draft;
    sending->done = done;
    sending->data = data;
    sending->service = NULL;
    sending->interaction = NULL;
    sending->sender = NULL;
    sending->note_time = 0;
    sending->repeated = false;
    error_clear(&sending->error);
    pipeline_submit(masking->pipeline, &sending->command);
}
