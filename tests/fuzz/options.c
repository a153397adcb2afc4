/*
 * The command line of `maskline`, for every command of its tables: words of any kind are taken or refused, as a second reading of the table
 * has it; nothing is lost on the way; what was given goes into the request; durations, sizes and times mean what they say.
 *
 * Input: the command ("session create"; what is no command's name stands for some command), then its words, one a line.
 */
#include "client/cli.h"
#include "client/reflect.h"
#include "client/value.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/options_lines.h"
#include "tests/fuzz/options_values.h"
#include "tests/fuzz/oracle.h"

#include <ctype.h>
#include <string.h>

enum { WORDS = 96, MEMORY = 1024 * 1024 };

/* ---- a second reading of the table ---- */

struct reading {
    const struct command *command;
    int64_t begin; /* by the clock on the wall */
    char *words[WORDS];
    int word_count;
    struct {
        const struct option *option;
        char *text;
    } options[WORDS], common[WORDS];
    int option_count, common_count;
};

static const struct option *by_name(const struct option *option, const char *name)
{
    size_t size = strcspn(name, "=");
    for (; option && option->name; option++)
        if (strncmp(option->name, name, size) == 0 && option->name[size] == '\0')
            return option;
    return NULL;
}

static const struct option *by_letter(const struct option *option, char letter)
{
    for (; option && option->name; option++)
        if (option->letter == letter)
            return option;
    return NULL;
}

static bool choice_fits(const struct option *option, const char *text)
{
    int value;
    if (option->values)
        return parse_enum(option->values, text, &value);
    for (const char *const *choice = option->choices; *choice; choice++)
        if (strcmp(*choice, text) == 0)
            return true;
    return false;
}

static bool value_fits(const struct option *option, const char *text)
{
    struct clock clock = clock_real();
    uint64_t number;
    int64_t value;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_FLAG:
    case OPTION_UNFLAG:
        return true;
    case OPTION_NUMBER:
        return parse_number(text, &number) && number <= INT64_MAX;
    case OPTION_DURATION:
        return parse_duration(text, &value);
    case OPTION_TIME:
    case OPTION_PAST:
        return parse_time(text, &clock, option->kind == OPTION_TIME ? 1 : -1, &value);
    case OPTION_SIZE:
        return parse_size(text, &value);
    case OPTION_PAIR:
        return *text == '\0' || (*text != '=' && strchr(text, '='));
    case OPTION_CHOICE:
        return choice_fits(option, text);
    }
    return false;
}

/* Whether the words at *index are an option that can be taken. */
static bool read_option(struct reading *reading, char **words, int count, int *index)
{
    char *word = words[*index], *text = NULL;
    bool is_long = word[1] == '-', is_common = false;
    const struct option *option = is_long ? by_name(reading->command->options, word + 2)
                                          : by_letter(reading->command->options, word[1]);
    if (!option && is_long) {
        option = by_name(common_options, word + 2);
        is_common = true;
    }
    if (!option)
        return false;
    if (is_long && strchr(word, '='))
        text = strchr(word, '=') + 1;
    else if (!is_long && word[2])
        text = word + 2;
    if (!option->value != !text && (!option->value || ++*index == count))
        return false;
    if (option->value && !text)
        text = words[*index];
    if (text && !value_fits(option, text))
        return false;
    int64_t us;
    if (is_common && strcmp(option->name, "timeout") == 0 && parse_duration(text, &us) && us < 1000)
        return false;
    int *at = is_common ? &reading->common_count : &reading->option_count;
    (is_common ? reading->common : reading->options)[*at].option = option;
    (is_common ? reading->common : reading->options)[(*at)++].text = text;
    return true;
}

/* No more of them than there is room for. */
static bool counts_fit(const struct reading *reading)
{
    for (int i = 0; i < reading->option_count; i++) {
        int same = 0;
        for (int j = 0; j < reading->option_count; j++)
            same += reading->options[j].option == reading->options[i].option;
        if (reading->options[i].option->many && same > MANY_MOST)
            return false;
    }
    return reading->option_count <= WORDS_MOST;
}

static bool words_fit(const struct reading *reading)
{
    int most = 0, least = 0;
    for (; most < ARGUMENTS_MOST && reading->command->arguments[most].name; most++)
        least += !reading->command->arguments[most].optional;
    for (int i = 0; i < reading->word_count && i < most; i++) {
        const char *const *choice = reading->command->arguments[i].choices;
        bool fits = !choice;
        for (; choice && *choice; choice++)
            fits = fits || strcmp(*choice, reading->words[i]) == 0;
        if (!fits)
            return false;
    }
    return reading->word_count >= least && reading->word_count <= most;
}

/* False when the line is to be refused. */
static bool read_again(struct reading *reading, char **words, int count)
{
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        char *word = words[i];
        bool is_option = word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
        if (only_words || !is_option)
            reading->words[reading->word_count++] = word;
        else if (word[2] == '\0' && word[1] == '-')
            only_words = true;
        else if (!read_option(reading, words, count, &i))
            return false;
    }
    return counts_fit(reading) && words_fit(reading);
}

