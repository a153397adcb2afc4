#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/masking/bars/blocks.h"

static Maskline__V1__Block *block_message(struct arena *arena,
                                          const Maskline__Store__V1__Block *block)
{
    Maskline__V1__Block *message = message_new(arena, &maskline__v1__block__descriptor);
    if (!message)
        return NULL;
    message->identifier = block->identifier;
    message->to_identifier = block->to_identifier;
    message->create_time = message_time(arena, block->create_time);
    return message;
}

static void created(void *data, const Maskline__Store__V1__Block *block, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__CreateBlockResponse response = MASKLINE__V1__CREATE_BLOCK_RESPONSE__INIT;
    response.block = block_message(grpc_c_call_arena(call), block);
    if (answer_fits(call))
        maskline_v1_blocks_create_block_reply(call, &response);
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateBlockRequest *request)
{
    struct api *api = data;
    struct block_name name = {
        .service = request->service,
        .identifier = request->identifier,
        .to_identifier = request->to_identifier,
    };
    struct error error;
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base,
                          "CreateBlock", &name.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct block_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        blocks_create(api->parts.masking, kept, created, call);
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListBlocksRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct page page;
    error_clear(error);
    field_page(error, list->page_size, list->page_token, &page);
    struct block_list found;
    if (error->code != STATUS_OK ||
        !blocks_list(view, masking_store(api->parts.masking), list->service, list->identifier,
                     &page, arena, &found, error))
        return false;
    Maskline__V1__ListBlocksResponse response = MASKLINE__V1__LIST_BLOCKS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages, block_message(arena, found.blocks[i]));
    response.blocks = (Maskline__V1__Block **)messages.items;
    response.n_blocks = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_blocks_list_blocks_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListBlocksRequest *request)
{
    read_later(data, call, request, list_read);
}

static void deleted(void *data, const Maskline__Store__V1__Block *block, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__DeleteBlockResponse response = MASKLINE__V1__DELETE_BLOCK_RESPONSE__INIT;
    response.block = block_message(grpc_c_call_arena(call), block);
    if (answer_fits(call))
        maskline_v1_blocks_delete_block_reply(call, &response);
}

static void delete_block(void *data, struct grpc_c_call *call,
                         const Maskline__V1__DeleteBlockRequest *request)
{
    struct api *api = data;
    struct block_name name = {
        .service = request->service,
        .identifier = request->identifier,
        .to_identifier = request->to_identifier,
    };
    struct block_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        blocks_delete(api->parts.masking, kept, deleted, call);
}

void blocks_bind(struct api *api)
{
    api->blocks = (struct maskline_v1_blocks_service){
        .data = api,
        .create_block = create,
        .list_blocks = list,
        .delete_block = delete_block,
    };
}
