#include "client/cli.h"
#include "client/interaction.h"

#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/interactions.pb-c.h"

static const char *const heads[] = {"SID",      "TIME",     "FROM", "TO",
                                    "OUTBOUND", "ATTEMPTS", "WHY",  "BODY"};

/* Of a call: how long the two talked, once that is known. */
static const char *what_was_said(struct arena *arena, const Maskline__V1__Interaction *interaction)
{
    const Maskline__V1__CallData *call = interaction->call;
    if (!call)
        return interaction->content ? interaction->content->body : NULL;
    if (!call->end_time)
        return "(a call)";
    if (!call->connect_time || !call->duration)
        return "(a call, not connected)";
    return arena_printf(arena, "(a call of %s)",
                        call->duration->seconds ? show_duration(arena, call->duration) : "0s");
}

/* Whose status alone says little of how a call went: that of its other leg says more. */
static bool tells_little(const Maskline__V1__Leg *leg)
{
    switch (leg->status) {
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_QUEUED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_ANSWERED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_IN_PROGRESS:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_COMPLETED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_CANCELED:
        return true;
    default:
        return false;
    }
}

/* A call that was placed has two legs, and is as busy as the one that is. NULL: nothing goes out. */
static const Maskline__V1__Leg *telling_leg(const Maskline__V1__Interaction *interaction)
{
    for (size_t i = 0; i < interaction->n_outbound; i++)
        if (!tells_little(interaction->outbound[i]))
            return interaction->outbound[i];
    for (size_t i = 0; i < interaction->n_outbound; i++)
        if (interaction->outbound[i]->status != MASKLINE__V1__LEG_STATUS__LEG_STATUS_COMPLETED)
            return interaction->outbound[i];
    return interaction->n_outbound > 0 ? interaction->outbound[0] : NULL;
}

/* All to whom it goes. */
static const char *recipients(struct arena *arena, const Maskline__V1__Interaction *interaction)
{
    const char *all = NULL;
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        const char *one = interaction->outbound[i]->participant_sid;
        all = all ? arena_printf(arena, "%s, %s", all, one) : one;
    }
    return all;
}

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Interaction *interaction =
        (const Maskline__V1__Interaction *)(const void *)message;
    const Maskline__V1__Leg *leg = telling_leg(interaction);
    table_cell(table, interaction->sid);
    table_cell(table, show_time(arena, interaction->create_time));
    const char *sender = interaction->inbound ? interaction->inbound->participant_sid
                                              : interaction->sender_participant_sid;
    table_cell(table, *sender ? sender : "the Service");
    table_cell(table, recipients(arena, interaction));
    const Maskline__V1__InteractionBlock *block = interaction->block;
    table_cell(table,
               leg     ? show_enum(arena, &maskline__v1__leg_status__descriptor, (int)leg->status)
               : block ? "blocked"
                       : NULL);
    table_cell(table, leg ? arena_printf(arena, "%u", leg->attempts) : NULL);
    table_cell(table, leg && leg->error ? leg->error->reason : block ? block->reason : NULL);
    table_cell(table, what_was_said(arena, interaction));
}

const struct view interaction_view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option list_options[] = {
    {.name = "type",
     .value = "WHAT",
     .kind = OPTION_CHOICE,
     .help = "messages or calls only",
     .field = "filter.type",
     .values = &maskline__v1__interaction_type__descriptor},
    {0},
};

static const struct option send_options[] = {
    {.name = "media",
     .value = "URL",
     .help = "a picture or another file that goes with it; may be repeated",
     .many = true},
    {.name = "max-life",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "do not send it later than that",
     .field = "max_life"},
    {.name = "as",
     .value = "SID",
     .help = "stand-in for this participant, who is shown as the sender",
     .field = "sender",
     .live = LIVE_PARTICIPANT},
    {.name = "request-id", .value = "TEXT", .help = "makes a repeat safe", .field = "request_id"},
    {0},
};

static bool add_media(struct cli *cli, ProtobufCMessage *message)
{
    Maskline__V1__SendMessageRequest *request = (Maskline__V1__SendMessageRequest *)(void *)message;
    const struct given *given[MANY_MOST];
    size_t count = input_many(cli, "media", given);
    Maskline__V1__Media *media = arena_array(cli->arena, count, sizeof *media);
    request->media = arena_array(cli->arena, count, sizeof *request->media);
    if (!media || !request->media)
        return cli_no_memory(), false;
    for (size_t i = 0; i < count; i++) {
        maskline__v1__media__init(&media[i]);
        media[i].url = given[i]->text;
        request->media[i] = &media[i];
    }
    request->n_media = count;
    return true;
}

const struct command interaction_commands[] = {
    {.noun = "interaction",
     .verb = "send",
     .summary = "Write to one participant, as the Service",
     .more = "The answer comes when the message is durable, before a carrier has it: `maskline "
             "watch`, or `maskline interaction get`, tells what becomes of it.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "participant", LIVE_PARTICIPANT},
                   {"BODY", "body", LIVE_NOTHING, .optional = true}},
     .options = send_options,
     .examples = {"rides trip-1 KP0123456789abcdef0123456789abcdef 'Your driver is here.'"},
     .method = &maskline_v1_interactions_send_message__method,
     .shown = "interaction",
     .view = &interaction_view,
     .fill = add_media},
    {.noun = "interaction",
     .verb = "list",
     .summary = "Show the messages and calls of a session",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .options = list_options,
     .examples = {"rides trip-1", "rides trip-1 --type voice --json"},
     .method = &maskline_v1_interactions_list_interactions__method,
     .shown = "interactions",
     .view = &interaction_view},
    {.noun = "interaction",
     .verb = "get",
     .summary = "Show a message or call, and what became of it",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "interaction", LIVE_NOTHING}},
     .examples = {"rides trip-1 KI0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_interactions_get_interaction__method,
     .shown = "interaction",
     .view = &interaction_view},
    {.noun = "interaction",
     .verb = "redact",
     .summary = "Take out what was said in a message",
     .more = "Of the message and of the event that told of it; the rest stays. What waits to be "
             "sent is canceled.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "interaction", LIVE_NOTHING}},
     .examples = {"rides trip-1 KI0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_interactions_redact_interaction__method,
     .shown = "interaction",
     .view = &interaction_view},
    {.noun = "interaction",
     .verb = "delete",
     .summary = "Delete a message, and what was said in it",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "interaction", LIVE_NOTHING}},
     .examples = {"rides trip-1 KI0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_interactions_delete_interaction__method,
     .done = "is deleted"},
    {0},
};
