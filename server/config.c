#include "server/config.h"

#include "proto/c/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, TEXTS, SWITCH, COUNT, BYTES, TIME };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t count_offset; /* TEXTS */
    size_t room;         /* TEXTS */
    int64_t least, most; /* COUNT, BYTES, TIME */
    const char *value;   /* how the help names it */
    const char *standard;
    const char *help;
};

#define AT(member) offsetof(struct config, member)
#define NUMBER(name, kind, member, least, most, value, standard, help)   \
    {                                                                    \
        name, kind, AT(member), 0, 0, least, most, value, standard, help \
    }

#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)

static const struct setting settings[] = {
    {"data", TEXT, AT(data), 0, 0, 0, 0, "DIR", "maskline-data",
     "the store's folder; made when it is missing"},
    {"listen", TEXTS, AT(listen), AT(listen_count), CONFIG_LISTEN, 0, 0, "ADDRESS",
     "127.0.0.1:7766",
     "host:port, [ipv6]:port or unix:/path; port 0 takes a free one; may be repeated"},
    {"carrier", TEXTS, AT(carriers), AT(carrier_count), CONFIG_CARRIERS, 0, 0, "KIND[:NAME]",
     "simulator",
     "simulator, or gateway:NAME for a program that attaches; may be repeated, the first is the "
     "default"},
    {"insecure", SWITCH, AT(insecure), 0, 0, 0, 0, NULL, "no",
     "listen in plain text also on addresses that others can reach"},
    {"port-file", TEXT, AT(port_file), 0, 0, 0, 0, "FILE", "",
     "write the ports listened on into this file, one a line"},
    NUMBER("threads", COUNT, threads, 1, 64, "N", "1", "threads that serve calls"),
    NUMBER("readers", COUNT, readers, 1, 64, "N", "2", "threads for lists and catch-up reads"),
    NUMBER("cache", BYTES, cache, MIB, 1024 * GIB, "SIZE", "64MiB",
           "memory for rows and blocks of the store"),
    NUMBER("min-free", BYTES, min_free, 0, 1024 * 1024 * GIB, "SIZE", "512MiB",
           "refuse writes when the disk has less free space"),
    NUMBER("max-request", BYTES, max_request, KIB, 64 * MIB, "SIZE", "4MiB", "largest request"),
    NUMBER("max-streams", COUNT, max_streams, 1, 1000000, "N", "10000",
           "calls at once on one connection"),
    NUMBER("max-memory", BYTES, max_memory, 0, 1024 * GIB, "SIZE", "1GiB",
           "what all connections together may hold in memory; past it they are cut; 0: no bound"),
    NUMBER("grace", TIME, grace, 0, HOUR, "TIME", "10s",
           "how long calls in flight may take when the server stops"),
    NUMBER("keepalive", TIME, keepalive, SECOND, 24 * HOUR, "TIME", "2h",
           "ping an idle connection so often"),
    NUMBER("keepalive-timeout", TIME, keepalive_timeout, SECOND, HOUR, "TIME", "20s",
           "drop a connection that leaves a ping unanswered so long"),
    NUMBER("max-age", TIME, max_age, 0, 8760 * HOUR, "TIME", "0s",
           "send clients elsewhere after so long; 0: never"),
    NUMBER("max-age-grace", TIME, max_age_grace, SECOND, 24 * HOUR, "TIME", "30s",
           "how long calls may go on over a connection that grew too old"),
    NUMBER("max-idle", TIME, max_idle, 0, 8760 * HOUR, "TIME", "0s",
           "close a connection without calls after so long; 0: never"),
    NUMBER("write-timeout", TIME, write_timeout, SECOND, HOUR, "TIME", "30s",
           "end a stream whose reader takes nothing for so long"),
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static bool bad(struct error *error, const char *from, const struct setting *setting,
                const char *value, const char *why)
{
    const char *name = strncmp(from, "--", 2) == 0 ? from : setting->name;
    return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0, "%s%s%s is '%.60s': %s",
                     name == from ? "" : from, name == from ? "" : ": ", name, value, why);
}

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit byte_units[] = {{"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB},
                                         {"B", 1},     {"", 1},      {NULL, 0}};
static const struct unit time_units[] = {
    {"ms", 1}, {"s", SECOND}, {"m", 60 * SECOND}, {"h", HOUR}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct setting *setting)
{
    return setting->kind == BYTES ? byte_units : setting->kind == TIME ? time_units : no_units;
}

/* "too large; the most is 64MiB", in the largest unit that gives a whole number. */
static void beyond(const struct setting *setting, bool large, char *ret_why, size_t room)
{
    int64_t limit = large ? setting->most : setting->least;
    struct unit best = {"", 1};
    for (const struct unit *unit = units_of(setting); unit->name; unit++)
        if (limit % unit->factor == 0 && unit->factor >= best.factor)
            best = *unit;
    snprintf(ret_why, room, "too %s; the %s is %lld%s", large ? "large" : "small",
             large ? "most" : "least", (long long)(limit / best.factor), best.name);
}

static bool number(const struct setting *setting, const char *text, int64_t *ret_value,
                   char *ret_why, size_t room)
{
    const struct unit *unit = units_of(setting);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || !isdigit((unsigned char)*text) || errno != 0) {
        snprintf(ret_why, room, "not a number");
        return false;
    }
    while (unit->name && strcmp(unit->name, end) != 0)
        unit++;
    if (!unit->name) {
        snprintf(ret_why, room, "%s",
                 setting->kind == BYTES  ? "sizes end in B, KiB, MiB or GiB"
                 : setting->kind == TIME ? "times end in ms, s, m or h"
                                         : "not a number");
        return false;
    }
    int64_t product;
    if (__builtin_mul_overflow((int64_t)value, unit->factor, &product))
        product = INT64_MAX;
    if (product < setting->least || product > setting->most) {
        beyond(setting, product > setting->most, ret_why, room);
        return false;
    }
    *ret_value = product;
    return true;
}

