#include "server/api/number_calls.h"

#include "server/api/fields.h"
#include "server/api/message.h"
#include "server/api/requests.h"
#include "server/masking/ingress.h"

/* What is asked of the domain, until it is done. */
struct asked {
    struct grpc_c_call *call;
    const struct number_calls *calls;
    const ProtobufCMessageDescriptor *response;
    struct number_draft draft;
    struct number_change change;
};

static void *field_at(void *message, unsigned offset)
{
    return (char *)message + offset;
}

static void answer(struct grpc_c_call *call, const struct number_calls *calls,
                   const ProtobufCMessageDescriptor *descriptor, const struct number_result *result)
{
    struct arena *arena = grpc_c_call_arena(call);
    ProtobufCMessage *response = message_new(arena, descriptor);
    if (response && descriptor->n_fields)
        *(void **)field_at(response, descriptor->fields[0].offset) =
            calls->message(arena, result->number, result->in_use);
    if (answer_fits(call))
        grpc_c_call_reply(call, response);
}

static void done(void *data, const struct number_result *result, const struct error *error)
{
    const struct asked *asked = data;
    if (error)
        grpc_c_call_fail(asked->call, error);
    else
        answer(asked->call, asked->calls, asked->response, result);
}

void number_add(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                const char *method, const ProtobufCMessage *request,
                const struct number_draft *draft)
{
    struct asked asked = {.call = call, .calls = calls, .response = calls->added, .draft = *draft};
    struct error error;
    asked.draft.kind = calls->kind;
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), request, method,
                          &asked.draft.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct asked *kept = keep_draft(call, &asked, sizeof asked);
    if (kept)
        numbers_add(api->parts.masking, &kept->draft, done, kept);
}

void number_change_capabilities(struct number_change *change, uint64_t changes,
                                const Maskline__V1__PhoneNumberCapabilities *can, unsigned standard)
{
    change->set_can = (changes & CHANGES_SMS ? NUMBER_CAN_TEXT : 0u) |
                      (changes & CHANGES_MMS ? NUMBER_CAN_MEDIA : 0u) |
                      (changes & CHANGES_VOICE ? NUMBER_CAN_CALL : 0u);
    if (can)
        change->can = (can->sms ? NUMBER_CAN_TEXT : 0u) | (can->mms ? NUMBER_CAN_MEDIA : 0u) |
                      (can->voice ? NUMBER_CAN_CALL : 0u);
    else if ((changes & CHANGES_CAPABILITIES) == CHANGES_CAPABILITIES) {
        change->can = standard;
        change->as_carrier = true;
    }
}

void number_update(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                   const struct number_change *change, const struct carrier_list *carriers)
{
    static const char *const no_carriers[1];
    struct asked asked = {
        .call = call, .calls = calls, .response = calls->updated, .change = *change};
    asked.change.kind = calls->kind;
    if (carriers->set) {
        asked.change.carriers =
            carriers->count > 0 ? (const char *const *)carriers->names : no_carriers;
        asked.change.carrier_count = carriers->count;
    }
    struct asked *kept = keep_draft(call, &asked, sizeof asked);
    if (kept)
        numbers_update(api->parts.masking, &kept->change, done, kept);
}

void number_remove(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                   const char *service, const char *number, bool force)
{
    struct asked asked = {.call = call, .calls = calls, .response = calls->removed};
    struct asked *kept = keep_draft(call, &asked, sizeof asked);
    if (kept)
        numbers_remove_kind(api->parts.masking, service, number, calls->kind, force, done, kept);
}

bool number_get(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                const char *service, const char *number, struct view *view, struct error *error)
{
    struct number_result found;
    if (!numbers_get_kind(view, masking_store(api->parts.masking), service, number, calls->kind,
                          grpc_c_call_arena(call), &found, error))
        return false;
    answer(call, calls, calls->got, &found);
    return true;
}

bool number_list(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                 const struct number_page *given, struct view *view, struct error *error)
{
    struct arena *arena = grpc_c_call_arena(call);
    struct page page;
    struct number_filter filter = given->filter;
    struct number_list found;
    filter.kind = calls->kind;
    field_page(error, given->size, given->token, &page);
    if (error->code != STATUS_OK ||
        !numbers_list(view, masking_store(api->parts.masking), given->service, &filter, &page,
                      arena, &found, error))
        return false;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages,
                         calls->message(arena, found.numbers[i].number, found.numbers[i].in_use));
    ProtobufCMessage *response = message_new(arena, calls->listed);
    if (response) {
        const ProtobufCFieldDescriptor *list = &calls->listed->fields[0];
        const ProtobufCFieldDescriptor *token =
            protobuf_c_message_descriptor_get_field_by_name(calls->listed, "next_page_token");
        *(void ***)field_at(response, list->offset) = messages.items;
        *(size_t *)field_at(response, list->quantifier_offset) = messages.count;
        *(const char **)field_at(response, token->offset) = found.next_token;
    }
    if (answer_fits(call))
        grpc_c_call_reply(call, response);
    return true;
}
