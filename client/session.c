#include "client/commands.h"

#include "maskline/v1/participants.grpc-c-client.h"
#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/sessions.pb-c.h"

static const char *const heads[] = {"SID",          "NAME",    "STATUS",       "MODE",
                                    "PARTICIPANTS", "CREATED", "LAST MESSAGE", "ENDS"};

enum { COLUMNS = sizeof heads / sizeof *heads };

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

static int show(struct cli *cli, const Maskline__V1__Session *session)
{
    return show_one(cli, heads, COLUMNS, row, &session->base);
}

/* "+15551230001" or "+15551230001@+15550100001": a person, and the number that it shall have. */
static Maskline__V1__ParticipantSpec *person(struct cli *cli, char *text)
{
    Maskline__V1__ParticipantSpec *spec = arena_alloc(cli->arena, sizeof *spec);
    if (!spec)
        return NULL;
    maskline__v1__participant_spec__init(spec);
    spec->identifier = text;
    char *at = strchr(text, '@');
    if (at) {
        *at = '\0';
        spec->proxy_identifier = at + 1;
    }
    return spec;
}

static int create(struct cli *cli, struct words words)
{
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    struct texts persons = {0};
    const char *mode = NULL;
    const struct option options[] = {
        {"name", OPTION_TEXT, &request.unique_name},
        {"participant", OPTION_TEXTS, &persons},
        {"mode", OPTION_TEXT, &mode},
        {"ttl", OPTION_DURATION, &request.ttl},
        {"expire", OPTION_TIME, &request.expire_time},
        {"request-id", OPTION_TEXT, &request.request_id},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 1, 1))
        return EXIT_USAGE;
    int value = 0;
    if (mode && !parse_enum("mode", &maskline__v1__session_mode__descriptor, mode, &value))
        return EXIT_USAGE;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__ParticipantSpec *specs[TEXTS_MOST];
    for (size_t i = 0; i < persons.count; i++)
        specs[i] = person(cli, persons.texts[i]);
    request.service = words.words[0];
    request.mode = (Maskline__V1__SessionMode)value;
    request.participants = specs;
    request.n_participants = persons.count;
    const Maskline__V1__CreateSessionResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_sessions_create_session(cli->channel, &call, &request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    return show(cli, response->session);
}

static int get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetSessionRequest request = MASKLINE__V1__GET_SESSION_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    const Maskline__V1__GetSessionResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_sessions_get_session(cli->channel, &call, &request, cli->arena, &response,
                                          &status))
        return cli_failed(cli, &status);
    return show(cli, response->session);
}

