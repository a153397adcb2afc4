/* Operations on messages, on carriers and on time. */
#include "tests/model/subject_internal.h"

#include "server/masking/messages/interactions.h"

#include <stdio.h>
#include <string.h>

const char *subject_participant(struct subject *subject, const struct op *op, int place)
{
    const struct kept_session *kept = &subject->sessions[op->session.label];
    if (kept->there && place < kept->people_count)
        return kept->people[place];
    return "KP0123456789abcdef0123456789abcdef";
}

static void inbound_answered(void *data, const struct inbound_result *result)
{
    struct doing *doing = data;
    struct answer *answer = doing->answer;
    if (result->outcome == INBOUND_FAILED) {
        convert_error(&doing->subject->world, result->error, answer);
    } else {
        answer->ok = answer->accepted = result->outcome == INBOUND_ACCEPTED;
        answer->repeated = result->repeated;
        answer->original = result->original;
        snprintf(answer->reason, sizeof(answer->reason), "%s",
                 result->reason ? result->reason : "");
    }
    subject_answered(doing->subject);
}

void subject_do_inbound(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char provider[PLAIN_TEXT];
    char from[ADDRESS_TEXT];
    char to[ADDRESS_TEXT];
    char body[ADDRESS_TEXT];
    struct ingress_media media = {.url = "https://example.com/picture", .content_type = ""};
    snprintf(provider, sizeof(provider), "id-%u-%d", subject->world.tag, op->provider);
    world_address(&subject->world, op->from, from);
    world_number(&subject->world, op->number, to);
    world_text(op->message, body);
    struct inbound_message message = {.carrier = world_carrier(op->carrier),
                                      .provider_id = provider,
                                      .from = from,
                                      .to = to,
                                      .body = body,
                                      .media = &media,
                                      .media_count = op->media};
    subject_expect(subject);
    ingress_message(subject->masking, &message, inbound_answered, doing);
    subject_wait(subject);
}

static void send_answered(void *data, const Maskline__Store__V1__Service *service,
                          const Maskline__Store__V1__Interaction *interaction,
                          const struct error *error)
{
    struct doing *doing = data;
    (void)service;
    if (error) {
        convert_error(&doing->subject->world, error, doing->answer);
    } else {
        doing->answer->ok = true;
        doing->answer->interaction = convert_interaction(interaction);
    }
    subject_answered(doing->subject);
}

void subject_do_send(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char body[ADDRESS_TEXT];
    world_text(op->message, body);
    char url[] = "https://example.com/picture";
    char type[] = "";
    Maskline__Store__V1__Media picture = MASKLINE__STORE__V1__MEDIA__INIT;
    picture.url = url;
    picture.content_type = type;
    const Maskline__Store__V1__Media *media[] = {&picture};
    struct message_draft draft = {
        .service = subject_service_name(subject, op->service),
        .session = subject_session_name(subject, op->session),
        .participant = subject_participant(subject, op, op->participant),
        .sender = op->sender >= 0 ? subject_participant(subject, op, op->sender) : "",
        .body = body,
        .media = media,
        .media_count = op->media,
        .max_life = op->max_life,
        .request = subject_request(subject, op, "SendMessage")};
    subject_expect(subject);
    interactions_send(subject->masking, &draft, send_answered, doing);
    subject_wait(subject);
}

void subject_do_answer(struct doing *doing)
{
    struct subject *subject = doing->subject;
    doing->answer->ok = true;
    for (int i = 0; i < subject->attempt_count; i++) {
        struct kept_attempt *attempt = &subject->attempts[i];
        if (!attempt->handle || attempt->plain.message != doing->op->message)
            continue;
        fake_answer(subject, attempt, doing->op->outcome, doing->op->retry_after);
        return;
    }
}

static void receipt_answered(void *data, const struct error *error)
{
    struct doing *doing = data;
    if (error)
        convert_error(&doing->subject->world, error, doing->answer);
    else
        doing->answer->ok = true;
    subject_answered(doing->subject);
}

void subject_do_receipt(struct doing *doing)
{
    static const enum receipt_status statuses[] = {RECEIPT_QUEUED, RECEIPT_SENT, RECEIPT_DELIVERED,
                                                   RECEIPT_UNDELIVERED, RECEIPT_FAILED};
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const struct kept_attempt *about = NULL;
    /* The latest message of that name that the carrier was given; its attempts all have one key. */
    for (int i = 0; i < subject->attempt_count; i++) {
        const struct kept_attempt *attempt = &subject->attempts[i];
        if (attempt->plain.message == op->message && attempt->plain.carrier == op->carrier &&
            (!about || memcmp(attempt->plain.interaction.bytes, about->plain.interaction.bytes,
                              PLAIN_SID) >= 0))
            about = attempt;
    }
    struct receipt receipt = {
        .carrier = world_carrier(op->stolen ? CARRIERS - 1 - op->carrier : op->carrier),
        .key = about ? about->key : "never",
        .status = statuses[op->receipt],
        .carrier_code = "",
        .provider_id = ""};
    subject_expect(subject);
    ingress_receipt(subject->masking, &receipt, receipt_answered, doing);
    subject_wait(subject);
}

void subject_do_carrier_mode(struct doing *doing)
{
    doing->answer->ok = true;
    doing->subject->fakes[doing->op->carrier].mode = doing->op->outcome;
}

void subject_do_carrier_ready(struct doing *doing)
{
    doing->answer->ok = true;
    ingress_carrier_ready(doing->subject->masking, world_carrier(doing->op->carrier));
}

void subject_do_clock(struct doing *doing)
{
    doing->answer->ok = true;
    subject_set_clock(doing->subject, doing->op->time);
}

void subject_do_run(struct doing *doing)
{
    doing->answer->ok = true;
    masking_run_due(doing->subject->masking);
}

void subject_do_restart(struct doing *doing)
{
    struct subject *subject = doing->subject;
    doing->answer->ok = true;
    /* How far time was is kept with what is written; that nothing was written lately is not the point here. */
    subject_set_clock(subject, subject->latest);
    if (doing->op->crash && subject_on_disk(subject))
        subject_crash(subject);
    else
        subject_close(subject, subject_on_disk(subject));
    subject_open(subject);
}
