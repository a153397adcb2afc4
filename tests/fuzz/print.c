/*
 * What the command prints of an answer: JSON whatever the message says, cells that are short and one line, tables of as many lines as
 * they have rows, with nothing in them that steers a terminal. A server can say anything.
 *
 * Input: which message, the bytes.
 */
#include "client/command.h"
#include "client/json.h"
#include "client/reflect.h"
#include "client/story.h"
#include "client/table.h"
#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "maskline/v1/simulator.pb-c.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_check.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/json.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"
#include "tests/unit/proto/c/kinds.pb-c.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024 };

static const ProtobufCMessageDescriptor *const kinds[] = {
    &google__protobuf__timestamp__descriptor,
    &google__protobuf__duration__descriptor,
    &kinds__kinds__descriptor,
    &maskline__v1__session__descriptor,
    &maskline__v1__service__descriptor,
    &maskline__v1__phone_number__descriptor,
    &maskline__v1__stream_events_response__descriptor,
    &maskline__v1__list_events_response__descriptor,
    &maskline__v1__watch_handset_response__descriptor,
    &maskline__v1__interaction__descriptor,
    &maskline__v1__participant__descriptor,
    &maskline__v1__list_sessions_response__descriptor,
    &maskline__v1__list_interactions_response__descriptor,
    &maskline__v1__list_phone_numbers_response__descriptor,
    &maskline__v1__list_handsets_response__descriptor,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Control characters, those of two bytes in UTF-8, too: some terminals take U+009B for the beginning of a command. */
static bool steers(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at < 0x20 && *at != '\n') || *at == 0x7f ||
            (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
            return true;
    return false;
}

static void check_json(const ProtobufCMessage *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    json_print(out, message);
    if (fclose(out) != 0)
        abort();
    const char *at;
    must(json_valid(text, &at), "%s is no JSON at %.20s: %s", message->descriptor->name, at, text);
    must(strlen(text) == size && utf8_valid((const uint8_t *)text, size),
         "it is one text in UTF-8");
    must(!strchr(text, '\n') && !steers(text), "JSON is one line, and plain: %s", text);
    free(text);
}

static void check_cell(const char *cell)
{
    size_t size = strlen(cell);
    must(size > 0 && size < 80 && utf8_valid((const uint8_t *)cell, size), "a cell: '%s'", cell);
    must(!strchr(cell, '\n') && !steers(cell), "a cell in one line: '%s'", cell);
}

/* ---- tables ---- */

/* The rows of one table: messages of one kind, as a view shows them. */
struct rows {
    struct arena *arena;
    const ProtobufCMessage *const *messages;
    size_t count;
};

static void check_table(const struct rows *rows, const struct view *view)
{
    struct table *table = table_new(rows->arena, view->heads, view->columns);
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    if (!table || !out)
        abort();
    table_leave_out(table, view->usual);
    for (size_t i = 0; i < rows->count; i++)
        view->row(rows->arena, table, rows->messages[i]);
    must(!arena_full(rows->arena), "a table of %zu rows has room", rows->count);
    table_print(table, out);
    if (fclose(out) != 0)
        abort();
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    must(lines == rows->count + 1 && text[size - 1] == '\n', "%zu rows are %zu lines: %s",
         rows->count, lines, text);
    must(strlen(text) == size && utf8_valid((const uint8_t *)text, size) && !steers(text),
         "a table is plain: %s", text);
    for (size_t i = 0; i < view->columns; i++)
        must(strstr(text, view->heads[i]) || (view->usual && view->usual[i]),
             "a column has its head, or may be left out: %s", text);
    free(text);
}

/* By each view that a command has for messages of that kind. */
static void check_views(const struct rows *rows)
{
    const ProtobufCMessageDescriptor *kind = rows->messages[0]->descriptor;
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++) {
            const ProtobufCFieldDescriptor *shown =
                command->view && command->method && command->shown
                    ? reflect_field(command->method->response, command->shown)
                    : NULL;
            if (shown && shown->descriptor == kind)
                check_table(rows, command->view);
        }
}

/* A list that a command shows as a table. */
static void check_lists(struct arena *arena, const ProtobufCMessage *message)
{
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        struct rows rows = {.arena = arena};
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label != PROTOBUF_C_LABEL_REPEATED)
            continue;
        rows.count = reflect_messages(message, field->name, &rows.messages);
        if (rows.count > 0)
            check_views(&rows);
    }
}

/* ---- events as sentences ---- */

/* In place of client/names.c, which asks a server: names are what the event itself says. */
struct names *names_new(struct cli *cli)
{
    (void)cli;
    return NULL;
}

void names_free(struct names *names)
{
    (void)names;
}

const char *short_sid(const char *sid, char ret_text[SHORT_SID])
{
    snprintf(ret_text, SHORT_SID, "%s", *sid ? "KI..000000" : "-");
    return ret_text;
}

const char *names_session(struct names *names, const Maskline__V1__Event *event)
{
    (void)names;
    return event->session_sid;
}

struct person names_person(struct names *names, const Maskline__V1__Event *event,
                           const char *participant)
{
    (void)names;
    return (struct person){participant, event->service_sid};
}

static void check_story(struct arena *arena, const Maskline__V1__Event *event)
{
    struct cli cli = {.arena = arena};
    char *text = NULL;
    size_t size = 0;
    FILE *people = stdout, *ear = open_memstream(&text, &size);
    if (!ear)
        abort();
    stdout = ear;
    story_tell(&cli, NULL, arena, event);
    stdout = people;
    if (fclose(ear) != 0)
        abort();
    must(strchr(text, '\n') == text + size - 1 && !steers(text), "a sentence is one line: %s",
         text);
    free(text);
}

/* ---- one message ---- */

/* Times and durations as tables show them. */
static bool look(void *data, ProtobufCMessage *message, unsigned depth)
{
    struct arena *arena = data;
    (void)depth;
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        check_cell(show_time(arena, (const Google__Protobuf__Timestamp *)(void *)message));
    if (message->descriptor == &google__protobuf__duration__descriptor)
        check_cell(show_duration(arena, (const Google__Protobuf__Duration *)(void *)message));
    if (message->descriptor == &maskline__v1__event__descriptor)
        check_story(arena, (const Maskline__V1__Event *)(const void *)message);
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        char *values;
        if (field->type == PROTOBUF_C_TYPE_ENUM && field_values(message, field, &values))
            check_cell(show_enum(arena, field->descriptor, *(int *)(void *)values));
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    const ProtobufCMessageDescriptor *kind = kinds[feed_byte(&feed) % KINDS];
    size_t count;
    uint8_t *bytes = feed_rest(&feed, &count);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(MEMORY);
    if (!arena)
        abort();
    ProtobufCMessage *message;
    struct error error;
    /* As the client's runtime unpacks answers. */
    if (message_unpack(kind, bytes, count, NULL, arena, &message, &error)) {
        check_json(message);
        const ProtobufCMessage *const alone[] = {message};
        check_views(&(struct rows){arena, alone, 1});
        check_lists(arena, message);
        message_visit(message, &(struct message_visitor){.data = arena, .message = look});
    }
    free(bytes);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const char *const words[] = {"\"",           "\\",       "\x7f", "\x01", "</script>",
                                        "\xe2\x80\xa8", "\xc2\x9b", "\n",   NULL};
    return message_mutate_one_of(kinds, KINDS, data, size, most, seed, words);
}
