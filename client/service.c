#include "client/commands.h"

#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/services.pb-c.h"

static const char *const heads[] = {"SID",  "NAME",      "STATE",     "TTL",
                                    "MODE", "SELECTION", "COOL-DOWN", "CREATED"};

enum { COLUMNS = sizeof heads / sizeof *heads };

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Service *service = (const Maskline__V1__Service *)(const void *)message;
    const Maskline__V1__SessionPolicy *session = service->session_policy;
    const Maskline__V1__NumberPolicy *number = service->number_policy;
    table_cell(table, service->sid);
    table_cell(table, service->unique_name);
    table_cell(table,
               show_enum(arena, &maskline__v1__service_state__descriptor, (int)service->state));
    table_cell(table, show_duration(arena, session ? session->default_ttl : NULL));
    table_cell(table, show_enum(arena, &maskline__v1__session_mode__descriptor,
                                session ? (int)session->default_mode : 0));
    table_cell(table, show_enum(arena, &maskline__v1__number_selection_behavior__descriptor,
                                number ? (int)number->selection_behavior : 0));
    table_cell(table, show_duration(arena, number ? number->cool_down : NULL));
    table_cell(table, show_time(arena, service->create_time));
}

static int show(struct cli *cli, const Maskline__V1__Service *service)
{
    return show_one(cli, heads, COLUMNS, row, &service->base);
}

/* What create and update can set. */
struct settings {
    const char *mode;
    const char *selection;
    Maskline__V1__SessionPolicy session;
    Maskline__V1__NumberPolicy number;
    Maskline__V1__MessagePolicy message;
    Maskline__V1__RetentionPolicy retention;
    const char *name;
};

enum { SETTINGS = 12 };

static void settings_init(struct settings *settings, struct option *ret_options)
{
    *settings = (struct settings){.session = MASKLINE__V1__SESSION_POLICY__INIT,
                                  .number = MASKLINE__V1__NUMBER_POLICY__INIT,
                                  .message = MASKLINE__V1__MESSAGE_POLICY__INIT,
                                  .retention = MASKLINE__V1__RETENTION_POLICY__INIT};
    struct option options[SETTINGS] = {
        {"default-ttl", OPTION_DURATION, &settings->session.default_ttl},
        {"default-mode", OPTION_TEXT, &settings->mode},
        {"idle-cap", OPTION_DURATION, &settings->session.idle_cap},
        {"selection", OPTION_TEXT, &settings->selection},
        {"cool-down", OPTION_DURATION, &settings->number.cool_down},
        {"late-reply-window", OPTION_DURATION, &settings->number.late_reply_window},
        {"quarantine", OPTION_DURATION, &settings->number.quarantine},
        {"message-life", OPTION_DURATION, &settings->message.max_life},
        {"closing-grace", OPTION_DURATION, &settings->message.closing_grace},
        {"keep-sessions", OPTION_DURATION, &settings->retention.closed_sessions},
        {"keep-events", OPTION_DURATION, &settings->retention.events},
        {"name", OPTION_TEXT, &settings->name},
    };
    memcpy(ret_options, options, sizeof options);
}

static bool settings_enums(struct settings *settings)
{
    int value;
    if (settings->mode) {
        if (!parse_enum("default-mode", &maskline__v1__session_mode__descriptor, settings->mode,
                        &value))
            return false;
        settings->session.default_mode = (Maskline__V1__SessionMode)value;
    }
    if (settings->selection) {
        if (!parse_enum("selection", &maskline__v1__number_selection_behavior__descriptor,
                        settings->selection, &value))
            return false;
        settings->number.selection_behavior = (Maskline__V1__NumberSelectionBehavior)value;
    }
    return true;
}

