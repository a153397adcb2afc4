#include "client/cli.h"

#include "proto/c/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool parse_duration(const char *text, int64_t *ret_us)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"ms", 1000},
                 {"s", MICROSECONDS},
                 {"m", INT64_C(60) * MICROSECONDS},
                 {"h", INT64_C(3600) * MICROSECONDS},
                 {"d", INT64_C(86400) * MICROSECONDS},
                 {"", MICROSECONDS}};
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno != 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0)
            return !__builtin_mul_overflow((int64_t)count, units[i].us, ret_us);
    return false;
}

bool parse_time(const char *text, int64_t *ret_us)
{
    int64_t from_now;
    if (parse_duration(text, &from_now)) {
        struct clock clock = clock_real();
        return !__builtin_add_overflow(clock_now(&clock), from_now, ret_us);
    }
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest || (strcmp(rest, "Z") != 0 && *rest != '\0'))
        return false;
    *ret_us = (int64_t)timegm(&parts) * MICROSECONDS;
    return true;
}

static bool set_duration(struct cli *cli, const char *value, void *to)
{
    int64_t us;
    Google__Protobuf__Duration **duration = to;
    if (!parse_duration(value, &us))
        return false;
    *duration = duration_new(cli->arena, us);
    return *duration != NULL;
}

static bool set_time(struct cli *cli, const char *value, void *to)
{
    int64_t us;
    Google__Protobuf__Timestamp **time = to;
    if (!parse_time(value, &us))
        return false;
    *time = timestamp_new(cli->arena, us);
    return *time != NULL;
}

static bool set_number(const char *value, uint64_t *to)
{
    char *end;
    errno = 0;
    *to = strtoull(value, &end, 10);
    return isdigit((unsigned char)*value) && *end == '\0' && errno == 0;
}

static bool set_option(struct cli *cli, const struct option *option, char *value)
{
    struct texts *texts;
    switch (option->kind) {
    case OPTION_TEXT:
        *(char **)option->to = value;
        return true;
    case OPTION_TEXTS:
        texts = option->to;
        if (texts->count == TEXTS_MOST)
            return cli_usage("--%s: at most %d of them", option->name, TEXTS_MOST), false;
        texts->texts[texts->count++] = value;
        return true;
    case OPTION_FLAG:
        *(bool *)option->to = true;
        return true;
    case OPTION_NUMBER:
        return set_number(value, option->to) ||
               (cli_usage("--%s wants a number, not '%s'", option->name, value), false);
    case OPTION_DURATION:
        return set_duration(cli, value, option->to) ||
               (cli_usage("--%s wants a duration such as 90s, 15m, 4h or 7d, not '%s'",
                          option->name, value),
                false);
    case OPTION_TIME:
        return set_time(cli, value, option->to) ||
               (cli_usage(
                    "--%s wants a time such as 2030-01-02T03:04:05Z, or 2h from now, not '%s'",
                    option->name, value),
                false);
    }
    return false;
}

static const struct option *find_option(const struct option *options, size_t count,
                                        const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
            return &options[i];
    return NULL;
}

static const struct option *common_option(struct cli *cli, const char *name, size_t size)
{
    static struct option common[3];
    common[0] = (struct option){"server", OPTION_TEXT, &cli->server};
    common[1] = (struct option){"json", OPTION_FLAG, &cli->json};
    common[2] = (struct option){"timeout", OPTION_TEXT, NULL};
    return find_option(common, sizeof common / sizeof *common, name, size);
}

static bool set_timeout(struct cli *cli, const char *value)
{
    int64_t us;
    if (!parse_duration(value, &us) || us < 1000)
        return cli_usage("--timeout wants a duration such as 5s, not '%s'", value), false;
    cli->timeout_ms = us / 1000;
    return true;
}

/* Takes one option at *index; false after it said what is wrong. */
static bool take_option(struct cli *cli, struct words *arguments, int *index,
                        const struct option *options, size_t count)
{
    char *word = arguments->words[*index];
    if (word[1] != '-')
        return cli_usage("there is no option %s here; --help lists them", word), false;
    size_t size = strcspn(word + 2, "=");
    const struct option *option = find_option(options, count, word + 2, size);
    if (!option)
        option = common_option(cli, word + 2, size);
    if (!option)
        return cli_usage("there is no option %.*s here; --help lists them", (int)size + 2, word),
               false;
    char *value = word[2 + size] == '=' ? word + 3 + size : NULL;
    if (option->kind == OPTION_FLAG) {
        if (value)
            return cli_usage("--%s takes no value", option->name), false;
    } else if (!value) {
        if (*index + 1 >= arguments->count)
            return cli_usage("--%s wants a value", option->name), false;
        value = arguments->words[++*index];
    }
    return option->to ? set_option(cli, option, value) : set_timeout(cli, value);
}

int command_usage(const struct command *command, FILE *out)
{
    return fprintf(out, "%s%s%s%s%s", command->noun, command->verb ? " " : "",
                   command->verb ? command->verb : "", *command->arguments ? " " : "",
                   command->arguments);
}

static bool wrong_count(const struct cli *cli, const char *what)
{
    fprintf(stderr, "maskline: %s; it is: maskline ", what ? what : "too much");
    command_usage(cli->command, stderr);
    fputc('\n', stderr);
    return false;
}

/* A number may begin with a minus, and a text of one dash is a text. */
static bool like_option(const char *word)
{
    return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

bool cli_options(struct cli *cli, struct words *arguments, const struct option *options,
                 size_t option_count, int least, int most)
{
    int kept = 0;
    bool only_words = false;
    for (int i = 0; i < arguments->count; i++) {
        char *word = arguments->words[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && like_option(word)) {
            if (!take_option(cli, arguments, &i, options, option_count))
                return false;
        } else {
            arguments->words[kept++] = word;
        }
    }
    arguments->count = kept;
    if (kept < least)
        return wrong_count(cli, "something is missing");
    if (kept > most)
        return wrong_count(cli,
                           arena_printf(cli->arena, "'%s' is too much", arguments->words[most]));
    return true;
}
