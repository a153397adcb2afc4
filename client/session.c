#include "client/cli.h"
#include "client/reflect.h"
#include "client/session_batch.h"

#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/sessions.pb-c.h"

static const char *const heads[] = {"SID",          "NAME",    "STATUS",       "MODE",
                                    "PARTICIPANTS", "CREATED", "LAST MESSAGE", "ENDS"};

static const char *people(struct arena *arena, const Maskline__V1__Session *session)
{
    const char *text = "";
    for (size_t i = 0; i < session->n_participants && text; i++)
        text = arena_printf(arena, "%s%s%s via %s", text, i > 0 ? ", " : "",
                            session->participants[i]->identifier,
                            session->participants[i]->proxy_identifier);
    return text;
}

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Session *session = (const Maskline__V1__Session *)(const void *)message;
    table_cell(table, session->sid);
    table_cell(table, session->unique_name);
    table_cell(table,
               show_enum(arena, &maskline__v1__session_status__descriptor, (int)session->status));
    table_cell(table,
               show_enum(arena, &maskline__v1__session_mode__descriptor, (int)session->mode));
    table_cell(table, people(arena, session));
    table_cell(table, show_time(arena, session->create_time));
    table_cell(table, show_time(arena, session->last_interaction_time));
    table_cell(table, show_time(arena, session->end_time ? session->end_time
                                                         : session->effective_expire_time));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option create_options[] = {
    {.name = "participant",
     .value = "NUMBER",
     .help = "a person, at most two; NUMBER@PROXY gives it that proxy number",
     .many = true},
    {.name = "name",
     .value = "TEXT",
     .help = "its unique name, without personal data",
     .field = "unique_name"},
    {.name = "mode",
     .value = "MODE",
     .kind = OPTION_CHOICE,
     .help = "what it carries",
     .field = "mode",
     .values = &maskline__v1__session_mode__descriptor},
    {.name = "ttl",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "it ends so long after the last message",
     .field = "ttl"},
    {.name = "expire",
     .value = "TIME",
     .kind = OPTION_TIME,
     .help = "it ends then: 2030-01-02T03:04:05Z, or 2h from now",
     .field = "expire_time"},
    {.name = "metadata",
     .value = "KEY=VALUE",
     .kind = OPTION_PAIR,
     .help = "told in each of its events; without personal data",
     .field = "metadata",
     .many = true},
    {.name = "request-id", .value = "TEXT", .help = "makes a repeat safe", .field = "request_id"},
    {0},
};

static const struct option list_options[] = {
    {.name = "status",
     .value = "STATUS",
     .kind = OPTION_CHOICE,
     .help = "only in this status; may be repeated",
     .field = "filter.statuses",
     .many = true,
     .values = &maskline__v1__session_status__descriptor},
    {.name = "person",
     .value = "NUMBER",
     .help = "only those that this person is or was in",
     .field = "filter.identifier"},
    {.name = "name", .value = "TEXT", .help = "only of this name", .field = "filter.unique_name"},
    {0},
};

static const struct option batch_options[] = {
    {.name = "file",
     .letter = 'f',
     .value = "FILE",
     .help = "what is to be done, a line for each session; - reads the standard input"},
    {.name = "ttl",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "those that are made end so long after the last message"},
    {.name = "request-id",
     .value = "TEXT",
     .help = "makes it safe to send the same file again; the line's number is added"},
    {0},
};

static const struct option update_options[] = {
    {.name = "ttl",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "it ends so long after the last message",
     .field = "ttl"},
    {.name = "expire",
     .value = "TIME",
     .kind = OPTION_TIME,
     .help = "it ends then",
     .field = "expire_time"},
    {.name = "metadata",
     .value = "KEY=VALUE",
     .kind = OPTION_PAIR,
     .help = "in place of all that it had, and '' for none; without personal data",
     .field = "metadata",
     .many = true},
    {0},
};

