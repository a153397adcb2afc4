#include "client/cli.h"

#include "maskline/v1/participants.grpc-c-client.h"
#include "maskline/v1/participants.pb-c.h"

static const char *const heads[] = {"SID", "IDENTIFIER", "DIALS", "NAME", "JOINED", "LEFT"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Participant *participant =
        (const Maskline__V1__Participant *)(const void *)message;
    table_cell(table, participant->sid);
    table_cell(table, participant->identifier);
    table_cell(table, participant->proxy_identifier);
    table_cell(table, participant->friendly_name);
    table_cell(table, show_time(arena, participant->create_time));
    table_cell(table, show_time(arena, participant->delete_time));
}

static const struct view view = {heads, sizeof heads / sizeof *heads, row};

static const struct option add_options[] = {
    {.name = "proxy",
     .value = "NUMBER",
     .help = "the proxy number that it shall have (default: one is chosen)",
     .field = "participant.proxy_identifier"},
    {.name = "name",
     .value = "TEXT",
     .help = "for people, without personal data",
     .field = "participant.friendly_name"},
    {0},
};

static const struct option list_options[] = {
    {.name = "all",
     .kind = OPTION_FLAG,
     .help = "those who have left, too",
     .field = "include_deleted"},
    {0},
};

const struct command participant_commands[] = {
    {.noun = "participant",
     .verb = "add",
     .summary = "Add a person to a session",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"NUMBER", "participant.identifier", LIVE_NOTHING}},
     .options = add_options,
     .examples = {"rides trip-2 +15551230004 --name courier"},
     .method = &maskline_v1_participants_create_participant__method,
     .shown = "participant",
     .view = &view},
    {.noun = "participant",
     .verb = "list",
     .summary = "Show the people in a session",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .options = list_options,
     .examples = {"rides trip-1", "rides trip-1 --all"},
     .method = &maskline_v1_participants_list_participants__method,
     .shown = "participants",
     .view = &view},
    {.noun = "participant",
     .verb = "get",
     .summary = "Show a participant",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "participant", LIVE_PARTICIPANT}},
     .examples = {"rides trip-1 KP0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_participants_get_participant__method,
     .shown = "participant",
     .view = &view},
    {.noun = "participant",
     .verb = "remove",
     .summary = "Take a person out of a session",
     .more = "From the answer on nothing that it writes is relayed, and nothing is sent to it.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "participant", LIVE_PARTICIPANT}},
     .examples = {"rides trip-1 KP0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_participants_delete_participant__method,
     .shown = "participant",
     .view = &view},
    {0},
};
