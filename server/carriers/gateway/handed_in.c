/*
 * What a program hands in, from then until it was told what became of it. Texts and receipts count against one bound as long as
 * that: a program that does not read its answers is not read either.
 */
#include "server/carriers/gateway/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_full(const struct gateway_attachment *attachment)
{
    return attachment->handed_in >= GATEWAY_HANDED_IN ||
           attachment->handed_in_bytes >= GATEWAY_HANDED_IN_BYTES;
}

bool may_read_on(struct gateway_attachment *attachment)
{
    if (!attachment->paused || attachment->handed_in > GATEWAY_HANDED_IN / 2 ||
        attachment->handed_in_bytes > GATEWAY_HANDED_IN_BYTES / 2)
        return false;
    attachment->paused = false;
    return true;
}

static size_t size_of(const struct handed_in *in)
{
    return sizeof *in + in->text.bytes;
}

static void handed_in_free(struct handed_in *in)
{
    in->attachment->handed_in--;
    in->attachment->handed_in_bytes -= size_of(in);
    text_done(&in->text);
    plan_done(&in->plan);
    free(in->notice);
    free(in);
}

/* An answer is there. The lock is held. */
static void answer_put(struct handed_in *in)
{
    struct gateway_attachment *attachment = in->attachment;
    in->answer.id = in->text.strings[IN_ID];
    in->answer.reason = in->reason;
    in->answer.notice = in->notice ? in->notice : "";
    in->answer.plan = in->plan.memory ? &in->plan.plan : NULL;
    in->order = ++attachment->gateway->told;
    if (attachment->last_answer)
        attachment->last_answer->next = in;
    else
        attachment->answers = in;
    attachment->last_answer = in;
}

static struct handed_in *answer_take(struct gateway_attachment *attachment)
{
    struct handed_in *in = attachment->answers;
    attachment->answers = in->next;
    if (!in->next)
        attachment->last_answer = NULL;
    return in;
}

bool answer_give(struct gateway_attachment *attachment, struct arena *arena,
                 struct gateway_output *ret_output)
{
    const struct handed_in *in = attachment->answers;
    struct gateway_answer answer = in->answer;
    answer.id = arena_string(arena, answer.id);
    answer.reason = arena_string(arena, answer.reason);
    answer.notice = arena_string(arena, answer.notice);
    if (!answer.id || !answer.reason || !answer.notice)
        return false;
    if (answer.plan) {
        struct call_plan *plan = arena_alloc(arena, sizeof *plan);
        if (!plan || !plan_to_arena(answer.plan, arena, plan))
            return false;
        answer.plan = plan;
    }
    *ret_output = (struct gateway_output){.kind = in->kind, .answer = answer};
    handed_in_free(answer_take(attachment));
    return true;
}

void answers_drop(struct gateway_attachment *attachment)
{
    while (attachment->answers)
        handed_in_free(answer_take(attachment));
}

/* Without memory nobody could be told what became of it; with the stream ended the program hands it in again. */
static void end_without_memory(struct gateway_attachment *attachment)
{
    struct gateway *gateway = attachment->gateway;
    struct settled settled = {{NULL}};
    if (!gate_enter(&gateway->gate))
        return;
    pthread_mutex_lock(&gateway->lock);
    attachment_end(attachment, ENDED_NO_MEMORY, &settled);
    attachment_wake(attachment);
    pthread_mutex_unlock(&gateway->lock);
    settled_tell(&settled, gateway->masking);
    gate_leave(&gateway->gate);
}

void handed_in_answered(struct handed_in *in, bool whole)
{
    struct gateway_attachment *attachment = in->attachment;
    struct gateway *gateway = attachment->gateway;
    if (!whole)
        end_without_memory(attachment);
    pthread_mutex_lock(&gateway->lock);
    if (attachment->detached || attachment->ended) {
        handed_in_free(in);
    } else {
        answer_put(in);
        attachment_wake(attachment);
    }
    attachment_unref(attachment);
    pthread_mutex_unlock(&gateway->lock);
}

void set_reason(struct handed_in *in, const char *reason)
{
    snprintf(in->reason, sizeof in->reason, "%s", reason ? reason : "");
}

static void message_answered(void *data, const struct inbound_result *result)
{
    struct handed_in *in = data;
    in->answer.outcome = result->outcome;
    in->answer.repeated = result->repeated;
    in->answer.original = result->original;
    if (result->outcome == INBOUND_REJECTED)
        set_reason(in, result->reason);
    else if (result->outcome == INBOUND_FAILED && result->error)
        set_reason(in, result->error->reason);
    handed_in_answered(in, true);
}

static void receipt_answered(void *data, const struct error *error)
{
    struct handed_in *in = data;
    in->answer.outcome = error ? INBOUND_REJECTED : INBOUND_ACCEPTED;
    if (error && error->code == STATUS_NOT_FOUND) {
        set_reason(in, "KEY_NOT_FOUND");
    } else if (error && error->code == STATUS_PERMISSION_DENIED) {
        set_reason(in, "KEY_OF_OTHER_CARRIER");
    } else if (error && error->code == STATUS_INVALID_ARGUMENT) {
        set_reason(in, "INVALID_FIELD");
    } else if (error) {
        in->answer.outcome = INBOUND_FAILED;
        set_reason(in, error->reason);
    }
    handed_in_answered(in, true);
}