/* ---- what was taken ---- */

/* The wall clock may be set meanwhile, but hardly by more. */
static bool is_about(int64_t us, int64_t expected)
{
    const int64_t slack = INT64_C(600) * MICROSECONDS;
    return us >= expected - slack && us <= expected + slack;
}

static void check_when(const struct reading *reading, const struct given *given)
{
    int64_t distance, instant;
    bool relative = parse_duration(given->text, &distance);
    must(given->relative == relative, "--%s '%s'", given->option->name, given->text);
    if (!relative) {
        must(parse_instant(given->text, &instant) && given->value == instant, "--%s '%s' is %lld",
             given->option->name, given->text, (long long)given->value);
        return;
    }
    must(is_about(given->value,
                  reading->begin + (given->option->kind == OPTION_TIME ? distance : -distance)),
         "--%s '%s' is %lld", given->option->name, given->text, (long long)given->value);
}

static void check_given(const struct reading *reading, const struct given *given,
                        struct arena *arena)
{
    const struct option *option = given->option;
    int64_t value = given->value;
    uint64_t number = 0;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_PAIR:
        break;
    case OPTION_FLAG:
    case OPTION_UNFLAG:
        must(given->value == (option->kind == OPTION_FLAG), "--%s", option->name);
        break;
    case OPTION_NUMBER:
        must(parse_number(given->text, &number) && (uint64_t)given->value == number, "--%s '%s'",
             option->name, given->text);
        break;
    case OPTION_DURATION:
        must(measure_duration(given->text, &value) && value == given->value, "--%s '%s'",
             option->name, given->text);
        break;
    case OPTION_SIZE:
        must(measure_size(given->text, &value) && value == given->value, "--%s '%s'", option->name,
             given->text);
        break;
    case OPTION_TIME:
    case OPTION_PAST:
        check_when(reading, given);
        break;
    case OPTION_CHOICE:
        must(strcmp(option->values ? show_enum(arena, option->values, (int)value)
                                   : option->choices[value],
                    given->text) == 0,
             "--%s '%s' is %lld", option->name, given->text, (long long)value);
        break;
    }
}

/* What stands for all commands: the last that was said holds. */
static void check_common(const struct reading *reading, const struct cli *cli,
                         const struct cli *before)
{
    const char *server = before->server;
    bool json = before->json, color = before->color;
    int64_t timeout = before->timeout_ms * 1000;
    for (int i = 0; i < reading->common_count; i++) {
        const char *name = reading->common[i].option->name, *text = reading->common[i].text;
        if (strcmp(name, "server") == 0)
            server = text;
        if (strcmp(name, "timeout") == 0)
            must(measure_duration(text, &timeout), "--timeout %s", text);
        if (strcmp(name, "color") == 0 && strcmp(text, "auto") != 0)
            color = strcmp(text, "always") == 0;
        json = json || strcmp(name, "json") == 0;
    }
    must(cli->server == server && cli->json == json && cli->color == color &&
             cli->timeout_ms == timeout / 1000,
         "%s, %lld ms", cli->server, (long long)cli->timeout_ms);
}

static void check_taken(const struct reading *reading, const struct cli *cli,
                        const struct cli *before)
{
    must(cli->input.words.count == reading->word_count, "%d words of %d", cli->input.words.count,
         reading->word_count);
    for (int i = 0; i < reading->word_count; i++)
        must(cli->input.words.words[i] == reading->words[i] &&
                 input_word(cli, i) == reading->words[i],
             "word %d is '%s'", i, cli->input.words.words[i]);
    must(!input_word(cli, reading->word_count), "a word of nowhere");
    must(cli->input.given_count == (size_t)reading->option_count, "%zu options of %d",
         cli->input.given_count, reading->option_count);
    for (int i = 0; i < reading->option_count; i++) {
        const struct given *given = &cli->input.given[i];
        must(given->option == reading->options[i].option && given->text == reading->options[i].text,
             "option %d is --%s", i, given->option->name);
        check_given(reading, given, cli->arena);
    }
    check_common(reading, cli, before);
}

/* ---- what is asked for ---- */

