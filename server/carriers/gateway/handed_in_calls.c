/*
 * Calls that a program hands in, and what it tells of calls.
 */
#include "server/carriers/gateway/internal.h"

#include <string.h>

static void call_answered(void *data, const struct inbound_call_result *result)
{
    static const enum inbound_outcome outcomes[] = {
        [CALL_ACCEPTED] = INBOUND_ACCEPTED,
        [CALL_REJECTED] = INBOUND_REJECTED,
        [CALL_UNDECIDED] = INBOUND_FAILED,
    };
    struct handed_in *in = data;
    bool whole = true;
    in->answer.outcome = outcomes[result->outcome];
    in->answer.repeated = result->repeated;
    if (result->outcome == CALL_ACCEPTED) {
        whole = plan_copy(&in->plan, result->plan);
    } else if (result->outcome == CALL_REJECTED) {
        in->answer.original = result->original;
        set_reason(in, result->reason);
        if (result->notice && *result->notice) {
            in->notice = strdup(result->notice);
            whole = in->notice != NULL;
        }
    } else if (result->error) {
        set_reason(in, result->error->reason);
    }
    handed_in_answered(in, whole);
}

static void progress_answered(void *data, const struct call_answer *answer)
{
    struct handed_in *in = data;
    const struct error *error = answer->error;
    in->answer.outcome = error ? INBOUND_REJECTED : INBOUND_ACCEPTED;
    in->answer.hang_up = answer->hang_up;
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

static void hand_call(struct masking *masking, struct handed_in *in)
{
    ingress_call(masking, &in->call, call_answered, in);
}

static void hand_progress(struct masking *masking, struct handed_in *in)
{
    ingress_call_progress(masking, &in->progress, progress_answered, in);
}

bool gateway_inbound_call(struct gateway_attachment *attachment,
                          const struct gateway_inbound_call *call)
{
    /* It would not be able to hear that the call is to be hung up. */
    if (!(attachment->program.call_abilities & CALL_CAN_CARRY))
        return gateway_refuse(attachment, GATEWAY_CALL_RESULT,
                              &(struct gateway_answer){.id = call->provider_id,
                                                       .outcome = INBOUND_FAILED,
                                                       .reason = "CARRIER_CARRIES_NO_CALLS"});
    const char *strings[] = {
        [IN_ID] = call->provider_id, [IN_FROM] = call->from, [IN_TO] = call->to};
    struct handed_in *in = handed_in_new(GATEWAY_CALL_RESULT, strings, 3, NULL, 0);
    if (in)
        in->call = (struct inbound_call){
            .carrier = attachment->gateway->name,
            .provider_id = in->text.strings[IN_ID],
            .from = in->text.strings[IN_FROM],
            .to = in->text.strings[IN_TO],
        };
    return hand_in(attachment, in, hand_call);
}

bool gateway_progress(struct gateway_attachment *attachment,
                      const struct gateway_progress *progress)
{
    struct gateway *gateway = attachment->gateway;
    const char *strings[] = {
        [IN_ID] = progress->key,
        [IN_RECEIPT_CODE] = progress->carrier_code,
        [IN_RECEIPT_ID] = progress->provider_id,
    };
    struct handed_in *in = handed_in_new(GATEWAY_PROGRESS_RESULT, strings, 3, NULL, 0);
    if (in) {
        in->answer.tag = progress->tag;
        in->progress = (struct call_progress){
            .carrier = gateway->name,
            .key = in->text.strings[IN_ID],
            .side = progress->side,
            .status = progress->status,
            .target = progress->target,
            .time = progress->time,
            .seconds = progress->seconds,
            .recorded = progress->recorded,
            .carrier_code = in->text.strings[IN_RECEIPT_CODE],
            .provider_id = in->text.strings[IN_RECEIPT_ID],
        };
    }
    pthread_mutex_lock(&gateway->lock);
    orders_taken(gateway, attachment, progress->key);
    pthread_mutex_unlock(&gateway->lock);
    return hand_in(attachment, in, hand_progress);
}
