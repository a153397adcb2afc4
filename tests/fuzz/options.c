/*
 * The command line of `maskline`: arguments of any kind are taken or refused, nothing is lost on the way, durations and times mean what
 * they say.
 *
 * Input: arguments, one a line.
 */
#include "client/cli.h"
#include "proto/c/clock.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/oracle.h"

#include <string.h>

enum { WORDS = 24, MEMORY = 1024 * 1024 };

struct values {
    const char *name;
    struct texts people;
    bool force;
    uint64_t after;
    Google__Protobuf__Duration *ttl;
    Google__Protobuf__Timestamp *expire;
};

static const struct command command = {.noun = "session", .verb = "create", .arguments = "SERVICE"};

static void parse(char **words, int count, struct cli *cli, struct values *values,
                  struct words *left, bool *ret_taken)
{
    const struct option options[] = {
        {"name", OPTION_TEXT, &values->name},   {"participant", OPTION_TEXTS, &values->people},
        {"force", OPTION_FLAG, &values->force}, {"after", OPTION_NUMBER, &values->after},
        {"ttl", OPTION_DURATION, &values->ttl}, {"expire", OPTION_TIME, &values->expire},
    };
    *left = (struct words){words, count};
    *ret_taken = cli_options(cli, left, options, sizeof options / sizeof *options, 1, 3);
}

static void check_line(char **words, int count)
{
    char *given[WORDS];
    struct values values = {.name = NULL};
    struct words left;
    bool taken;
    memcpy(given, words, (size_t)count * sizeof *words);
    struct cli cli = {
        .server = "127.0.0.1:1", .timeout_ms = 1, .arena = arena_new(MEMORY), .command = &command};
    if (!cli.arena)
        abort();
    parse(words, count, &cli, &values, &left, &taken);
    must(left.count >= 0 && left.count <= count, "%d of %d words", left.count, count);
    must(!taken || (left.count >= 1 && left.count <= 3), "%d words are left", left.count);
    must(values.people.count <= TEXTS_MOST && cli.timeout_ms >= 1, "within bounds");
    for (int i = 0; taken && i < left.count; i++) {
        bool found = false;
        for (int n = 0; n < count; n++)
            found = found || given[n] == left.words[i];
        must(found, "word %d was given", i);
    }
    int64_t us;
    must(!values.ttl || (duration_to_us(values.ttl, &us) && us >= 0), "a ttl is none");
    must(!values.expire || timestamp_to_us(values.expire, &us), "an expire time is none");
    arena_free(cli.arena);
}

static void check_duration(const char *text)
{
    int64_t us;
    if (!parse_duration(text, &us))
        return;
    must(us >= 0 && text[0] >= '0' && text[0] <= '9', "'%s' is %lld us", text, (long long)us);
    char again[40];
    int64_t again_us;
    if (us % 1000)
        return;
    snprintf(again, sizeof again, "%lldms", (long long)(us / 1000));
    must(parse_duration(again, &again_us) && again_us == us, "'%s' is not '%s'", text, again);
}

/* A time that is written as the program itself would write it means that time, and no other. */
static void check_time(const char *text)
{
    int64_t us, duration;
    bool from_now = parse_duration(text, &duration);
    if (!parse_time(text, &us) || from_now)
        return;
    Google__Protobuf__Timestamp time;
    char *shown = NULL;
    size_t size = 0, length = strcspn(text, "Z");
    must(timestamp_set(&time, us), "'%s' is %lld us", text, (long long)us);
    FILE *out = open_memstream(&shown, &size);
    if (!out)
        abort();
    json_print(out, &time.base);
    if (fclose(out) != 0)
        abort();
    must(size == length + 3 && !strncmp(shown + 1, text, length), "'%s' is taken as %s", text,
         shown);
    free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What it says to people is of no interest here. */
    static FILE *nowhere;
    if (!nowhere && !(nowhere = fopen("/dev/null", "we")))
        abort();
    FILE *errors = stderr;
    struct input input = {data, size};
    char *words[WORDS], *given[WORDS];
    int count = 0;
    while (input.left > 0 && count < WORDS) {
        given[count] = words[count] = input_line(&input);
        count++;
    }
    for (int i = 0; i < count; i++) {
        check_duration(words[i]);
        check_time(words[i]);
    }
    stderr = nowhere;
    check_line(words, count);
    stderr = errors;
    for (int i = 0; i < count; i++)
        free(given[i]);
    return 0;
}
