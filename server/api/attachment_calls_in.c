#include "server/api/attachment_calls.h"

#include "server/api/fields.h"

#include <string.h>

enum { CODE_CHARACTERS = 64, ID_CHARACTERS = 255 };

/* The API counts from 1. */
_Static_assert(CALL_RINGING == 0 &&
                   CALL_GONE == MASKLINE__V1__CARRIER_CALL_STATUS__CARRIER_CALL_STATUS_GONE - 1,
               "the same order");
_Static_assert(CALL_FIRST == 0 &&
                   CALL_SECOND == MASKLINE__V1__CARRIER_CALL_SIDE__CARRIER_CALL_SIDE_SECOND - 1,
               "the same order");

void attachment_take_call(struct gateway_attachment *attachment,
                          const Maskline__V1__CarrierInboundCall *call, bool *ret_more)
{
    *ret_more = gateway_inbound_call(attachment, &(struct gateway_inbound_call){
                                                     .provider_id = call->provider_id,
                                                     .from = call->caller,
                                                     .to = call->called,
                                                 });
}

/* False: it cannot be read. */
static bool read_progress(const Maskline__V1__CarrierCallProgress *given,
                          struct gateway_progress *ret_progress)
{
    struct error error;
    int64_t duration = -MICROSECONDS;
    int64_t time = 0;
    error_clear(&error);
    field_enum(&error, "side", &maskline__v1__carrier_call_side__descriptor, (int)given->side);
    field_enum(&error, "status", &maskline__v1__carrier_call_status__descriptor,
               (int)given->status);
    field_duration(&error, "duration", given->duration, &duration);
    field_time(&error, "time", given->time, &time);
    field_text(&error, "carrier_code", given->carrier_code, 0, CODE_CHARACTERS);
    field_text(&error, "provider_id", given->provider_id, 0, ID_CHARACTERS);
    if (error.code != STATUS_OK || (int)given->side == 0 || (int)given->status == 0)
        return false;
    *ret_progress = (struct gateway_progress){
        .key = given->key,
        .tag = given->tag,
        .side = (enum call_side)(given->side - 1),
        .status = (enum call_status)(given->status - 1),
        .target = given->target,
        .time = time,
        .seconds = duration / MICROSECONDS,
        .recorded = given->recorded,
        .carrier_code = given->carrier_code,
        .provider_id = given->provider_id,
    };
    return true;
}

/* One that cannot be read is answered like one that is refused, as receipts are. */
void attachment_take_progress(struct gateway_attachment *attachment,
                              const Maskline__V1__CarrierCallProgress *given, bool *ret_more)
{
    struct gateway_progress progress;
    if (read_progress(given, &progress))
        *ret_more = gateway_progress(attachment, &progress);
    else
        *ret_more = gateway_refuse(attachment, GATEWAY_PROGRESS_RESULT,
                                   &(struct gateway_answer){.id = given->key,
                                                            .tag = given->tag,
                                                            .outcome = INBOUND_REJECTED,
                                                            .reason = "INVALID_FIELD"});
}

/* How many bytes the first characters of a text have. */
static size_t bytes_of(const char *text, size_t characters)
{
    size_t size = 0;
    for (size_t count = 0; text[size] != '\0'; size++)
        if ((text[size] & 0xc0) != 0x80 && count++ == characters)
            break;
    return size;
}

void attachment_cut_code(const char *code, char ret_code[ATTACHMENT_CODE_SIZE])
{
    size_t size = bytes_of(code, CODE_CHARACTERS);
    memcpy(ret_code, code, size);
    ret_code[size] = '\0';
}

/* It counts whatever else is wrong with it. */
void attachment_take_placed(struct gateway_attachment *attachment,
                            const Maskline__V1__CarrierPlaceCallResult *result)
{
    char code[ATTACHMENT_CODE_SIZE];
    attachment_cut_code(result->carrier_code, code);
    gateway_placed(attachment, result->key, result->taken, code);
}
