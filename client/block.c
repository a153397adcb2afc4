#include "client/cli.h"

#include "maskline/v1/blocks.grpc-c-client.h"
#include "maskline/v1/blocks.pb-c.h"

static const char *const heads[] = {"NUMBER", "TO", "SINCE"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Block *block = (const Maskline__V1__Block *)(const void *)message;
    table_cell(table, block->identifier);
    table_cell(table, *block->to_identifier ? block->to_identifier : "everybody");
    table_cell(table, show_time(arena, block->create_time));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option to_options[] = {
    {.name = "to",
     .value = "NUMBER",
     .help = "whom it does not reach (default: nobody is reached, either way)",
     .field = "to_identifier"},
    {0},
};

static const struct option list_options[] = {
    {.name = "person",
     .value = "NUMBER",
     .help = "those of this person only",
     .field = "identifier"},
    {0},
};

const struct command block_commands[] = {
    {.noun = "block",
     .verb = "add",
     .summary = "Keep a person from another, or from everybody",
     .more = "It holds in every session of the Service; what waits to be sent is canceled.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "identifier", LIVE_NOTHING}},
     .options = to_options,
     .examples = {"rides +15551239998", "rides +15551239998 --to +15551239997"},
     .method = &maskline_v1_blocks_create_block__method,
     .shown = "block",
     .view = &view},
    {.noun = "block",
     .verb = "list",
     .summary = "Show who is kept from whom",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = list_options,
     .examples = {"rides", "rides --person +15551239998"},
     .method = &maskline_v1_blocks_list_blocks__method,
     .shown = "blocks",
     .view = &view},
    {.noun = "block",
     .verb = "remove",
     .summary = "Lift a block",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "identifier", LIVE_NOTHING}},
     .options = to_options,
     .examples = {"rides +15551239998", "rides +15551239998 --to +15551239997"},
     .method = &maskline_v1_blocks_delete_block__method,
     .shown = "block",
     .view = &view},
    {0},
};
