#include "client/input.h"

#include "client/cli.h"
#include "client/nearest.h"
#include "client/value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static bool bad_choice(const struct cli *cli, const struct option *option, const char *text)
{
    const char *words = option_choices(cli->arena, option, ", ");
    cli_usage("--%s is one of %s; not '%s'", option->name, words ? words : "a few", text);
    return false;
}

static bool read_choice(const struct cli *cli, struct given *given)
{
    const struct option *option = given->option;
    if (option->values) {
        int value;
        if (!parse_enum(option->values, given->text, &value))
            return bad_choice(cli, option, given->text);
        given->value = value;
        return true;
    }
    for (given->value = 0; option->choices[given->value]; given->value++)
        if (strcmp(option->choices[given->value], given->text) == 0)
            return true;
    return bad_choice(cli, option, given->text);
}

static bool read_time(struct given *given, int direction)
{
    struct clock clock = clock_real();
    int64_t distance;
    given->relative = parse_duration(given->text, &distance);
    return parse_time(given->text, &clock, direction, &given->value);
}

static bool read_value(const struct cli *cli, struct given *given)
{
    const char *name = given->option->name, *text = given->text;
    uint64_t number;
    switch (given->option->kind) {
    case OPTION_TEXT:
        return true;
    case OPTION_FLAG:
    case OPTION_UNFLAG:
        given->value = given->option->kind == OPTION_FLAG;
        return true;
    case OPTION_NUMBER:
        if (parse_number(text, &number) && number <= INT64_MAX) {
            given->value = (int64_t)number;
            return true;
        }
        return cli_usage("--%s wants a number, not '%s'", name, text), false;
    case OPTION_DURATION:
        return parse_duration(text, &given->value) ||
               (cli_usage("--%s wants a duration such as 90s, 15m, 4h or 7d, not '%s'", name, text),
                false);
    case OPTION_TIME:
        return read_time(given, 1) ||
               (cli_usage("--%s wants a time such as 2030-01-02T03:04:05Z, or 2h from now, not "
                          "'%s'",
                          name, text),
                false);
    case OPTION_PAST:
        return read_time(given, -1) ||
               (cli_usage("--%s wants a time such as 2030-01-02T03:04:05Z, or 2h ago, not '%s'",
                          name, text),
                false);
    case OPTION_SIZE:
        return parse_size(text, &given->value) ||
               (cli_usage("--%s wants a size such as 512MiB, not '%s'", name, text), false);
    case OPTION_PAIR:
        return *text == '\0' || (strchr(text, '=') && *text != '=') ||
               (cli_usage("--%s wants KEY=VALUE, not '%s'", name, text), false);
    case OPTION_CHOICE:
        return read_choice(cli, given);
    }
    return false;
}

/* ---- options ---- */

static const struct option *find_option(const struct option *options, const char *name, size_t size)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
            return options;
    return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
    for (; options && options->name; options++)
        if (options->letter == letter)
            return options;
    return NULL;
}

static bool no_option(const struct cli *cli, const char *word, int size)
{
    struct nearest nearest = nearest_to(word + 2, (size_t)(size > 2 ? size - 2 : 0));
    const struct option *const tables[] = {cli->command->options, common_options};
    for (size_t i = 0; size > 2 && i < sizeof tables / sizeof *tables; i++)
        for (const struct option *option = tables[i]; option && option->name; option++)
            nearest_try(&nearest, option->name);
    if (nearest.word)
        cli_usage("there is no option %.*s here; did you mean --%s?", size, word, nearest.word);
    else
        cli_usage("there is no option %.*s here; --help lists them", size, word);
    return false;
}

static size_t count_of(const struct cli *cli, const struct option *option)
{
    size_t count = 0;
    for (size_t i = 0; i < cli->input.given_count; i++)
        count += cli->input.given[i].option == option;
    return count;
}

/* What all commands have is kept where all commands look. */
static bool take_common(struct cli *cli, const struct given *given)
{
    const char *name = given->option->name;
    if (strcmp(name, "server") == 0) {
        cli->server = given->text;
    } else if (strcmp(name, "json") == 0) {
        cli->json = true;
    } else if (strcmp(name, "color") == 0) {
        if (given->value > 0)
            cli->color = given->value == 1;
    } else if (strcmp(name, "timeout") == 0) {
        if (given->value < 1000)
            return cli_usage("--timeout wants 1ms or more"), false;
        cli->timeout_ms = given->value / 1000;
    }
    return true;
}

