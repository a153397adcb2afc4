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

/* Whether the word is an option of all commands; whether its value is the next word. --help is not: it asks about what
 * stands before it. */
static bool is_common(const char *word, bool *ret_value_follows)
{
    if (strncmp(word, "--", 2) != 0 || is_help(word))
        return false;
    size_t size = strcspn(word + 2, "=");
    for (const struct option *option = common_options; option->name; option++)
        if (strlen(option->name) == size && memcmp(option->name, word + 2, size) == 0) {
            *ret_value_follows = option->value && word[2 + size] == '\0';
            return true;
        }
    return false;
}

/* Brings the next word of the command to `place`, in front of the options of all commands that stand there; they are
 * read with what stands behind the command. NULL: there is none. */
static const char *next_word(char **words, int count, int place)
{
    int at = place;
    bool value_follows = false;
    while (at < count && is_common(words[at], &value_follows))
        at += value_follows ? 2 : 1;
    if (at >= count)
        return NULL;
    char *word = words[at];
    memmove(&words[place + 1], &words[place], (size_t)(at - place) * sizeof *words);
    words[place] = word;
    return word;
}

/* The words that are not a command: help was asked for, or something is wrong. */
static int no_command(const char *noun, const char *verb, bool noun_known)
{
    if (!noun_known && *noun == '-')
        return cli_usage("there is no option %s before the command; `maskline --help` lists them",
                         noun);
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
    const char *noun = next_word(arguments, count, 1);
    if (!noun || is_help(noun)) {
        help_all(noun ? stdout : stderr);
        return noun ? EXIT_DONE : EXIT_USAGE;
    }
    if (strcmp(noun, "--version") == 0) {
        puts("maskline " MASKLINE_VERSION);
        return EXIT_DONE;
    }
    bool noun_known;
    const char *verb = NULL;
    const struct command *command = command_find(noun, NULL, &noun_known);
    if (!command && noun_known) {
        verb = next_word(arguments, count, 2);
        command = command_find(noun, verb, &noun_known);
    }
    if (!command)
        return no_command(noun, verb, noun_known);
    int taken = command->verb ? 3 : 2;
    struct words words = {arguments + taken, count - taken};
    if (!command->raw && asks_help(&words)) {
        help_command(command, stdout);
        return cli_flush() ? EXIT_DONE : EXIT_REFUSED;
    }
    return run(command, words);
}
