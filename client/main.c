#include "client/cli.h"
#include "client/help.h"
#include "client/paint.h"
#include "client/version.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_MEMORY = 256 * 1024 * 1024 };

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_help(const struct words *words)
{
    for (int i = 0; i < words->count && strcmp(words->words[i], "--") != 0; i++)
        if (is_help(words->words[i]))
            return true;
    return false;
}

static int run(const struct command *command, struct words words)
{
    const char *server = getenv("MASKLINE_SERVER");
    struct cli cli = {
        .server = server && *server ? server : "127.0.0.1:7766",
        .timeout_ms = 10000,
        .color = paint_by_default(),
        .arena = arena_new(RUN_MEMORY),
        .command = command,
    };
    if (!cli.arena)
        return cli_no_memory();
    if (command->raw)
        cli.input.words = words;
    bool ok = command->raw || input_read(&cli, words);
    int status = !ok ? EXIT_USAGE : command->run ? command->run(&cli) : cli_invoke(&cli);
    grpc_c_channel_free(cli.channel);
    arena_free(cli.arena);
    /* A full disk or a closed pipe must not look like success. */
    if (!cli_flush() && status == EXIT_DONE)
        status = EXIT_REFUSED;
    return status;
}

/* The words that are not a command: help was asked for, or something is wrong. */
static int no_command(const char *noun, const char *verb, bool noun_known)
{
    if (!noun_known)
        return command_unknown(NULL, noun);
    if (verb && is_help(verb)) {
        help_noun(noun, stdout);
        return EXIT_DONE;
    }
    if (verb)
        return command_unknown(noun, verb);
    help_noun(noun, stderr);
    return EXIT_USAGE;
}

int main(int count, char **arguments)
{
    if (count < 2 || is_help(arguments[1])) {
        help_all(count < 2 ? stderr : stdout);
        return count < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        puts("maskline " MASKLINE_VERSION);
        return EXIT_DONE;
    }
    bool noun_known;
    const char *verb = count > 2 ? arguments[2] : NULL;
    const struct command *command = command_find(arguments[1], verb, &noun_known);
    if (!command)
        return no_command(arguments[1], verb, noun_known);
    int taken = command->verb ? 3 : 2;
    struct words words = {arguments + taken, count - taken};
    if (!command->raw && asks_help(&words)) {
        help_command(command, stdout);
        return cli_flush() ? EXIT_DONE : EXIT_REFUSED;
    }
    return run(command, words);
}