static bool set_text(char *to, const struct setting *setting, const char *from, const char *value,
                     struct error *error)
{
    if (*value == '\0' && *setting->standard != '\0')
        return bad(error, from, setting, value, "empty");
    if (strlen(value) >= CONFIG_TEXT)
        return bad(error, from, setting, value, "longer than 255 bytes");
    memcpy(to, value, strlen(value) + 1);
    return true;
}

static bool set_switch(bool *to, const char *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0) {
            *to = i % 2 != 0;
            return true;
        }
    return false;
}

/* One value for one setting. `first` is false when this source has given an earlier one, to which a TEXTS is added. */
static bool set(struct config *config, const struct setting *setting, const char *from,
                const char *value, bool first, struct error *error)
{
    char *base = (char *)config;
    char why[64];
    switch (setting->kind) {
    case TEXT:
        return set_text(base + setting->offset, setting, from, value, error);
    case TEXTS: {
        size_t *count = (size_t *)(void *)(base + setting->count_offset);
        if (first)
            *count = 0;
        if (*value == '\0')
            return bad(error, from, setting, value, "empty");
        if (*count == setting->room)
            return bad(error, from, setting, value, "too many of them");
        return set_text(base + setting->offset + (*count)++ * CONFIG_TEXT, setting, from, value,
                        error);
    }
    case SWITCH:
        if (set_switch((bool *)(base + setting->offset), value))
            return true;
        return bad(error, from, setting, value, "say yes or no");
    case COUNT:
    case BYTES:
    case TIME:
        break;
    }
    if (number(setting, value, (int64_t *)(void *)(base + setting->offset), why, sizeof why))
        return true;
    return bad(error, from, setting, value, why);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

/* In files and variables several values of one setting are parted by commas, and spaces if one likes. */
static bool set_list(struct config *config, const struct setting *setting, const char *from,
                     const char *value, bool *seen, struct error *error)
{
    if (setting->kind != TEXTS)
        return set(config, setting, from, value, true, error);
    /* Nothing at all is one value, an empty one: it is refused as it is everywhere else. */
    do {
        size_t size = strcspn(value, ",");
        char part[CONFIG_TEXT];
        if (size >= sizeof part)
            return bad(error, from, setting, value, "longer than 255 bytes");
        memcpy(part, value, size);
        part[size] = '\0';
        if (!set(config, setting, from, trim(part), !*seen, error))
            return false;
        *seen = true;
        value += size + (value[size] == ',');
    } while (*value);
    return true;
}

static const struct setting *find(const char *name, size_t size)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strlen(settings[i].name) == size && memcmp(settings[i].name, name, size) == 0)
            return &settings[i];
    return NULL;
}