static int list(struct cli *cli, struct words words)
{
    Maskline__V1__SessionFilter filter = MASKLINE__V1__SESSION_FILTER__INIT;
    struct texts statuses = {0};
    Maskline__V1__SessionStatus wanted[TEXTS_MOST];
    const struct option options[] = {
        {"status", OPTION_TEXTS, &statuses},
        {"name", OPTION_TEXT, &filter.unique_name},
        {"person", OPTION_TEXT, &filter.identifier},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 1, 1))
        return EXIT_USAGE;
    for (size_t i = 0; i < statuses.count; i++) {
        int value;
        if (!parse_enum("status", &maskline__v1__session_status__descriptor, statuses.texts[i],
                        &value))
            return EXIT_USAGE;
        wanted[i] = (Maskline__V1__SessionStatus)value;
    }
    if (!cli_connect(cli))
        return EXIT_USAGE;
    filter.statuses = wanted;
    filter.n_statuses = statuses.count;
    struct listing listing = listing_begin(cli, heads, COLUMNS, row);
    Maskline__V1__ListSessionsRequest request = MASKLINE__V1__LIST_SESSIONS_REQUEST__INIT;
    request.service = words.words[0];
    request.filter = &filter;
    request.page_size = 1000;
    do {
        const Maskline__V1__ListSessionsResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_sessions_list_sessions(cli->channel, &call, &request, cli->arena,
                                                &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_sessions; i++)
            listing_add(&listing, &response->sessions[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int change(struct cli *cli, Maskline__V1__UpdateSessionRequest *request,
                  const struct words *words)
{
    if (!cli_connect(cli))
        return EXIT_USAGE;
    request->service = words->words[0];
    request->session = words->words[1];
    const Maskline__V1__UpdateSessionResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_sessions_update_session(cli->channel, &call, request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    return show(cli, response->session);
}

static int update(struct cli *cli, struct words words)
{
    Maskline__V1__UpdateSessionRequest request = MASKLINE__V1__UPDATE_SESSION_REQUEST__INIT;
    const struct option options[] = {
        {"ttl", OPTION_DURATION, &request.ttl},
        {"expire", OPTION_TIME, &request.expire_time},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 2, 2))
        return EXIT_USAGE;
    if (!request.ttl && !request.expire_time)
        return cli_usage("nothing to change; --help lists what can be");
    return change(cli, &request, &words);
}

static int close_session(struct cli *cli, struct words words)
{
    Maskline__V1__UpdateSessionRequest request = MASKLINE__V1__UPDATE_SESSION_REQUEST__INIT;
    if (!cli_options(cli, &words, NULL, 0, 2, 2))
        return EXIT_USAGE;
    request.status = MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED;
    return change(cli, &request, &words);
}

static int reopen(struct cli *cli, struct words words)
{
    Maskline__V1__UpdateSessionRequest request = MASKLINE__V1__UPDATE_SESSION_REQUEST__INIT;
    const struct option options[] = {
        {"ttl", OPTION_DURATION, &request.ttl},
        {"expire", OPTION_TIME, &request.expire_time},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 2, 2))
        return EXIT_USAGE;
    request.status = MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    return change(cli, &request, &words);
}

static int delete_session(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__DeleteSessionRequest request = MASKLINE__V1__DELETE_SESSION_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    const Maskline__V1__DeleteSessionResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_sessions_delete_session(cli->channel, &call, &request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    if (!cli->json)
        printf("%s is deleted\n", words.words[1]);
    return EXIT_DONE;
}

const struct command session_commands[] = {
    {"session", "create", "SERVICE", "Make a session",
     "  --participant NUMBER      a person, at most two; NUMBER@PROXY gives it that proxy number\n"
     "  --name TEXT               its unique name\n"
     "  --mode MODE               voice-and-message, message-only or voice-only\n"
     "  --ttl TIME                it ends so long after the last message\n"
     "  --expire TIME             it ends then: 2030-01-02T03:04:05Z, or 2h from now\n"
     "  --request-id TEXT         makes a repeat safe\n",
     "rides --name trip-1 --participant +15551230001 --participant +15551230002", create},
    {"session", "list", "SERVICE", "Show a Service's sessions",
     "  --status STATUS           open, in-progress, closed or failed; may be repeated\n"
     "  --person NUMBER           whose\n"
     "  --name TEXT               of this name\n",
     "rides --status open --status in-progress", list},
    {"session", "get", "SERVICE SESSION", "Show a session", NULL, "rides trip-1", get},
    {"session", "update", "SERVICE SESSION", "Change how long a session lives",
     "  --ttl TIME                it ends so long after the last message\n"
     "  --expire TIME             it ends then\n",
     "rides trip-1 --ttl 30m", update},
    {"session", "close", "SERVICE SESSION", "End a session", NULL, "rides trip-1", close_session},
    {"session", "reopen", "SERVICE SESSION", "Open an ended session again",
     "  --ttl TIME                it ends so long after the last message\n"
     "  --expire TIME             it ends then\n",
     "rides trip-1", reopen},
    {"session", "delete", "SERVICE SESSION", "Delete a session for good", NULL, "rides trip-1",
     delete_session},
    {0},
};

/* ---- participants ---- */

static const char *const participant_heads[] = {"SID",  "IDENTIFIER", "DIALS",
                                                "NAME", "JOINED",     "LEFT"};

enum { PARTICIPANT_COLUMNS = sizeof participant_heads / sizeof *participant_heads };

static void participant_row(struct arena *arena, struct table *table,
                            const ProtobufCMessage *message)
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

static int show_participant(struct cli *cli, const Maskline__V1__Participant *participant)
{
    return show_one(cli, participant_heads, PARTICIPANT_COLUMNS, participant_row,
                    &participant->base);
}

static int participant_add(struct cli *cli, struct words words)
{
    const char *proxy = NULL, *name = NULL;
    const struct option options[] = {{"proxy", OPTION_TEXT, &proxy}, {"name", OPTION_TEXT, &name}};
    if (!cli_options(cli, &words, options, 2, 3, 3) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__CreateParticipantRequest request = MASKLINE__V1__CREATE_PARTICIPANT_REQUEST__INIT;
    Maskline__V1__ParticipantSpec spec = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    spec.identifier = words.words[2];
    if (proxy)
        spec.proxy_identifier = arena_string(cli->arena, proxy);
    if (name)
        spec.friendly_name = arena_string(cli->arena, name);
    request.service = words.words[0];
    request.session = words.words[1];
    request.participant = &spec;
    const Maskline__V1__CreateParticipantResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_participants_create_participant(cli->channel, &call, &request, cli->arena,
                                                     &response, &status))
        return cli_failed(cli, &status);
    return show_participant(cli, response->participant);
}

static int participant_get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 3, 3) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetParticipantRequest request = MASKLINE__V1__GET_PARTICIPANT_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    request.participant = words.words[2];
    const Maskline__V1__GetParticipantResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_participants_get_participant(cli->channel, &call, &request, cli->arena,
                                                  &response, &status))
        return cli_failed(cli, &status);
    return show_participant(cli, response->participant);
}

