#include "client/cli.h"

#include "maskline/v1/opt_outs.grpc-c-client.h"
#include "maskline/v1/opt_outs.pb-c.h"

static const char *const heads[] = {"NUMBER", "FROM", "SINCE", "WORD"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__OptOut *opt_out = (const Maskline__V1__OptOut *)(const void *)message;
    table_cell(table, opt_out->identifier);
    table_cell(table, *opt_out->proxy_identifier ? opt_out->proxy_identifier : "all");
    table_cell(table, show_time(arena, opt_out->create_time));
    table_cell(table, opt_out->word);
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option from_options[] = {
    {.name = "from",
     .value = "NUMBER",
     .help = "messages from this proxy number alone (default: all of the Service)",
     .field = "proxy_identifier",
     .live = LIVE_NUMBER},
    {0},
};

static const struct option list_options[] = {
    {.name = "person",
     .value = "NUMBER",
     .help = "those of this person only",
     .field = "identifier"},
    {0},
};

const struct command opt_out_commands[] = {
    {.noun = "optout",
     .verb = "add",
     .summary = "Opt a person out of a Service's messages",
     .more = "As if the person had written STOP; what waits to be sent to it is canceled.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "identifier", LIVE_NOTHING}},
     .options = from_options,
     .examples = {"rides +15551239999"},
     .method = &maskline_v1_opt_outs_create_opt_out__method,
     .shown = "opt_out",
     .view = &view},
    {.noun = "optout",
     .verb = "list",
     .summary = "Show who opted out of a Service's messages",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = list_options,
     .examples = {"rides", "rides --person +15551239999"},
     .method = &maskline_v1_opt_outs_list_opt_outs__method,
     .shown = "opt_outs",
     .view = &view},
    {.noun = "optout",
     .verb = "remove",
     .summary = "Take an opt-out back",
     .more = "Do so only for a person who asked for it.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "identifier", LIVE_NOTHING}},
     .options = from_options,
     .examples = {"rides +15551239999"},
     .method = &maskline_v1_opt_outs_delete_opt_out__method,
     .shown = "opt_out",
     .view = &view},
    {0},
};
