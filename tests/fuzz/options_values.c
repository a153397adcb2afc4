#include "tests/fuzz/options_values.h"

#include "client/json.h"
#include "client/value.h"
#include "tests/fuzz/oracle.h"

#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = {{"ms", 1000},
                                             {"s", MICROSECONDS},
                                             {"", MICROSECONDS},
                                             {"m", INT64_C(60) * MICROSECONDS},
                                             {"h", INT64_C(3600) * MICROSECONDS},
                                             {"d", INT64_C(86400) * MICROSECONDS},
                                             {NULL, 0}};
static const struct unit size_units[] = {
    {"B", 1}, {"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1 << 30}, {NULL, 0}};

/* Digits and a unit, worked out in numbers that are wide enough for all that can be said. */
static bool measure(const char *text, const struct unit *units, int64_t *ret_value)
{
    __int128 value = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && value <= INT64_MAX; i++)
        value = value * 10 + (text[i] - '0');
    while (units->name && strcmp(units->name, text + digits) != 0)
        units++;
    /* What is more before its unit has been counted is more after it. */
    if (digits == 0 || !units->name || value > INT64_MAX || value * units->factor > INT64_MAX)
        return false;
    *ret_value = (int64_t)(value * units->factor);
    return true;
}

bool measure_duration(const char *text, int64_t *ret_us)
{
    return measure(text, duration_units, ret_us);
}

bool measure_size(const char *text, int64_t *ret_bytes)
{
    return measure(text, size_units, ret_bytes);
}

void check_measures(const char *text)
{
    int64_t expected = 0, us = -1, bytes = -1;
    uint64_t number = 0;
    bool is_duration = measure_duration(text, &expected);
    must(parse_duration(text, &us) == is_duration && us == (is_duration ? expected : -1),
         "the duration '%s' is %lld us", text, (long long)us);
    bool is_size = measure_size(text, &expected);
    must(parse_size(text, &bytes) == is_size && bytes == (is_size ? expected : -1),
         "the size '%s' is %lld bytes", text, (long long)bytes);
    if (!parse_number(text, &number)) {
        must(!is_size || text[strspn(text, "0123456789")] != '\0', "'%s' is a number", text);
        return;
    }
    char again[24];
    const char *significant = text + strspn(text, "0");
    snprintf(again, sizeof again, "%llu", (unsigned long long)number);
    must(strcmp(*significant ? significant : "0", again) == 0, "the number '%s' is %s", text,
         again);
}

/* An instant that is written as the program itself would write it means that instant, and no other. */
static void check_shown(const char *text, int64_t us)
{
    Google__Protobuf__Timestamp time;
    char *shown = NULL;
    size_t size = 0, length = strcspn(text, "Z");
    google__protobuf__timestamp__init(&time);
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

void check_time(const char *text, int64_t now)
{
    struct manual_clock manual = {0};
    struct clock clock = clock_manual(&manual);
    manual_clock_set(&manual, now);
    int64_t instant = -1, distance = -1, later = -1, earlier = -1;
    bool is_instant = parse_instant(text, &instant);
    if (is_instant)
        check_shown(text, instant);
    bool is_distance = parse_duration(text, &distance);
    bool has_later = parse_time(text, &clock, 1, &later);
    bool has_earlier = parse_time(text, &clock, -1, &earlier);
    if (!is_distance) {
        must(has_later == is_instant && has_earlier == is_instant, "'%s' is a time", text);
        must(later == instant && earlier == instant, "'%s' is %lld or %lld", text, (long long)later,
             (long long)earlier);
        return;
    }
    __int128 after = (__int128)now + distance, before = (__int128)now - distance;
    must(has_later == (after <= INT64_MAX) && (!has_later || later == (int64_t)after),
         "'%s' later is %lld", text, (long long)later);
    must(has_earlier == (before >= INT64_MIN) && (!has_earlier || earlier == (int64_t)before),
         "'%s' earlier is %lld", text, (long long)earlier);
}