static int participant_list(struct cli *cli, struct words words)
{
    bool all = false;
    const struct option options[] = {{"all", OPTION_FLAG, &all}};
    if (!cli_options(cli, &words, options, 1, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    struct listing listing =
        listing_begin(cli, participant_heads, PARTICIPANT_COLUMNS, participant_row);
    Maskline__V1__ListParticipantsRequest request = MASKLINE__V1__LIST_PARTICIPANTS_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    request.include_deleted = all;
    request.page_size = 1000;
    do {
        const Maskline__V1__ListParticipantsResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_participants_list_participants(cli->channel, &call, &request, cli->arena,
                                                        &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_participants; i++)
            listing_add(&listing, &response->participants[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int participant_remove(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 3, 3) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__DeleteParticipantRequest request = MASKLINE__V1__DELETE_PARTICIPANT_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    request.participant = words.words[2];
    const Maskline__V1__DeleteParticipantResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_participants_delete_participant(cli->channel, &call, &request, cli->arena,
                                                     &response, &status))
        return cli_failed(cli, &status);
    return show_participant(cli, response->participant);
}

const struct command participant_commands[] = {
    {"participant", "add", "SERVICE SESSION NUMBER", "Add a person to a session",
     "  --proxy NUMBER            the proxy number that it shall have (default: one is chosen)\n"
     "  --name TEXT               for people\n",
     "rides trip-1 +15551230003", participant_add},
    {"participant", "list", "SERVICE SESSION", "Show the people in a session",
     "  --all                     those who have left, too\n", "rides trip-1", participant_list},
    {"participant", "get", "SERVICE SESSION SID", "Show a participant", NULL,
     "rides trip-1 KP0123456789abcdef0123456789abcdef", participant_get},
    {"participant", "remove", "SERVICE SESSION SID", "Take a person out of a session", NULL,
     "rides trip-1 KP0123456789abcdef0123456789abcdef", participant_remove},
    {0},
};
