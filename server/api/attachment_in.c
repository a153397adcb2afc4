#include "server/api/attachment_in.h"

#include "proto/c/utf8.h"
#include "server/api/attachment_calls.h"
#include "server/api/fields.h"

#include <stdlib.h>

enum { CODE_CHARACTERS = 64, ID_CHARACTERS = 255 };

static bool take_inbound(struct gateway_attachment *attachment,
                         const Maskline__V1__CarrierInboundMessage *message, bool *ret_more,
                         struct error *error)
{
    struct ingress_media *media = calloc(message->n_media + 1, sizeof *media);
    if (!media)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for this message.");
    for (size_t i = 0; i < message->n_media; i++)
        media[i] = (struct ingress_media){message->media[i]->url, message->media[i]->content_type};
    *ret_more = gateway_inbound(attachment, &(struct gateway_inbound){
                                                .provider_id = message->provider_id,
                                                .from = message->sender,
                                                .to = message->recipient,
                                                .body = message->body,
                                                .media = media,
                                                .media_count = message->n_media,
                                            });
    free(media);
    return true;
}

static bool is_fine(const Maskline__V1__CarrierReceipt *receipt)
{
    struct error error;
    error_clear(&error);
    field_enum(&error, "receipt.status", &maskline__v1__carrier_receipt_status__descriptor,
               (int)receipt->status);
    field_text(&error, "receipt.carrier_code", receipt->carrier_code, 0, CODE_CHARACTERS);
    field_text(&error, "receipt.provider_id", receipt->provider_id, 0, ID_CHARACTERS);
    return error.code == STATUS_OK &&
           receipt->status !=
               MASKLINE__V1__CARRIER_RECEIPT_STATUS__CARRIER_RECEIPT_STATUS_UNSPECIFIED;
}

/* One that cannot be read is answered like one that is refused: others on the stream are not to blame for it. */
static void take_receipt(struct gateway_attachment *attachment,
                         const Maskline__V1__CarrierReceipt *receipt, bool *ret_more)
{
    static const enum receipt_status statuses[] = {RECEIPT_QUEUED, RECEIPT_SENT, RECEIPT_DELIVERED,
                                                   RECEIPT_UNDELIVERED, RECEIPT_FAILED};
    if (!is_fine(receipt)) {
        *ret_more = gateway_refuse(attachment, GATEWAY_RECEIPT_RESULT,
                                   &(struct gateway_answer){.id = receipt->key,
                                                            .tag = receipt->tag,
                                                            .outcome = INBOUND_REJECTED,
                                                            .reason = "INVALID_FIELD"});
        return;
    }
    *ret_more = gateway_receipt(attachment, &(struct gateway_receipt){
                                                .key = receipt->key,
                                                .tag = receipt->tag,
                                                .status = statuses[receipt->status - 1],
                                                .carrier_code = receipt->carrier_code,
                                                .provider_id = receipt->provider_id,
                                            });
}

static enum send_outcome outcome_of(Maskline__V1__CarrierSendOutcome outcome)
{
    switch (outcome) {
    case MASKLINE__V1__CARRIER_SEND_OUTCOME__CARRIER_SEND_OUTCOME_TAKEN:
        return SEND_TAKEN;
    case MASKLINE__V1__CARRIER_SEND_OUTCOME__CARRIER_SEND_OUTCOME_REFUSED:
        return SEND_REFUSED;
    case MASKLINE__V1__CARRIER_SEND_OUTCOME__CARRIER_SEND_OUTCOME_RETRY:
        return SEND_RETRY;
    default:
        return SEND_UNKNOWN;
    }
}

/* A result counts whatever else is wrong with it: the text was sent or not. What is too long is cut. */
static void take_result(struct gateway_attachment *attachment,
                        const Maskline__V1__CarrierSendResult *result)
{
    char code[ATTACHMENT_CODE_SIZE];
    attachment_cut_code(result->carrier_code, code);
    struct error ignored;
    error_clear(&ignored);
    struct send_result sent = {
        .outcome = outcome_of(result->outcome),
        .provider_id = utf8_length(result->provider_id) > ID_CHARACTERS ? "" : result->provider_id,
        .carrier_code = code,
    };
    field_duration(&ignored, "send_result.retry_after", result->retry_after, &sent.retry_after);
    gateway_result(attachment, result->key, &sent);
}

bool attachment_take(struct gateway_attachment *attachment,
                     const Maskline__V1__AttachRequest *message, bool *ret_more,
                     struct error *error)
{
    *ret_more = true;
    switch (message->message_case) {
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_INBOUND_MESSAGE:
        return take_inbound(attachment, message->inbound_message, ret_more, error);
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_RECEIPT:
        take_receipt(attachment, message->receipt, ret_more);
        return true;
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_SEND_RESULT:
        take_result(attachment, message->send_result);
        return true;
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_INBOUND_CALL:
        attachment_take_call(attachment, message->inbound_call, ret_more);
        return true;
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_CALL_PROGRESS:
        attachment_take_progress(attachment, message->call_progress, ret_more);
        return true;
    case MASKLINE__V1__ATTACH_REQUEST__MESSAGE_PLACE_CALL_RESULT:
        attachment_take_placed(attachment, message->place_call_result);
        return true;
    default:
        error_clear(error);
        return error_field(error, "message", "It is needed.");
    }
}