static bool take(struct cli *cli, const struct given *given, bool common)
{
    if (common)
        return take_common(cli, given);
    if (cli->input.given_count == WORDS_MOST ||
        (given->option->many && count_of(cli, given->option) == MANY_MOST))
        return cli_usage("--%s: at most %d of them", given->option->name, MANY_MOST), false;
    cli->input.given[cli->input.given_count++] = *given;
    return true;
}

/* Takes one option at *index; false after it said what is wrong. */
static bool take_option(struct cli *cli, const struct words *words, int *index)
{
    char *word = words->words[*index];
    bool is_long = word[1] == '-';
    size_t size = is_long ? strcspn(word + 2, "=") : 0;
    const struct option *option = is_long ? find_option(cli->command->options, word + 2, size)
                                          : find_letter(cli->command->options, word[1]);
    bool common = !option;
    if (common && is_long)
        option = find_option(common_options, word + 2, size);
    if (!option)
        return no_option(cli, word, is_long ? (int)size + 2 : (int)strlen(word));
    char *behind = is_long ? (word[2 + size] == '=' ? word + 3 + size : NULL)
                           : (word[2] != '\0' ? word + 2 : NULL);
    struct given given = {.option = option, .text = behind};
    if (!option->value) {
        if (behind)
            return cli_usage("--%s takes no value", option->name), false;
    } else if (!behind) {
        if (*index + 1 >= words->count)
            return cli_usage("--%s wants a value", option->name), false;
        given.text = words->words[++*index];
    }
    return read_value(cli, &given) && take(cli, &given, common);
}

/* ---- words ---- */

static bool wrong_count(const struct cli *cli, const char *what)
{
    fprintf(stderr, "maskline: %s; it is: maskline ", what ? what : "too much");
    command_usage(cli->command, stderr);
    fputc('\n', stderr);
    return false;
}

static bool check_words(const struct cli *cli)
{
    const struct command *command = cli->command;
    const struct words *words = &cli->input.words;
    if (words->count < command_least(command))
        return wrong_count(
            cli, arena_printf(cli->arena, "%s is missing", command->arguments[words->count].name));
    int most = command_most(command);
    if (words->count > most)
        return wrong_count(cli, arena_printf(cli->arena, "'%s' is too much", words->words[most]));
    for (int i = 0; i < words->count; i++) {
        const char *const *choice = command->arguments[i].choices;
        while (choice && *choice && strcmp(*choice, words->words[i]) != 0)
            choice++;
        if (choice && !*choice) {
            const struct option all = {.choices = command->arguments[i].choices};
            return wrong_count(cli, arena_printf(cli->arena, "'%s' is no %s (%s)", words->words[i],
                                                 command->arguments[i].name,
                                                 option_choices(cli->arena, &all, ", ")));
        }
    }
    return true;
}

/* A number may begin with a minus, and a text of one dash is a text. */
static bool like_option(const char *word)
{
    return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

bool input_read(struct cli *cli, struct words words)
{
    int kept = 0;
    bool only_words = false;
    for (int i = 0; i < words.count; i++) {
        char *word = words.words[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && like_option(word)) {
            if (!take_option(cli, &words, &i))
                return false;
        } else {
            words.words[kept++] = word;
        }
    }
    cli->input.words = (struct words){words.words, kept};
    return check_words(cli);
}

/* ---- what was read ---- */

const struct given *input_given(const struct cli *cli, const char *name)
{
    const struct option *option = find_option(cli->command->options, name, strlen(name));
    if (!option) {
        fprintf(stderr, "maskline: no table knows the option --%s\n", name);
        abort();
    }
    const struct given *found = NULL;
    for (size_t i = 0; i < cli->input.given_count; i++)
        if (cli->input.given[i].option == option)
            found = &cli->input.given[i];
    return found;
}

char *input_word(const struct cli *cli, int place)
{
    return place < cli->input.words.count ? cli->input.words.words[place] : NULL;
}

char *input_text(const struct cli *cli, const char *option)
{
    const struct given *given = input_given(cli, option);
    return given ? given->text : NULL;
}

bool input_flag(const struct cli *cli, const char *option)
{
    return input_given(cli, option) != NULL;
}

size_t input_many(const struct cli *cli, const char *name, const struct given *ret_given[MANY_MOST])
{
    const struct given *last = input_given(cli, name);
    size_t count = 0;
    for (size_t i = 0; last && i < cli->input.given_count; i++)
        if (cli->input.given[i].option == last->option && count < MANY_MOST)
            ret_given[count++] = &cli->input.given[i];
    return count;
}
