#include "tests/fuzz/options_lines.h"

#include "client/table.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/oracle.h"

#include <string.h>

enum { MEMORY = 1024 * 1024, COMMANDS_MOST = 128 };

/* Those that read their words by a table; hidden ones, too. */
static const struct command *commands[COMMANDS_MOST];
static size_t command_count;

static void find_commands(void)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++)
            if (!command->raw && command_count < COMMANDS_MOST)
                commands[command_count++] = command;
    must(command_count > 20 && command_count < COMMANDS_MOST, "%zu commands", command_count);
}

static bool is_named(const struct command *command, const char *line)
{
    size_t size = strlen(command->noun);
    if (strncmp(line, command->noun, size) != 0)
        return false;
    return command->verb ? line[size] == ' ' && strcmp(line + size + 1, command->verb) == 0
                         : line[size] == '\0';
}

const struct command *line_command(const char *line)
{
    size_t sum = 0;
    if (command_count == 0)
        find_commands();
    for (size_t i = 0; i < command_count; i++)
        if (is_named(commands[i], line))
            return commands[i];
    for (; *line; line++)
        sum = sum * 31 + (unsigned char)*line;
    return commands[sum % command_count];
}

/* ---- lines at random ---- */

/* What is mostly right for an option of that kind, and now and then not. */
static const char *some_value(struct chance *chance, struct arena *arena,
                              const struct option *option)
{
    static const char *const values[] = {"-1",
                                         "-",
                                         "",
                                         "1us",
                                         "8GiB",
                                         "106751991d",
                                         "106751992d",
                                         "9223372036854775807",
                                         "18446744073709551615",
                                         "2030-02-29T00:00:00",
                                         "+15551230001@+15550100001",
                                         "a=b",
                                         "--",
                                         "x\x1b[31m",
                                         "\xc3\xa9"};
    static const char *const times[] = {
        "90s", "15m", "250ms", "7d", "0", "2030-01-02T03:04:05Z", "9999-12-31T23:59:59Z"};
    static const char *const sizes[] = {"512MiB", "4KiB", "10B", "10"};
    enum option_kind kind = option ? option->kind : OPTION_TEXT;
    if (chance_below(chance, 4) == 0)
        return values[chance_below(chance, sizeof values / sizeof *values)];
    if (kind == OPTION_DURATION || kind == OPTION_TIME || kind == OPTION_PAST)
        return times[chance_below(chance, kind == OPTION_DURATION ? 5 : 7)];
    if (kind == OPTION_SIZE || kind == OPTION_NUMBER)
        return sizes[kind == OPTION_NUMBER ? 3 : chance_below(chance, 4)];
    if (option && option->values)
        return show_enum(
            arena, option->values,
            option->values->values[chance_below(chance, option->values->n_values)].value);
    return option && option->choices ? option->choices[0] : "rides";
}

/* An option of the command, or of all, mostly with a value; or a word. With a newline at its end. */
static size_t some_word(struct chance *chance, const struct command *command, char *to, size_t room)
{
    const struct option *options =
        command->options && chance_below(chance, 4) ? command->options : common_options;
    struct arena *arena = arena_new(MEMORY);
    size_t many = 0;
    if (!arena)
        abort();
    while (options[many].name)
        many++;
    const struct option *option = &options[chance_below(chance, many)];
    bool has_value = option->value ? chance_below(chance, 16) : !chance_below(chance, 16);
    const char *value = some_value(chance, arena, has_value ? option : NULL);
    int size;
    if (chance_below(chance, 8) == 0)
        size = snprintf(to, room, "%s\n", value);
    else if (option->letter && chance_below(chance, 2))
        size = snprintf(to, room, "-%c%s%s\n", option->letter,
                        has_value && chance_below(chance, 2) ? "\n" : "", has_value ? value : "");
    else
        size = snprintf(to, room, "--%s%s%s\n", option->name,
                        !has_value                ? ""
                        : chance_below(chance, 2) ? "="
                                                  : "\n",
                        has_value ? value : "");
    arena_free(arena);
    return (size_t)size;
}

/* Another command, with as many words as it needs. */
static size_t some_command(struct chance *chance, char *to, size_t room)
{
    const struct command *command = commands[chance_below(chance, command_count)];
    int size = snprintf(to, room, "%s%s%s\n", command->noun, command->verb ? " " : "",
                        command->verb ? command->verb : "");
    for (int i = 0; i < command_least(command); i++) {
        const char *const *choices = command->arguments[i].choices;
        size += snprintf(to + size, room - (size_t)size, "%s\n", choices ? choices[0] : "15m");
    }
    return (size_t)size;
}

static size_t end_of_line(const uint8_t *data, size_t size, size_t at)
{
    while (at < size && data[at] != '\n')
        at++;
    return at < size ? at + 1 : size;
}

/* Puts `count` bytes in the place of data[from..to); the new size, or the old one when there is no room. */
static size_t splice(uint8_t *data, size_t size, size_t most, size_t from, size_t to,
                     const char *bytes, size_t count)
{
    if (size - (to - from) + count > most)
        return size;
    memmove(data + from + count, data + to, size - to);
    memcpy(data + from, bytes, count);
    return size - (to - from) + count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    struct chance chance = {seed};
    if (command_count == 0)
        find_commands();
    if (chance_below(&chance, 8) == 0)
        return LLVMFuzzerMutate(data, size, most);
    char line[512], name[64];
    size_t first = end_of_line(data, size, 0), at = first;
    if (first == 0 || data[first - 1] != '\n' || chance_below(&chance, 8) == 0)
        return splice(data, size, most, 0, size, line, some_command(&chance, line, sizeof line));
    snprintf(name, sizeof name, "%.*s", (int)(first - 1), (const char *)data);
    const struct command *command = line_command(name);
    /* Behind one of the lines; now and then in the place of the next. */
    for (size_t skip = chance_below(&chance, 8); skip > 0 && at < size; skip--)
        at = end_of_line(data, size, at);
    if (at > 0 && data[at - 1] != '\n')
        return splice(data, size, most, at, at, "\n", 1);
    size_t to = chance_below(&chance, 4) ? at : end_of_line(data, size, at);
    size_t count = chance_below(&chance, 8) ? some_word(&chance, command, line, sizeof line) : 0;
    return splice(data, size, most, at, to, line, count);
}
