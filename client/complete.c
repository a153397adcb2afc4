#include "client/completion.h"

#include "client/reflect.h"
#include "client/server_program.h"
#include "client/value.h"
#include "maskline/v1/participants.grpc-c-client.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <stdlib.h>
#include <string.h>

/* Nobody waits longer at a Tab, and nobody reads more. */
enum { QUICK_US = 400000, NAMES_MOST = 200, HELP_ROOM = 32 * 1024 };

/* Where the names of a kind come from. */
struct source {
    const char *kind;
    const struct grpc_c_client_method *method;
    const char *shown;
    const char *fields[2]; /* of the request, from the words */
    const char *names[2]; /* of a row: the first that is not empty is the name, the second a note */
};

static const struct source sources[] = {
    {"service",
     &maskline_v1_services_list_services__method,
     "services",
     {NULL},
     {"unique_name", "sid"}},
    {"session",
     &maskline_v1_sessions_list_sessions__method,
     "sessions",
     {"service"},
     {"unique_name", "sid"}},
    {"participant",
     &maskline_v1_participants_list_participants__method,
     "participants",
     {"service", "session"},
     {"sid", "friendly_name"}},
    {"number",
     &maskline_v1_phone_numbers_list_phone_numbers__method,
     "phone_numbers",
     {"service"},
     {"phone_number", "friendly_name"}},
    {"handset",
     &maskline_v1_simulator_list_handsets__method,
     "handsets",
     {NULL},
     {"phone_number", NULL}},
};

/* A name with a blank or a quote in it would be several words for the shell; its SID serves. */
static bool is_one_word(const char *text)
{
    return *text && !text[strcspn(text, " \t\n'\"\\$`;&|<>()*?[]{}!#~")];
}

static void print_name(const struct source *source, const ProtobufCMessage *message)
{
    const char *first = reflect_text(message, source->names[0]);
    const char *second = source->names[1] ? reflect_text(message, source->names[1]) : "";
    const char *name = is_one_word(first) ? first : second;
    if (!is_one_word(name))
        return;
    fputs(name, stdout);
    if (name == first && *second) {
        fputc('\t', stdout);
        print_plain(second, stdout);
    }
    fputc('\n', stdout);
}

/* A server that is far away, or a machine that is busy, may be given longer. */
static int64_t patience_us(void)
{
    const char *text = getenv("MASKLINE_COMPLETION_TIMEOUT");
    int64_t us;
    return text && parse_duration(text, &us) && us >= 1000 ? us : QUICK_US;
}

static int print_names(struct cli *cli, const struct source *source, const struct words *given)
{
    ProtobufCMessage *request = reflect_new(cli->arena, source->method->request);
    const ProtobufCMessage *response;
    struct error error;
    cli->channel = grpc_c_channel_new(cli->server, NULL, &error);
    if (!request || !cli->channel ||
        !reflect_set(cli->arena, request, "page_size", NULL, NAMES_MOST))
        return EXIT_UNREACHABLE;
    for (int i = 0; i < 2 && source->fields[i]; i++)
        if (i >= given->count ||
            !reflect_set(cli->arena, request, source->fields[i], given->words[i], 0))
            return EXIT_USAGE;
    struct grpc_c_call_options call = {.timeout_ms = patience_us() / 1000};
    struct grpc_c_status status;
    if (!grpc_c_client_unary(cli->channel, source->method, &call, request, cli->arena, &response,
                             &status))
        return EXIT_UNREACHABLE;
    const ProtobufCMessage *const *messages;
    size_t count = reflect_messages(response, source->shown, &messages);
    for (size_t i = 0; i < count; i++)
        print_name(source, messages[i]);
    return EXIT_DONE;
}

/* "  --data DIR        the store's folder": what the server's help lists. */
static int print_settings(void)
{
    char text[HELP_ROOM];
    if (!server_program_says("--help", text, sizeof text))
        return EXIT_REFUSED;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (strncmp(line, "  --", 4) != 0)
            continue;
        char *name = line + 2;
        char *note = strstr(name, "  ");
        name[strcspn(name, " ")] = '\0';
        printf("%s\t%s\n", name, note ? note + strspn(note, " ") : "");
    }
    return EXIT_DONE;
}

int completion_names(struct cli *cli)
{
    struct words given = cli->input.words;
    if (given.count == 0)
        return EXIT_USAGE;
    const char *kind = given.words[0];
    if (strcmp(kind, "setting") == 0)
        return print_settings();
    /* The words are those of a command line that is not finished: only the server is of use. */
    for (int i = 1; i < given.count; i++) {
        if (strncmp(given.words[i], "--server=", 9) == 0)
            cli->server = given.words[i] + 9;
        else if (strcmp(given.words[i], "--server") == 0 && i + 1 < given.count)
            cli->server = given.words[i + 1];
    }
    struct words names = {given.words + 1, given.count - 1};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].kind, kind) == 0)
            return print_names(cli, &sources[i], &names);
    return EXIT_USAGE;
}
