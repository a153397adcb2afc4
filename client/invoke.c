#include "client/cli.h"

#include "client/json.h"
#include "client/reflect.h"

#include <string.h>

enum { PAGE = 1000, PAGE_MEMORY = 128 * 1024 * 1024 };

/* ---- what goes in ---- */

static bool set(const struct cli *cli, ProtobufCMessage *request, const char *field, char *text,
                int64_t value)
{
    if (reflect_set(cli->arena, request, field, text, value))
        return true;
    fprintf(stderr, "maskline: '%s' is more than can be said\n", text ? text : field);
    return false;
}

static bool bind_input(const struct cli *cli, ProtobufCMessage *request)
{
    const struct command *command = cli->command;
    for (int i = 0; i < cli->input.words.count; i++)
        if (command->arguments[i].field &&
            !set(cli, request, command->arguments[i].field, cli->input.words.words[i], 0))
            return false;
    for (size_t i = 0; i < cli->input.given_count; i++) {
        const struct given *given = &cli->input.given[i];
        if (given->option->field &&
            !set(cli, request, given->option->field, given->text, given->value))
            return false;
    }
    return true;
}

/* Names the fields that options went into, each once. */
static bool bind_mask(const struct cli *cli, ProtobufCMessage *request)
{
    for (size_t i = 0; i < cli->input.given_count; i++) {
        const char *field = cli->input.given[i].option->field;
        bool named = !field;
        for (size_t j = 0; j < i && !named; j++) {
            const char *other = cli->input.given[j].option->field;
            named = other && strcmp(other, field) == 0;
        }
        char *path = named ? NULL : arena_string(cli->arena, field);
        if (!named && (!path || !set(cli, request, "update_mask.paths", path, 0)))
            return false;
    }
    return true;
}

static bool changes_something(const struct cli *cli)
{
    for (size_t i = 0; i < cli->input.given_count; i++)
        if (cli->input.given[i].option->field || cli->input.given[i].option->many)
            return true;
    cli_usage("nothing to change; --help lists what can be");
    return false;
}

ProtobufCMessage *cli_request(struct cli *cli)
{
    const struct command *command = cli->command;
    ProtobufCMessage *request = reflect_new(cli->arena, command->method->request);
    if (!request)
        return cli_no_memory(), NULL;
    bool ok = (!command->updates || changes_something(cli)) && bind_input(cli, request) &&
              (!command->masked || bind_mask(cli, request)) &&
              (!command->fill || command->fill(cli, request));
    return ok ? request : NULL;
}

/* ---- what comes out ---- */

struct listing listing_begin(struct cli *cli, const struct view *view)
{
    struct table *table = cli->json ? NULL : table_new(cli->arena, view->heads, view->columns);
    table_leave_out(table, view->usual);
    return (struct listing){.cli = cli, .view = view, .table = table};
}

void listing_add(struct listing *listing, const ProtobufCMessage *message)
{
    if (!message) {
        listing->left_out = true;
        return;
    }
    if (!listing->cli->json) {
        listing->view->row(listing->cli->arena, listing->table, message);
        return;
    }
    json_print(stdout, message);
    putchar('\n');
}

int listing_end(struct listing *listing)
{
    if (arena_full(listing->cli->arena)) {
        fputs("maskline: too much for a table; --json has no such limit\n", stderr);
        return EXIT_REFUSED;
    }
    if (listing->left_out) {
        fputs("maskline: the server's answer leaves out what was asked for\n", stderr);
        return EXIT_REFUSED;
    }
    table_print(listing->table, stdout);
    return EXIT_DONE;
}

static int print_json(const ProtobufCMessage *message)
{
    json_print(stdout, message);
    putchar('\n');
    return EXIT_DONE;
}

static int show_response(struct cli *cli, const ProtobufCMessage *response)
{
    const struct command *command = cli->command;
    if (command->view) {
        struct listing listing = listing_begin(cli, command->view);
        listing_add(&listing, reflect_message(response, command->shown));
        return listing_end(&listing);
    }
    if (cli->json)
        return print_json(response);
    if (command->print)
        return command->print(cli, response);
    printf("%s %s\n", input_word(cli, cli->input.words.count - 1), command->done);
    return EXIT_DONE;
}

/* ---- the call ---- */

const void *cli_ask(struct cli *cli, const struct grpc_c_client_method *method,
                    const ProtobufCMessage *request, struct arena *arena, int *ret_exit)
{
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    struct grpc_c_call_options options = cli_call(cli);
    if (!cli_connect(cli))
        *ret_exit = EXIT_USAGE;
    else if (!grpc_c_client_unary(cli->channel, method, &options, request, arena, &response,
                                  &status))
        *ret_exit = cli_failed(cli, &status);
    return response;
}

/* Pages go as they are shown, so that a list may be longer than memory is large. */
static int list(struct cli *cli, ProtobufCMessage *request, struct arena *page)
{
    const struct command *command = cli->command;
    struct listing listing = listing_begin(cli, command->view);
    int status = EXIT_DONE;
    if (!set(cli, request, "page_size", NULL, PAGE))
        return EXIT_REFUSED;
    for (;;) {
        const ProtobufCMessage *response = cli_ask(cli, command->method, request, page, &status);
        if (!response)
            return status;
        const ProtobufCMessage *const *messages;
        size_t count = reflect_messages(response, command->shown, &messages);
        for (size_t i = 0; i < count; i++)
            listing_add(&listing, messages[i]);
        const char *token = reflect_text(response, "next_page_token");
        if (*token == '\0')
            return listing_end(&listing);
        char *kept = arena_string(cli->arena, token);
        if (!kept || !set(cli, request, "page_token", kept, 0))
            return cli_no_memory();
        arena_reset(page);
    }
}

static int ask_once(struct cli *cli, const ProtobufCMessage *request)
{
    int status = EXIT_DONE;
    const ProtobufCMessage *response =
        cli_ask(cli, cli->command->method, request, cli->arena, &status);
    if (!response)
        return status;
    status = show_response(cli, response);
    if (status == EXIT_DONE && cli->command->judge && !cli->command->judge(response))
        return EXIT_REFUSED;
    return status;
}

int cli_invoke(struct cli *cli)
{
    const struct command *command = cli->command;
    ProtobufCMessage *request = cli_request(cli);
    if (!request)
        return EXIT_USAGE;
    if (!command->view || !reflect_repeated(command->method->response, command->shown))
        return ask_once(cli, request);
    struct arena *page = arena_new(PAGE_MEMORY);
    int status = page ? list(cli, request, page) : cli_no_memory();
    arena_free(page);
    return status;
}
