#include "client/table.h"

#include "proto/c/clock.h"
#include "proto/c/utf8.h"

#include <ctype.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { TABLE_ROWS_FIRST = 64, GAP = 2 };

struct table {
    struct arena *arena;
    size_t columns;
    size_t count;
    size_t room;
    const char **cells;       /* heads first */
    const char *const *usual; /* NULL: no column is left out */
};

struct table *table_new(struct arena *arena, const char *const *heads, size_t columns)
{
    struct table *table = arena_alloc(arena, sizeof *table);
    if (!table)
        return NULL;
    table->arena = arena;
    table->columns = columns;
    for (size_t i = 0; i < columns; i++)
        table_cell(table, heads[i]);
    return table;
}

void table_leave_out(struct table *table, const char *const *usual)
{
    if (table)
        table->usual = usual;
}

void table_cell(struct table *table, const char *text)
{
    if (!table)
        return;
    if (table->count == table->room) {
        size_t room = table->room ? table->room * 2 : table->columns * TABLE_ROWS_FIRST;
        const char **cells = arena_array(table->arena, room, sizeof *cells);
        if (!cells)
            return;
        if (table->count > 0)
            memcpy(cells, table->cells, table->count * sizeof *cells);
        table->cells = cells;
        table->room = room;
    }
    const char *copy = arena_string(table->arena, text && *text ? text : "-");
    table->cells[table->count++] = copy ? copy : "?";
}

/* How many bytes of a character that could steer a terminal, or turn round what stands beside it; 0: it is another. */
static unsigned steers(const unsigned char *at)
{
    if (*at < 0x20 || *at == 0x7f)
        return 1;
    /* U+0080 to U+009F: some terminals begin a command at U+009B. */
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
        return 2;
    /* U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069: a number could be shown backwards. */
    bool turns = (at[0] == 0xe2 && at[1] == 0x80 &&
                  (at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae))) ||
                 (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
    return turns ? 3 : 0;
}

void print_plain(const char *text, FILE *out)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned size = steers(at);
        fputc(size ? ' ' : *at, out);
        at += size ? size : 1;
    }
}

static bool says_something(const struct table *table, size_t column)
{
    const char *usual = table->usual[column];
    bool says = !usual;
    for (size_t at = table->columns + column; at < table->count && !says; at += table->columns)
        says = strcmp(table->cells[at], usual) != 0 && strcmp(table->cells[at], "-") != 0;
    return says;
}

/* The table without the columns that say nothing. False: the arena is full. */
static bool pick_columns(const struct table *table, struct table *ret_shown)
{
    *ret_shown = *table;
    if (!table->usual)
        return true;
    bool *says = arena_array(table->arena, table->columns, sizeof *says);
    const char **cells = arena_array(table->arena, table->count, sizeof *cells);
    if (!says || !cells)
        return false;
    ret_shown->cells = cells;
    ret_shown->columns = ret_shown->count = 0;
    for (size_t column = 0; column < table->columns; column++) {
        says[column] = says_something(table, column);
        ret_shown->columns += says[column];
    }
    for (size_t at = 0; at < table->count; at++)
        if (says[at % table->columns])
            cells[ret_shown->count++] = table->cells[at];
    return true;
}

static void measure(const struct table *table, size_t *widths)
{
    memset(widths, 0, table->columns * sizeof *widths);
    for (size_t at = 0; at < table->count; at++) {
        size_t width = utf8_length(table->cells[at]);
        if (width > widths[at % table->columns])
            widths[at % table->columns] = width;
    }
}

static void print_padded(const char *text, size_t width, FILE *out)
{
    print_plain(text, out);
    fprintf(out, "%*s", (int)(width - utf8_length(text)) + GAP, "");
}

/* Rows that a terminal would break are hard to read. Into files and pipes they go as they are. */
static bool too_wide(const struct table *table, const size_t *widths, FILE *out)
{
    struct winsize window;
    size_t whole = (table->columns - 1) * GAP;
    for (size_t column = 0; column < table->columns; column++)
        whole += widths[column];
    return table->count > table->columns && ioctl(fileno(out), TIOCGWINSZ, &window) == 0 &&
           window.ws_col > 0 && whole > window.ws_col;
}

static void print_as_lines(const struct table *table, FILE *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < table->columns; i++)
        if (strlen(table->cells[i]) > widest)
            widest = strlen(table->cells[i]);
    for (size_t at = table->columns; at < table->count; at++) {
        size_t column = at % table->columns;
        if (column == 0 && at > table->columns)
            fputc('\n', out);
        print_padded(table->cells[column], widest, out);
        print_plain(table->cells[at], out);
        fputc('\n', out);
    }
}

static void print_as_rows(const struct table *table, const size_t *widths, FILE *out)
{
    for (size_t at = 0; at < table->count; at++) {
        size_t column = at % table->columns;
        if (column + 1 < table->columns) {
            print_padded(table->cells[at], widths[column], out);
            continue;
        }
        print_plain(table->cells[at], out);
        fputc('\n', out);
    }
}

void table_print(const struct table *table, FILE *out)
{
    struct table shown;
    size_t *widths = table && pick_columns(table, &shown)
                         ? arena_array(table->arena, shown.columns, sizeof *widths)
                         : NULL;
    if (!widths)
        return;
    measure(&shown, widths);
    if (too_wide(&shown, widths, out))
        print_as_lines(&shown, out);
    else
        print_as_rows(&shown, widths, out);
}

const char *show_time(struct arena *arena, const Google__Protobuf__Timestamp *value)
{
    if (!value)
        return "-";
    time_t seconds = (time_t)value->seconds;
    struct tm parts;
    char text[40];
    if (!gmtime_r(&seconds, &parts) ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return "?";
    return arena_string(arena, text);
}

const char *show_duration(struct arena *arena, const Google__Protobuf__Duration *value)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    if (!value)
        return "-";
    if (value->seconds == 0)
        return value->nanos == 0 ? "0" : arena_printf(arena, "%dms", (int)(value->nanos / 1000000));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (value->seconds % units[i].seconds == 0)
            return arena_printf(arena, "%lld%s", (long long)(value->seconds / units[i].seconds),
                                units[i].name);
    return "?";
}

/* How much of the enum's values is their common beginning, which people need not read. */
static size_t enum_prefix(const ProtobufCEnumDescriptor *descriptor)
{
    const char *zero = descriptor->values[0].name;
    const char *unspecified = strstr(zero, "UNSPECIFIED");
    return unspecified ? (size_t)(unspecified - zero) : 0;
}

const char *show_enum(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (!known)
        return arena_printf(arena, "%d", value);
    size_t prefix = enum_prefix(descriptor);
    char *text =
        arena_string(arena, strlen(known->name) >= prefix ? known->name + prefix : known->name);
    if (!text || strcmp(text, "UNSPECIFIED") == 0)
        return "-";
    for (char *at = text; *at; at++)
        *at = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
    return text;
}
