#include "server/api/attachment_out.h"

#include "server/api/attachment_calls.h"
#include "server/api/media.h"

Maskline__V1__AttachResponse *attached_message(struct arena *arena, const char *carrier,
                                               bool took_over, int64_t now)
{
    Maskline__V1__AttachResponse *response =
        message_new(arena, &maskline__v1__attach_response__descriptor);
    Maskline__V1__CarrierAttached *attached =
        message_new(arena, &maskline__v1__carrier_attached__descriptor);
    if (!response || !attached)
        return NULL;
    attached->carrier = message_text(carrier);
    attached->time = message_time(arena, now);
    attached->took_over = took_over;
    response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_ATTACHED;
    response->attached = attached;
    return response;
}

static Maskline__V1__CarrierSend *send_message(struct arena *arena, const struct gateway_send *send)
{
    Maskline__V1__CarrierSend *message =
        message_new(arena, &maskline__v1__carrier_send__descriptor);
    if (!message)
        return NULL;
    struct message_list media = media_messages(arena, send->media, send->media_count);
    message->key = message_text(send->key);
    message->sender = message_text(send->from);
    message->recipient = message_text(send->to);
    message->body = message_text(send->body);
    message->media = (Maskline__V1__Media **)media.items;
    message->n_media = media.count;
    message->expire_time = message_time(arena, send->expire_time);
    return message;
}

static Maskline__V1__CarrierInboundResult *inbound_message(struct arena *arena,
                                                           const struct gateway_answer *answer)
{
    Maskline__V1__CarrierInboundResult *message =
        message_new(arena, &maskline__v1__carrier_inbound_result__descriptor);
    if (!message)
        return NULL;
    message->provider_id = message_text(answer->id);
    message->outcome = outcome_message(answer->outcome);
    message->reason = message_text(answer->reason);
    message->original_code = answer->original;
    message->repeated_id = answer->repeated;
    return message;
}

static Maskline__V1__CarrierReceiptResult *receipt_message(struct arena *arena,
                                                           const struct gateway_answer *answer)
{
    Maskline__V1__CarrierReceiptResult *message =
        message_new(arena, &maskline__v1__carrier_receipt_result__descriptor);
    if (!message)
        return NULL;
    message->tag = answer->tag;
    message->key = message_text(answer->id);
    message->outcome = outcome_message(answer->outcome);
    message->reason = message_text(answer->reason);
    return message;
}

Maskline__V1__AttachResponse *output_message(struct arena *arena,
                                             const struct gateway_output *output)
{
    Maskline__V1__AttachResponse *response =
        message_new(arena, &maskline__v1__attach_response__descriptor);
    if (!response)
        return NULL;
    switch (output->kind) {
    case GATEWAY_SEND:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_SEND;
        response->send = send_message(arena, &output->send);
        break;
    case GATEWAY_INBOUND_RESULT:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_INBOUND_RESULT;
        response->inbound_result = inbound_message(arena, &output->answer);
        break;
    case GATEWAY_RECEIPT_RESULT:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_RECEIPT_RESULT;
        response->receipt_result = receipt_message(arena, &output->answer);
        break;
    case GATEWAY_CALL_RESULT:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_INBOUND_CALL_RESULT;
        response->inbound_call_result = call_result_message(arena, &output->answer);
        break;
    case GATEWAY_PROGRESS_RESULT:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_CALL_PROGRESS_RESULT;
        response->call_progress_result = call_progress_result_message(arena, &output->answer);
        break;
    case GATEWAY_PLACE_CALL:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_PLACE_CALL;
        response->place_call = call_plan_message(arena, &output->plan);
        break;
    case GATEWAY_HANG_UP:
        response->message_case = MASKLINE__V1__ATTACH_RESPONSE__MESSAGE_HANG_UP;
        response->hang_up = hang_up_message(arena, output->key);
        break;
    }
    return response;
}
