/*
 * The end of a call: its status, and the response of a kind that has one.
 */
#include "client/rpc/call.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/status.h"
#include "proto/c/utf8.h"

#include <string.h>

void grpc_c_status_error(const struct grpc_c_status *status, struct error *ret_error)
{
    rpc_status_read((grpc_status_code)status->code, status->message, status->details,
                    status->details_size, ret_error);
}

/* As much of the metadata as the arena has room for. */
static size_t copy_pairs(const grpc_metadata_array *from, struct arena *arena,
                         const struct grpc_c_pair **ret_pairs)
{
    struct grpc_c_pair *pairs = arena_array(arena, from->count, sizeof(*pairs));
    size_t count = 0;
    for (; pairs && count < from->count; count++) {
        const grpc_metadata *item = &from->metadata[count];
        pairs[count].key = rpc_slice_text(arena, item->key);
        pairs[count].value = rpc_slice_text(arena, item->value);
        pairs[count].size = GRPC_SLICE_LENGTH(item->value);
        if (!pairs[count].key || !pairs[count].value)
            break;
    }
    *ret_pairs = pairs;
    return count;
}

static void find_details(struct grpc_c_status *status)
{
    for (size_t i = 0; i < status->trailing_count; i++) {
        if (strcmp(status->trailing[i].key, RPC_DETAILS_KEY) == 0) {
            status->details = status->trailing[i].value;
            status->details_size = status->trailing[i].size;
            return;
        }
    }
}

static const char *status_text(const struct call *call, struct arena *arena)
{
    char *text =
        call->failure ? arena_string(arena, call->failure_text) : rpc_slice_text(arena, call->text);
    if (!text)
        return "The arena has no room for the message of the status.";
    utf8_repair(text);
    return text;
}

static enum status_code known_code(grpc_status_code code)
{
    int number = (int)code;
    bool known = number >= STATUS_OK && number <= STATUS_UNAUTHENTICATED;
    return known ? (enum status_code)number : STATUS_UNKNOWN;
}

static struct grpc_c_status make_status(const struct call *call, struct arena *arena)
{
    struct grpc_c_status status = {.message = status_text(call, arena)};
    status.code = call->failure ? call->failure : known_code(call->code);
    status.trailing_count = copy_pairs(&call->trailing, arena, &status.trailing);
    status.initial_count = copy_pairs(&call->initial, arena, &status.initial);
    /* The server's details explain the server's status. */
    if (!call->failure)
        find_details(&status);
    return status;
}

static const ProtobufCMessage *take_response(struct call *call, struct arena *arena)
{
    static const char missing[] = "The server answered OK without the message that belongs to it.";
    const ProtobufCMessage *response = call_take_message(call, arena);
    if (!response && !call->failure) {
        call->failure = STATUS_INTERNAL;
        memcpy(call->failure_text, missing, sizeof(missing));
    }
    return response;
}

bool call_result(struct call *call, struct arena *arena, const ProtobufCMessage **ret_response,
                 struct grpc_c_status *ret_status)
{
    const ProtobufCMessage *response = NULL;
    if (ret_response && !call->failure && call->code == GRPC_STATUS_OK)
        response = take_response(call, arena);
    *ret_status = make_status(call, arena);
    if (ret_status->code != STATUS_OK)
        return false;
    if (ret_response)
        *ret_response = response;
    return true;
}
