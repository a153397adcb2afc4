#include "client/cli.h"

#include "maskline/v1/participants.grpc-c-client.h"
#include "maskline/v1/participants.pb-c.h"

#include <string.h>

static const char *const heads[] = {"SID",  "IDENTIFIER", "DIALS", "BECAUSE",
                                    "NAME", "JOINED",     "LEFT"};

/* Why it has that number: "sticky, country", "least-used, overlay". */
static const char *because(struct arena *arena, const Maskline__V1__Participant *participant)
{
    const Maskline__V1__NumberChoice *choice =
        participant->n_bindings > 0 ? participant->bindings[0]->choice : NULL;
    if (!choice)
        return "";
    const char *reason =
        show_enum(arena, &maskline__v1__number_choice_reason__descriptor, (int)choice->reason);
    if (!choice->matched_level)
        return reason;
    return arena_printf(
        arena, "%s, %s", reason,
        show_enum(arena, &maskline__v1__geo_match_level__descriptor, (int)choice->matched_level));
}

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Participant *participant =
        (const Maskline__V1__Participant *)(const void *)message;
    table_cell(table, participant->sid);
    table_cell(table, participant->identifier);
    table_cell(table, participant->proxy_identifier);
    table_cell(table, because(arena, participant));
    table_cell(table, participant->friendly_name);
    table_cell(table, show_time(arena, participant->create_time));
    table_cell(table, show_time(arena, participant->delete_time));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option add_options[] = {
    {.name = "lenient",
     .kind = OPTION_FLAG,
     .help = "the number is written as people write it: '+1 (555) 123-0009'",
     .field = "participant.lenient"},
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

static const struct option update_options[] = {
    {.name = "person", .value = "NUMBER", .help = "somebody else", .field = "spec.identifier"},
    {.name = "name",
     .value = "TEXT",
     .help = "for people, without personal data",
     .field = "spec.friendly_name"},
    {.name = "proxy",
     .value = "NUMBER",
     .help = "this proxy number, or `new`: another one is chosen",
     .field = "spec.proxy_identifier"},
    {.name = "keep",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "the old proxy number is honoured for so long (default: the late-reply window)",
     .field = "old_number_life"},
    {0},
};

static void *add_path(struct cli *cli, Google__Protobuf__FieldMask *mask, const char *path)
{
    return mask->paths[mask->n_paths++] = arena_string(cli->arena, path);
}

/* `new` is no number: the mask asks for one without naming it. */
static bool ask_for_another(struct cli *cli, ProtobufCMessage *message)
{
    Maskline__V1__UpdateParticipantRequest *request =
        (Maskline__V1__UpdateParticipantRequest *)(void *)message;
    Maskline__V1__ParticipantSpec *spec = request->spec;
    if (!spec || strcmp(spec->proxy_identifier, "new") != 0)
        return true;
    Google__Protobuf__FieldMask *mask = arena_alloc(cli->arena, sizeof *mask);
    if (!mask)
        return cli_no_memory(), false;
    google__protobuf__field_mask__init(mask);
    mask->paths = arena_array(cli->arena, 3, sizeof *mask->paths);
    spec->proxy_identifier = (char *)protobuf_c_empty_string;
    if (!mask->paths || !add_path(cli, mask, "proxy_identifier") ||
        (*spec->identifier && !add_path(cli, mask, "identifier")) ||
        (*spec->friendly_name && !add_path(cli, mask, "friendly_name")))
        return cli_no_memory(), false;
    request->update_mask = mask;
    return true;
}

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
     .examples = {"rides trip-2 '+1 (555) 123-0004' --lenient --name courier"},
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
     .verb = "update",
     .summary = "Put somebody else in a participant's place, or give it another proxy number",
     .more = "The session and the partner's number stay. What waited to be sent to a person who "
             "is replaced is canceled, and what that person writes reaches nobody.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "participant", LIVE_PARTICIPANT}},
     .options = update_options,
     .examples =
         {"rides trip-1 KP0123456789abcdef0123456789abcdef --person +15551230002 --name guest",
          "rides trip-1 KP0123456789abcdef0123456789abcdef --proxy new --keep 1h"},
     .method = &maskline_v1_participants_update_participant__method,
     .shown = "participant",
     .view = &view,
     .updates = true,
     .fill = ask_for_another},
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
