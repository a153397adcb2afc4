#include "server/masking/messages/text_steps.h"

#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/errors.h"
#include "server/masking/messages/keyword_step.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/media.h"
#include "server/masking/policies/interception.h"

enum step step_hear_keyword(struct reception *r)
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

enum step step_check_content(struct reception *r)
{
    const struct inbound_message *message = r->in->message;
    struct message_limits most = message_limits(r->service->settings);
    if (utf8_length(message->body) > most.body && !MUTANT("inbound_of_any_length"))
        return inbound_reject(r, REJECT_TOO_LONG);
    if (message->media_count > most.media && !MUTANT("inbound_of_any_media"))
        return inbound_reject(r, REJECT_TOO_MUCH_MEDIA);
    for (size_t i = 0; i < message->media_count; i++) {
        if (utf8_length(message->media[i].url) > most.media_url ||
            utf8_length(message->media[i].content_type) > MEDIA_TYPE_MOST)
            return inbound_reject(r, REJECT_TOO_MUCH_MEDIA);
        if ((media_url_fault(message->media[i].url) ||
             media_type_fault(message->media[i].content_type)) &&
            !MUTANT("media_of_any_kind"))
            return inbound_reject(r, REJECT_MEDIA_INVALID);
    }
    return STEP_ON;
}

/* What nobody is to get is put to nobody. */
enum step step_intercept(struct reception *r)
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

enum step step_take_on(struct reception *r)
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