static bool add_people(struct cli *cli, ProtobufCMessage *message)
{
    Maskline__V1__CreateSessionRequest *request =
        (Maskline__V1__CreateSessionRequest *)(void *)message;
    const struct given *given[MANY_MOST];
    size_t count = input_many(cli, "participant", given);
    request->participants = arena_array(cli->arena, count, sizeof *request->participants);
    if (!request->participants)
        return cli_no_memory(), false;
    for (size_t i = 0; i < count; i++) {
        request->participants[i] = session_person(cli->arena, given[i]->text);
        if (!request->participants[i])
            return false;
        request->n_participants++;
    }
    return true;
}

static bool ask_to_close(struct cli *cli, ProtobufCMessage *request)
{
    return reflect_set(cli->arena, request, "status", NULL,
                       MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED);
}

static bool ask_to_reopen(struct cli *cli, ProtobufCMessage *request)
{
    return reflect_set(cli->arena, request, "status", NULL,
                       MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS);
}

const struct command session_commands[] = {
    {.noun = "session",
     .verb = "create",
     .summary = "Make a session",
     .more = "It holds numbers as long as it is active: make it as late as you can. Each person "
             "dials, and sees, the proxy number behind `via`.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = create_options,
     .examples = {"rides --name trip-1 --participant +15551230001 --participant +15551230002",
                  "rides --participant +15551230005 --metadata order=4711",
                  "rides --name trip-2 --ttl 30m --participant +15551230003@+15550100001"},
     .method = &maskline_v1_sessions_create_session__method,
     .shown = "session",
     .view = &view,
     .fill = add_people},
    {.noun = "session",
     .verb = "batch",
     .summary = "Make and close many sessions",
     .more =
         "A line of the file is `create NAME NUMBER NUMBER`, with - for no name, or `close "
         "SESSION`. "
         "Blank lines and what follows a # do not count. Each line is done by itself: one that is "
         "refused, or is none of these, is told of and counted, and the others are done.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = batch_options,
     .examples = {"rides -f trips.txt", "rides -f - --ttl 2h --request-id monday"},
     .view = &view,
     .run = session_batch},
    {.noun = "session",
     .verb = "list",
     .summary = "Show a Service's sessions",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = list_options,
     .examples = {"rides --status open --status in-progress", "rides --person +15551230002"},
     .method = &maskline_v1_sessions_list_sessions__method,
     .shown = "sessions",
     .view = &view},
    {.noun = "session",
     .verb = "get",
     .summary = "Show a session",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .examples = {"rides trip-1"},
     .method = &maskline_v1_sessions_get_session__method,
     .shown = "session",
     .view = &view},
    {.noun = "session",
     .verb = "update",
     .summary = "Change how long a session lives, or its metadata",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .options = update_options,
     .examples = {"rides trip-1 --ttl 30m",
                  "rides trip-1 --metadata order=4711 --metadata city=Oslo"},
     .method = &maskline_v1_sessions_update_session__method,
     .shown = "session",
     .view = &view,
     .updates = true,
     .masked = true},
    {.noun = "session",
     .verb = "close",
     .summary = "End a session",
     .more = "Nothing of it is routed any more, and its numbers come back after the cool-down.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .examples = {"rides trip-1"},
     .method = &maskline_v1_sessions_update_session__method,
     .shown = "session",
     .view = &view,
     .fill = ask_to_close},
    {.noun = "session",
     .verb = "reopen",
     .summary = "Open an ended session again",
     .more = "With its people and their numbers; its ttl counts anew.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .options = update_options,
     .examples = {"rides trip-1 --ttl 1h"},
     .method = &maskline_v1_sessions_update_session__method,
     .shown = "session",
     .view = &view,
     .fill = ask_to_reopen},
    {.noun = "session",
     .verb = "delete",
     .summary = "Delete a session for good",
     .more = "With its people and all that was written in it.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"SESSION", "session", LIVE_SESSION}},
     .examples = {"rides trip-1"},
     .method = &maskline_v1_sessions_delete_session__method,
     .done = "is deleted"},
    {0},
};
