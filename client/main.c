#include "client/cli.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_MEMORY = 256 * 1024 * 1024, HEAD_WIDTH = 50 };

static const struct command *const groups[] = {
    service_commands,     number_commands, session_commands,   participant_commands,
    interaction_commands, event_commands,  simulator_commands, demo_commands,
};

enum { GROUPS = sizeof groups / sizeof *groups };

static void print_help(FILE *out)
{
    fputs("Masked conversations: two people text through proxy numbers, and neither sees the "
          "other's real number.\n\n"
          "Usage: maskline COMMAND [ARGUMENT]... [OPTION]...\n\n"
          "  serve                                               Run a server; `maskline serve "
          "--help` lists its settings\n",
          out);
    for (size_t g = 0; g < GROUPS; g++) {
        fputc('\n', out);
        for (const struct command *command = groups[g]; command->noun; command++) {
            fputs("  ", out);
            int width = command_usage(command, out);
            fprintf(out, "%*s  %s\n", width < HEAD_WIDTH ? HEAD_WIDTH - width : 0, "",
                    command->summary);
        }
    }
    fputs("\nA SERVICE or SESSION is a SID or a unique name; a NUMBER is E.164, such as "
          "+15550100001.\n\n"
          "Options of all commands:\n"
          "  --server ADDRESS   where the server is (default 127.0.0.1:7766; variable "
          "MASKLINE_SERVER)\n"
          "  --json             one JSON object a line, for scripts\n"
          "  --timeout TIME     how long a call may take (default 10s)\n"
          "  --help             behind a command: what it wants, with an example\n\n"
          "Exit status: 0 done, 1 the server said no, 2 the command line is wrong, 3 no server "
          "answered.\n",
          out);
}

static void print_command_help(const struct command *command, FILE *out)
{
    fputs("Usage: maskline ", out);
    command_usage(command, out);
    fprintf(out, " [OPTION]...\n\n%s.\n\n", command->summary);
    if (command->options)
        fprintf(out, "%s\n", command->options);
    fprintf(out, "Example: maskline %s%s%s%s%s\n", command->noun, command->verb ? " " : "",
            command->verb ? command->verb : "", *command->example ? " " : "", command->example);
}

static const struct command *find(const char *noun, const char *verb, bool *ret_noun_known)
{
    *ret_noun_known = false;
    for (size_t g = 0; g < GROUPS; g++)
        for (const struct command *command = groups[g]; command->noun; command++) {
            if (strcmp(command->noun, noun) != 0)
                continue;
            *ret_noun_known = true;
            if (!command->verb || (verb && strcmp(command->verb, verb) == 0))
                return command;
        }
    return NULL;
}

static bool asks_help(const struct words *words)
{
    for (int i = 0; i < words->count && strcmp(words->words[i], "--") != 0; i++)
        if (strcmp(words->words[i], "--help") == 0 || strcmp(words->words[i], "-h") == 0)
            return true;
    return false;
}

static void print_noun_help(const char *noun, FILE *out)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (const struct command *command = groups[g]; command->noun; command++)
            if (strcmp(command->noun, noun) == 0) {
                fputs("  maskline ", out);
                command_usage(command, out);
                fprintf(out, "\n      %s\n", command->summary);
            }
    fputs("\n--help behind a command tells its options, with an example.\n", out);
}

static int run(const struct command *command, struct words words)
{
    const char *server = getenv("MASKLINE_SERVER");
    struct cli cli = {
        .server = server && *server ? server : "127.0.0.1:7766",
        .timeout_ms = 10000,
        .arena = arena_new(RUN_MEMORY),
        .command = command,
    };
    if (!cli.arena) {
        fputs("maskline: no memory\n", stderr);
        return EXIT_REFUSED;
    }
    int status = command->run(&cli, words);
    grpc_c_channel_free(cli.channel);
    arena_free(cli.arena);
    /* A full disk or a closed pipe must not look like success. */
    if (fflush(stdout) != 0 && status == EXIT_DONE)
        status = EXIT_REFUSED;
    return status;
}

int main(int count, char **arguments)
{
    if (count < 2 || strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0 ||
        strcmp(arguments[1], "help") == 0) {
        print_help(count < 2 ? stderr : stdout);
        return count < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        puts("maskline 0.1.0");
        return EXIT_DONE;
    }
    if (strcmp(arguments[1], "serve") == 0)
        return serve((struct words){arguments + 2, count - 2});

    bool noun_known;
    const char *verb = count > 2 ? arguments[2] : NULL;
    const struct command *command = find(arguments[1], verb, &noun_known);
    if (!noun_known)
        return cli_usage("there is no command '%s'; `maskline --help` lists them", arguments[1]);
    if (!command) {
        bool help = verb && (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0);
        print_noun_help(arguments[1], help ? stdout : stderr);
        return help ? EXIT_DONE : EXIT_USAGE;
    }
    int taken = command->verb ? 3 : 2;
    struct words words = {arguments + taken, count - taken};
    if (asks_help(&words)) {
        print_command_help(command, stdout);
        return EXIT_DONE;
    }
    return run(command, words);
}
