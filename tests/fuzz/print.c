/*
 * What the command prints of an answer: JSON whatever the message says, cells that are short and one line. A server can say anything.
 *
 * Input: which message, the bytes.
 */
#include "client/cli.h"
#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "maskline/v1/simulator.pb-c.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_check.h"
#include "tests/fuzz/input.h"
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
};
enum { KINDS = sizeof kinds / sizeof *kinds };

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
    free(text);
}

static void check_cell(const char *cell)
{
    size_t size = strlen(cell);
    must(size > 0 && size < 80 && utf8_valid((const uint8_t *)cell, size), "a cell: '%s'", cell);
    must(!strpbrk(cell, "\n\r\t\033"), "a cell in one line: '%s'", cell);
}

/* Times and durations as tables show them. */
static bool look(void *data, ProtobufCMessage *message, unsigned depth)
{
    struct arena *arena = data;
    (void)depth;
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        check_cell(show_time(arena, (const Google__Protobuf__Timestamp *)(void *)message));
    if (message->descriptor == &google__protobuf__duration__descriptor)
        check_cell(show_duration(arena, (const Google__Protobuf__Duration *)(void *)message));
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
    struct input input = {data, size};
    const ProtobufCMessageDescriptor *kind = kinds[input_byte(&input) % KINDS];
    size_t count;
    uint8_t *bytes = input_rest(&input, &count);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(MEMORY);
    if (!arena)
        abort();
    ProtobufCMessage *message;
    struct error error;
    /* As the client's runtime unpacks answers. */
    if (message_unpack(kind, bytes, count, NULL, arena, &message, &error)) {
        check_json(message);
        message_visit(message, &(struct message_visitor){.data = arena, .message = look});
    }
    free(bytes);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const char *const words[] = {"\"",        "\\",           "\x7f", "\x01",
                                        "</script>", "\xe2\x80\xa8", NULL};
    return message_mutate_one_of(kinds, KINDS, data, size, most, seed, words);
}