struct handed_in *handed_in_new(enum gateway_output_kind kind, const char *const *strings,
                                size_t count, const struct ingress_media *media, size_t media_count)
{
    struct handed_in *in = calloc(1, sizeof *in);
    if (!in)
        return NULL;
    if (!text_copy(&in->text, strings, count, media, media_count)) {
        free(in);
        return NULL;
    }
    in->kind = kind;
    return in;
}

/* Counts it as handed in. False: the attachment has ended, and `in` is freed. The lock is held. */
static bool admit(struct gateway_attachment *attachment, struct handed_in *in)
{
    in->attachment = attachment;
    attachment->handed_in++;
    attachment->handed_in_bytes += size_of(in);
    if (!attachment->ended)
        return true;
    handed_in_free(in);
    return false;
}

/* Whether the program may send more. The lock is held. */
static bool room_left(struct gateway_attachment *attachment)
{
    if (is_full(attachment))
        attachment->paused = true;
    return !attachment->paused;
}

bool hand_in(struct gateway_attachment *attachment, struct handed_in *in,
             void (*hand)(struct masking *masking, struct handed_in *in))
{
    struct gateway *gateway = attachment->gateway;
    if (!in) {
        end_without_memory(attachment);
        return true;
    }
    pthread_mutex_lock(&gateway->lock);
    bool admitted = admit(attachment, in);
    bool more = !admitted || room_left(attachment);
    attachment->refs += admitted;
    pthread_mutex_unlock(&gateway->lock);
    if (!admitted)
        return true;
    if (gate_enter(&gateway->gate)) {
        hand(gateway->masking, in);
        gate_leave(&gateway->gate);
        return more;
    }
    /* Stopped in between: the stream ends without an answer. */
    pthread_mutex_lock(&gateway->lock);
    handed_in_free(in);
    attachment_unref(attachment);
    pthread_mutex_unlock(&gateway->lock);
    return true;
}

static void hand_message(struct masking *masking, struct handed_in *in)
{
    ingress_message(masking, &in->message, message_answered, in);
}

static void hand_receipt(struct masking *masking, struct handed_in *in)
{
    ingress_receipt(masking, &in->receipt, receipt_answered, in);
}

bool gateway_inbound(struct gateway_attachment *attachment, const struct gateway_inbound *inbound)
{
    const char *strings[] = {
        [IN_ID] = inbound->provider_id,
        [IN_FROM] = inbound->from,
        [IN_TO] = inbound->to,
        [IN_BODY] = inbound->body,
    };
    struct handed_in *in =
        handed_in_new(GATEWAY_INBOUND_RESULT, strings, 4, inbound->media, inbound->media_count);
    if (in)
        in->message = (struct inbound_message){
            .carrier = attachment->gateway->name,
            .provider_id = in->text.strings[IN_ID],
            .from = in->text.strings[IN_FROM],
            .to = in->text.strings[IN_TO],
            .body = in->text.strings[IN_BODY],
            .media = in->text.media,
            .media_count = in->text.media_count,
        };
    return hand_in(attachment, in, hand_message);
}

bool gateway_receipt(struct gateway_attachment *attachment, const struct gateway_receipt *receipt)
{
    const char *strings[] = {
        [IN_ID] = receipt->key,
        [IN_RECEIPT_CODE] = receipt->carrier_code,
        [IN_RECEIPT_ID] = receipt->provider_id,
    };
    struct handed_in *in = handed_in_new(GATEWAY_RECEIPT_RESULT, strings, 3, NULL, 0);
    if (in) {
        in->answer.tag = receipt->tag;
        in->receipt = (struct receipt){
            .carrier = attachment->gateway->name,
            .key = in->text.strings[IN_ID],
            .status = receipt->status,
            .carrier_code = in->text.strings[IN_RECEIPT_CODE],
            .provider_id = in->text.strings[IN_RECEIPT_ID],
        };
    }
    return hand_in(attachment, in, hand_receipt);
}

bool gateway_refuse(struct gateway_attachment *attachment, enum gateway_output_kind kind,
                    const struct gateway_answer *answer)
{
    struct gateway *gateway = attachment->gateway;
    const char *strings[] = {[IN_ID] = answer->id};
    struct handed_in *in = handed_in_new(kind, strings, 1, NULL, 0);
    if (!in) {
        end_without_memory(attachment);
        return true;
    }
    in->answer = *answer;
    set_reason(in, answer->reason);
    pthread_mutex_lock(&gateway->lock);
    bool more = true;
    if (admit(attachment, in)) {
        more = room_left(attachment);
        answer_put(in);
        /* The attachment outlives its own wake: the program may leave in it. */
        attachment->refs++;
        attachment_wake(attachment);
        attachment_unref(attachment);
    }
    pthread_mutex_unlock(&gateway->lock);
    return more;
}