static bool set_defaults(struct config *config, struct error *error)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTINGS; i++)
        if (!set(config, &settings[i], "default", settings[i].standard, true, error))
            return false;
    return true;
}

/* ---- the file ---- */

static bool read_line(struct config *config, char *line, const char *from, bool *seen,
                      struct error *error)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#')
        return true;
    char *equals = strchr(text, '=');
    if (!equals)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "%s: '%s' is not of the form name = value", from, text);
    *equals = '\0';
    char *name = trim(text);
    const struct setting *setting = find(name, strlen(name));
    if (!setting)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "%s: there is no setting '%s'", from, name);
    return set_list(config, setting, from, trim(equals + 1), &seen[setting - settings], error);
}

static bool read_file(struct config *config, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "cannot read the config file %s: %s", path, strerror(errno));
    bool seen[SETTINGS] = {false};
    char *line = NULL;
    size_t room = 0;
    bool ok = true;
    ssize_t size;
    for (unsigned number_of = 1; ok && (size = getline(&line, &room, file)) >= 0; number_of++) {
        char from[CONFIG_TEXT + 32];
        snprintf(from, sizeof from, "%s:%u", path, number_of);
        /* Whatever stands behind it would be left out, and nobody told. */
        if (strlen(line) != (size_t)size)
            ok = error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                           "%s: there is a NUL in it; settings are text", from);
        else
            ok = read_line(config, line, from, seen, error);
    }
    if (ok && ferror(file))
        ok = error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                       "cannot read the config file %s", path);
    free(line);
    fclose(file);
    return ok;
}

/* ---- the environment ---- */

static void variable_name(const char *name, char *ret_variable, size_t room)
{
    size_t size = (size_t)snprintf(ret_variable, room, "MASKLINE_%s", name);
    for (size_t i = 0; i < size; i++)
        ret_variable[i] =
            ret_variable[i] == '-' ? '_' : (char)toupper((unsigned char)ret_variable[i]);
}

static const char *variable(const char *const *environment, const char *name)
{
    size_t size = strlen(name);
    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            return *environment + size + 1;
    return NULL;
}

static bool read_environment(struct config *config, const char *const *environment,
                             struct error *error)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        char name[64];
        variable_name(settings[i].name, name, sizeof name);
        const char *value = variable(environment, name);
        bool seen = false;
        if (value && !set_list(config, &settings[i], name, value, &seen, error))
            return false;
    }
    return true;
}

/* ---- flags ---- */

struct flag {
    const char *name;
    size_t size;
    const char *value; /* NULL: none was given */
};