static int create(struct cli *cli, struct words words)
{
    struct settings settings;
    struct option options[SETTINGS];
    settings_init(&settings, options);
    if (!cli_options(cli, &words, options, SETTINGS - 1, 1, 1) || !settings_enums(&settings))
        return EXIT_USAGE;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__CreateServiceRequest request = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    request.unique_name = words.words[0];
    request.session_policy = &settings.session;
    request.number_policy = &settings.number;
    request.message_policy = &settings.message;
    request.retention_policy = &settings.retention;
    const Maskline__V1__CreateServiceResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_services_create_service(cli->channel, &call, &request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    return show(cli, response->service);
}

static int update(struct cli *cli, struct words words)
{
    struct settings settings;
    struct option options[SETTINGS];
    settings_init(&settings, options);
    if (!cli_options(cli, &words, options, SETTINGS, 1, 1) || !settings_enums(&settings))
        return EXIT_USAGE;
    if (!cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__UpdateServiceRequest request = MASKLINE__V1__UPDATE_SERVICE_REQUEST__INIT;
    request.service = words.words[0];
    if (settings.name)
        request.unique_name = arena_string(cli->arena, settings.name);
    request.session_policy = &settings.session;
    request.number_policy = &settings.number;
    request.message_policy = &settings.message;
    request.retention_policy = &settings.retention;
    const Maskline__V1__UpdateServiceResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_services_update_service(cli->channel, &call, &request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    return show(cli, response->service);
}

static int get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetServiceRequest request = MASKLINE__V1__GET_SERVICE_REQUEST__INIT;
    request.service = words.words[0];
    const Maskline__V1__GetServiceResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_services_get_service(cli->channel, &call, &request, cli->arena, &response,
                                          &status))
        return cli_failed(cli, &status);
    return show(cli, response->service);
}

static int list(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 0, 0) || !cli_connect(cli))
        return EXIT_USAGE;
    struct listing listing = listing_begin(cli, heads, COLUMNS, row);
    Maskline__V1__ListServicesRequest request = MASKLINE__V1__LIST_SERVICES_REQUEST__INIT;
    request.page_size = 1000;
    do {
        const Maskline__V1__ListServicesResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_services_list_services(cli->channel, &call, &request, cli->arena,
                                                &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_services; i++)
            listing_add(&listing, &response->services[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int delete (struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__DeleteServiceRequest request = MASKLINE__V1__DELETE_SERVICE_REQUEST__INIT;
    request.service = words.words[0];
    const Maskline__V1__DeleteServiceResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_services_delete_service(cli->channel, &call, &request, cli->arena, &response,
                                             &status))
        return cli_failed(cli, &status);
    return show(cli, response->service);
}

#define SETTINGS_HELP                                                                            \
    "  --default-ttl TIME        sessions that give neither ttl nor date end so long after the " \
    "last message\n"                                                                             \
    "  --default-mode MODE       voice-and-message, message-only or voice-only\n"                \
    "  --idle-cap TIME           every session ends after so long without a message\n"           \
    "  --selection HOW           prefer-sticky or avoid-sticky\n"                                \
    "  --cool-down TIME          a person and a number it had stay apart for so long (default "  \
    "4h)\n"                                                                                      \
    "  --late-reply-window TIME  how late replies may be (default 3h)\n"                         \
    "  --quarantine TIME         how long a removed number rests (default 7d)\n"                 \
    "  --message-life TIME       a message is not sent any more after so long (default 1h)\n"    \
    "  --closing-grace TIME      what was accepted is sent for so long after its session ended " \
    "(default 0s)\n"                                                                             \
    "  --keep-sessions TIME      how long ended sessions are kept (default 90d)\n"               \
    "  --keep-events TIME        how long events are kept (default 30d)\n"

const struct command service_commands[] = {
    {"service", "create", "NAME", "Make a Service", SETTINGS_HELP, "rides --default-ttl 2h",
     create},
    {"service", "list", "", "Show all Services", NULL, "", list},
    {"service", "get", "SERVICE", "Show a Service", NULL, "rides", get},
    {"service", "update", "SERVICE", "Change a Service's settings",
     SETTINGS_HELP "  --name NAME               its new name\n", "rides --idle-cap 1d", update},
    {"service", "delete", "SERVICE", "Delete a Service with all that is in it", NULL, "rides",
     delete},
    {0},
};
