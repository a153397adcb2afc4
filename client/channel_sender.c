#include "client/proxies.h"

#include "maskline/v1/channel_senders.grpc-c-client.h"
#include "maskline/v1/channel_senders.pb-c.h"

static const char *const heads[] = {"ADDRESS", "IN USE", "CARRIERS", "ADDED"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__ChannelSender *sender =
        (const Maskline__V1__ChannelSender *)(const void *)message;
    table_cell(table, sender->address);
    table_cell(table, arena_printf(arena, "%u", sender->in_use));
    table_cell(table, carriers_cell(arena, sender->carriers, sender->n_carriers));
    table_cell(table, show_time(arena, sender->create_time));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option carrier_options[] = {
    OPTION_CARRIER("a carrier that serves it; may be repeated, the first is sent by"),
    {0},
};

const struct command channel_sender_commands[] = {
    {.noun = "sender",
     .verb = "add",
     .summary = "Add a Service's own address in WhatsApp or Messenger",
     .more =
         "A person in that channel has it when it is asked for, in a session that carries texts "
         "alone: `session create --mode message-only`, with --participant PERSON@ADDRESS.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"ADDRESS", "address", LIVE_NOTHING}},
     .options = carrier_options,
     .examples = {"rides whatsapp:+15550100030", "rides messenger:1234567890"},
     .method = &maskline_v1_channel_senders_add_channel_sender__method,
     .shown = "channel_sender",
     .view = &view},
    {.noun = "sender",
     .verb = "list",
     .summary = "Show a Service's own addresses in channels",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .examples = {"rides"},
     .method = &maskline_v1_channel_senders_list_channel_senders__method,
     .shown = "channel_senders",
     .view = &view},
    {.noun = "sender",
     .verb = "get",
     .summary = "Show an address in a channel",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"ADDRESS", "address", LIVE_NOTHING}},
     .examples = {"rides whatsapp:+15550100030"},
     .method = &maskline_v1_channel_senders_get_channel_sender__method,
     .shown = "channel_sender",
     .view = &view},
    {.noun = "sender",
     .verb = "update",
     .summary = "Change which carriers serve an address in a channel",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"ADDRESS", "address", LIVE_NOTHING}},
     .options = carrier_options,
     .examples = {"rides whatsapp:+15550100030 --carrier simulator"},
     .method = &maskline_v1_channel_senders_update_channel_sender__method,
     .shown = "channel_sender",
     .view = &view,
     .updates = true,
     .masked = true},
    {.noun = "sender",
     .verb = "remove",
     .summary = "Take an address in a channel from a Service",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"ADDRESS", "address", LIVE_NOTHING}},
     .options = forced_options,
     .examples = {"rides messenger:1234567890"},
     .method = &maskline_v1_channel_senders_remove_channel_sender__method,
     .done = "is removed, and rests in quarantine"},
    {0},
};
