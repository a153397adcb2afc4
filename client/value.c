#include "client/value.h"

#include "client/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct unit {
    const char *name;
    int64_t factor;
};

static bool parse_with_unit(const char *text, const struct unit *units, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno != 0)
        return false;
    while (units->name && strcmp(end, units->name) != 0)
        units++;
    int64_t value;
    if (!units->name || __builtin_mul_overflow((int64_t)count, units->factor, &value))
        return false;
    *ret_value = value;
    return true;
}

bool parse_duration(const char *text, int64_t *ret_us)
{
    static const struct unit units[] = {{"ms", 1000},
                                        {"s", MICROSECONDS},
                                        {"m", INT64_C(60) * MICROSECONDS},
                                        {"h", INT64_C(3600) * MICROSECONDS},
                                        {"d", INT64_C(86400) * MICROSECONDS},
                                        {"", MICROSECONDS},
                                        {0}};
    return parse_with_unit(text, units, ret_us);
}

bool parse_size(const char *text, int64_t *ret_bytes)
{
    static const struct unit units[] = {{"B", 1},         {"KiB", 1 << 10}, {"MiB", 1 << 20},
                                        {"GiB", 1 << 30}, {"", 1},          {0}};
    return parse_with_unit(text, units, ret_bytes);
}

bool parse_instant(const char *text, int64_t *ret_us)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest || (strcmp(rest, "Z") != 0 && *rest != '\0'))
        return false;
    /* The 31st of February, a 61st second and left-out zeros would be taken for other times than they seem to say. */
    char again[sizeof "9999-12-31T23:59:59"];
    time_t seconds = timegm(&parts);
    if (strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%S", &parts) != sizeof again - 1 ||
        strncmp(again, text, sizeof again - 1) != 0)
        return false;
    *ret_us = (int64_t)seconds * MICROSECONDS;
    return true;
}

bool parse_time(const char *text, const struct clock *clock, int direction, int64_t *ret_us)
{
    int64_t distance;
    if (!parse_duration(text, &distance))
        return parse_instant(text, ret_us);
    int64_t now = clock_now(clock), us;
    if (direction < 0 ? __builtin_sub_overflow(now, distance, &us)
                      : __builtin_add_overflow(now, distance, &us))
        return false;
    *ret_us = us;
    return true;
}

bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0)
        return false;
    *ret_number = number;
    return true;
}

bool parse_enum(const ProtobufCEnumDescriptor *descriptor, const char *word, int *ret_value)
{
    struct arena *arena = arena_new(64 * 1024);
    bool found = false;
    for (unsigned i = 1; arena && i < descriptor->n_values && !found; i++)
        if (strcmp(show_enum(arena, descriptor, descriptor->values[i].value), word) == 0) {
            *ret_value = descriptor->values[i].value;
            found = true;
        }
    arena_free(arena);
    return found;
}
