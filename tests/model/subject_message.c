/* Operations on messages, on carriers and on time. */
#include "tests/model/subject_internal.h"

#include "server/masking/messages/interactions.h"

#include <stdio.h>
#include <string.h>

const char *subject_participant(struct subject *subject, const struct op *op)
{
    const struct kept_session *kept = &subject->sessions[op->session.label];
    if (kept->there && op->participant < kept->people_count)
        return kept->people[op->participant];
    return "KP0123456789abcdef0123456789abcdef";
}

static void inbound_answered(void *data, const struct inbound_result *result)
{
    struct doing *doing = data;
    struct answer *answer = doing->answer;
    if (result->outcome == INBOUND_FAILED) {
        convert_error(result->error, answer);
    } else {
        answer->ok = answer->accepted = result->outcome == INBOUND_ACCEPTED;
        answer->repeated = result->repeated;
        answer->original = result->original;
        snprintf(answer->reason, sizeof(answer->reason), "%s",
                 result->reason ? result->reason : "");
    }
    subject_answered(doing->subject);
}

static void do_inbound(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char provider[PLAIN_TEXT];
    char from[ADDRESS_TEXT];
    char to[ADDRESS_TEXT];
    char body[PLAIN_TEXT];
    struct ingress_media media = {.url = "https://example.com/picture", .content_type = ""};
    snprintf(provider, sizeof(provider), "id-%u-%d", subject->world.tag, op->provider);
    world_address(&subject->world, op->from, from);
    world_number(&subject->world, op->number, to);
    message_body(op->message, body);
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
        convert_error(error, doing->answer);
    } else {
        doing->answer->ok = true;
        doing->answer->interaction = convert_interaction(interaction);
    }
    subject_answered(doing->subject);
}

static void do_send(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char body[PLAIN_TEXT];
    message_body(op->message, body);
    char url[] = "https://example.com/picture";
    char type[] = "";
    Maskline__Store__V1__Media picture = MASKLINE__STORE__V1__MEDIA__INIT;
    picture.url = url;
    picture.content_type = type;
    const Maskline__Store__V1__Media *media[] = {&picture};
    struct message_draft draft = {.service = subject_service_name(subject, op->service),
                                  .session = subject_session_name(subject, op->session),
                                  .participant = subject_participant(subject, op),
                                  .body = body,
                                  .media = media,
                                  .media_count = op->media,
                                  .max_life = op->max_life,
                                  .request = subject_request(subject, op, "SendMessage")};
    subject_expect(subject);
    interactions_send(subject->masking, &draft, send_answered, doing);
    subject_wait(subject);
}

static void do_answer(struct doing *doing)
{
    struct subject *subject = doing->subject;
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
        convert_error(error, doing->answer);
    else
        doing->answer->ok = true;
    subject_answered(doing->subject);
}

static void do_receipt(struct doing *doing)
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

void subject_do_other(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    doing->answer->ok = true;
    switch (op->kind) {
    case OP_INBOUND:
        do_inbound(doing);
        break;
    case OP_SEND:
        do_send(doing);
        break;
    case OP_ANSWER:
        do_answer(doing);
        break;
    case OP_RECEIPT:
        do_receipt(doing);
        break;
    case OP_CARRIER_MODE:
        subject->fakes[op->carrier].mode = op->outcome;
        break;
    case OP_CARRIER_READY:
        ingress_carrier_ready(subject->masking, world_carrier(op->carrier));
        break;
    case OP_CLOCK:
        subject_set_clock(subject, op->time);
        break;
    case OP_RUN:
        masking_run_due(subject->masking);
        break;
    default:
        /* How far time was is kept with what is written; that nothing was written lately is not the point here. */
        subject_set_clock(subject, subject->latest);
        if (op->crash && subject_on_disk(subject))
            subject_crash(subject);
        else
            subject_close(subject, subject_on_disk(subject));
        subject_open(subject);
    }
}