/* Takes the flag at *index apart; a value may stand behind = or as the next argument. */
static bool take_flag(int count, const char *const *arguments, int *index, struct flag *ret_flag,
                      struct error *error)
{
    const char *argument = arguments[*index];
    if (strncmp(argument, "--", 2) != 0)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "'%s' is not a flag; --help lists them", argument);
    struct flag flag = {.name = argument + 2, .size = strcspn(argument + 2, "=")};
    const struct setting *setting = find(flag.name, flag.size);
    bool is_config = flag.size == 6 && memcmp(flag.name, "config", 6) == 0;
    if (!setting && !is_config)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "there is no flag %.*s; --help lists them", (int)flag.size + 2, argument);
    if (flag.name[flag.size] == '=')
        flag.value = flag.name + flag.size + 1;
    else if (setting && setting->kind == SWITCH)
        flag.value = "yes";
    else if (*index + 1 < count)
        flag.value = arguments[++*index];
    else
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0, "%s wants a value",
                         argument);
    *ret_flag = flag;
    return true;
}

static bool find_config_file(int count, const char *const *arguments,
                             const char *const *environment, const char **ret_path,
                             struct error *error)
{
    const char *path = variable(environment, "MASKLINE_CONFIG");
    for (int i = 0; i < count; i++) {
        struct flag flag;
        if (!take_flag(count, arguments, &i, &flag, error))
            return false;
        if (!find(flag.name, flag.size))
            path = flag.value;
    }
    *ret_path = path;
    return true;
}

static bool read_flags(struct config *config, int count, const char *const *arguments,
                       struct error *error)
{
    bool seen[SETTINGS] = {false};
    for (int i = 0; i < count; i++) {
        struct flag flag;
        if (!take_flag(count, arguments, &i, &flag, error))
            return false;
        const struct setting *setting = find(flag.name, flag.size);
        if (!setting)
            continue;
        char from[80];
        snprintf(from, sizeof from, "--%s", setting->name);
        if (!set(config, setting, from, flag.value, !seen[setting - settings], error))
            return false;
        seen[setting - settings] = true;
    }
    return true;
}

/* ---- all together ---- */

void config_help(FILE *out)
{
    fputs("Usage: maskline serve [FLAG]...\n\n"
          "Runs a Maskline server until SIGTERM or Ctrl-C; then calls in flight finish, and it "
          "ends. A second signal is\n"
          "quicker.\n\n"
          "Each setting can be given as a flag, as a variable (MASKLINE_MAX_REQUEST for "
          "--max-request), or as a line\n"
          "`name = value` in a config file. Flags win over variables, variables over the file. In "
          "variables and the\n"
          "file, several values of one setting are parted by commas.\n\n",
          out);
    fprintf(out, "  --%-28s a file with settings; variable MASKLINE_CONFIG\n", "config FILE");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *setting = &settings[i];
        char flag[64];
        snprintf(flag, sizeof flag, "%s%s%s", setting->name, setting->value ? " " : "",
                 setting->value ? setting->value : "");
        fprintf(out, "  --%-28s %s\n", flag, setting->help);
        if (*setting->standard && setting->kind != SWITCH)
            fprintf(out, "    %-28s (default %s)\n", "", setting->standard);
    }
    fputs("  --help                         this text\n"
          "  --version                      the version\n\n"
          "Sizes end in B, KiB, MiB or GiB, times in ms, s, m or h.\n\n"
          "Exit codes: 0 it ended as it was asked to; 1 it could not start, or not end in time; 2 "
          "bad "
          "settings.\n",
          out);
}

enum config_outcome config_read(int count, const char *const *arguments,
                                const char *const *environment, FILE *out,
                                struct config *ret_config, struct error *error)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            config_help(out);
            return CONFIG_HELP;
        }
        if (strcmp(arguments[i], "--version") == 0) {
            fputs("maskline " MASKLINE_VERSION "\n", out);
            return CONFIG_VERSION;
        }
    }
    struct config config;
    const char *path = NULL;
    bool ok = set_defaults(&config, error) &&
              find_config_file(count, arguments, environment, &path, error) &&
              (!path || read_file(&config, path, error)) &&
              read_environment(&config, environment, error) &&
              read_flags(&config, count, arguments, error);
    if (!ok)
        return CONFIG_BAD;
    *ret_config = config;
    return CONFIG_OK;
}