static void check_field(const struct cli *cli, const ProtobufCMessage *request, const char *path,
                        const char *text, int64_t value)
{
    const ProtobufCFieldDescriptor *field = reflect_field(request->descriptor, path);
    char name[64];
    int64_t us;
    must(field, "%s has no %s", request->descriptor->name, path);
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        request = reflect_message(request, name);
        must(request, "%s is not made", name);
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return;
    const void *at = (const char *)request + field->offset;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        must(*(char *const *)at == text, "%s is '%s'", path, *(char *const *)at);
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        must(*(const protobuf_c_boolean *)at == (value != 0), "%s", path);
    else if (field->type == PROTOBUF_C_TYPE_UINT32)
        must(*(const uint32_t *)at == value, "%s is %u", path, *(const uint32_t *)at);
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        must(*(const int *)at == value, "%s is %d", path, *(const int *)at);
    else if (field->descriptor == &google__protobuf__timestamp__descriptor)
        must(timestamp_to_us(*(Google__Protobuf__Timestamp *const *)at, &us) && us == value,
             "%s is not %lld", path, (long long)value);
    else if (field->descriptor == &google__protobuf__duration__descriptor)
        must(duration_to_us(*(Google__Protobuf__Duration *const *)at, &us) && us == value,
             "%s is not %lld", path, (long long)value);
    else if (field->type == PROTOBUF_C_TYPE_UINT32)
        must(*(const uint32_t *)at == (uint32_t)value, "%s is %u", path, *(const uint32_t *)at);
    else
        must(false, "%s.%s: say here how it is checked", cli->command->noun, path);
}

/* How many values a repeated field has, at the end of a path. */
static size_t count_at(const ProtobufCMessage *request, const char *path)
{
    char name[64];
    for (const char *dot; request && (dot = strchr(path, '.')); path = dot + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        request = reflect_message(request, name);
    }
    const ProtobufCMessage *const *values;
    return request ? reflect_messages(request, path, &values) : 0;
}

static void check_request(const struct cli *cli, const ProtobufCMessage *request)
{
    const struct command *command = cli->command;
    for (int i = 0; i < cli->input.words.count; i++)
        if (command->arguments[i].field)
            check_field(cli, request, command->arguments[i].field, input_word(cli, i), 0);
    for (size_t i = 0; i < cli->input.given_count; i++) {
        const struct given *given = &cli->input.given[i], *last = given;
        const char *path = given->option->field;
        size_t same = 0, marks = 0;
        for (size_t j = 0; path && j < cli->input.given_count; j++) {
            const char *other = cli->input.given[j].option->field;
            bool none = given->option->kind == OPTION_PAIR && !*cli->input.given[j].text;
            marks += other && strcmp(other, path) == 0 && !none;
            same += cli->input.given[j].option == given->option;
            if (other && strcmp(other, path) == 0)
                last = &cli->input.given[j];
        }
        if (!path)
            continue;
        check_field(cli, request, path, last->text, last->value);
        if (reflect_field(request->descriptor, path)->label == PROTOBUF_C_LABEL_REPEATED)
            must(count_at(request, path) == marks, "%s has not %zu values", path, marks);
        else
            must(same == marks || command->fill, "two options write %s", path);
    }
}

/* ---- one line ---- */

/* What was said of it: one line, and something in it. */
static void check_complaint(const char *said, size_t size, bool is_refused)
{
    if (!is_refused) {
        must(size == 0, "it was taken, and yet: %s", said);
        return;
    }
    must(strncmp(said, "maskline: ", 10) == 0 && size > 12, "it says why: '%s'", said);
    must(strchr(said, '\n') == said + size - 1, "it says it once: '%s'", said);
}

static void check_line(const struct command *command, char **words, int count)
{
    struct reading reading = {.command = command};
    struct cli cli = {
        .server = "127.0.0.1:1", .timeout_ms = 1, .arena = arena_new(MEMORY), .command = command};
    const struct cli before = cli;
    char *given[WORDS], *said = NULL;
    size_t size = 0;
    FILE *errors = stderr, *ear = open_memstream(&said, &size);
    if (!cli.arena || !ear)
        abort();
    memcpy(given, words, (size_t)count * sizeof *words);
    bool can_be_taken = read_again(&reading, words, count);
    struct clock clock = clock_real();
    reading.begin = clock_now(&clock);
    stderr = ear;
    bool taken = input_read(&cli, (struct words){given, count});
    const ProtobufCMessage *request =
        taken && command->method && !command->run ? cli_request(&cli) : NULL;
    stderr = errors;
    if (fclose(ear) != 0)
        abort();
    must(taken == can_be_taken, "%s %s: %s", command->noun, command->verb ? command->verb : "",
         taken ? "taken" : said);
    check_complaint(said, size, !taken || (command->method && !command->run && !request));
    if (taken)
        check_taken(&reading, &cli, &before);
    if (request)
        check_request(&cli, request);
    arena_free(cli.arena);
    free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    char *words[WORDS];
    int count = 0;
    int64_t now = (int64_t)size * MICROSECONDS;
    char *name = feed_line(&feed);
    while (feed.left > 0 && count < WORDS)
        words[count++] = feed_line(&feed);
    for (int i = 0; i < count; i++) {
        const char *value = strchr(words[i], '=');
        check_measures(value ? value + 1 : words[i]);
        check_time(value ? value + 1 : words[i], now);
    }
    check_line(line_command(name), words, count);
    for (int i = 0; i < count; i++)
        free(words[i]);
    free(name);
    return 0;
}
