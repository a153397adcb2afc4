#include "client/json.h"
#include "client/reflect.h"

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "proto/c/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* What could steer a terminal that shows it is escaped, though JSON asks that of less. */
void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", out);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(out, "\\u%04x", *at);
        else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            fprintf(out, "\\u%04x", *++at);
        else
            fputc(*at, out);
    }
    fputc('"', out);
}

static void print_bytes(FILE *out, const ProtobufCBinaryData *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fputc('"', out);
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t left = bytes->len - i;
        uint32_t three = (uint32_t)bytes->data[i] << 16;
        if (left > 1)
            three |= (uint32_t)bytes->data[i + 1] << 8;
        if (left > 2)
            three |= bytes->data[i + 2];
        fputc(digits[three >> 18], out);
        fputc(digits[three >> 12 & 63], out);
        fputc(left > 1 ? digits[three >> 6 & 63] : '=', out);
        fputc(left > 2 ? digits[three & 63] : '=', out);
    }
    fputc('"', out);
}

/* What is out of its range has no text: it is shown as the message that it is. */
static void print_parts(FILE *out, int64_t seconds, int32_t nanos)
{
    fprintf(out, "{\"seconds\":\"%" PRId64 "\",\"nanos\":%" PRId32 "}", seconds, nanos);
}

/* A fraction of a second with as few digits as tell it all: 3, 6 or 9. */
static void print_nanos(FILE *out, int32_t nanos)
{
    if (nanos == 0)
        return;
    if (nanos % 1000000 == 0)
        fprintf(out, ".%03d", (int)(nanos / 1000000));
    else if (nanos % 1000 == 0)
        fprintf(out, ".%06d", (int)(nanos / 1000));
    else
        fprintf(out, ".%09d", (int)nanos);
}

static void print_timestamp(FILE *out, const Google__Protobuf__Timestamp *value)
{
    time_t seconds = (time_t)value->seconds;
    int64_t us;
    struct tm parts;
    if (!timestamp_to_us(value, &us) || !gmtime_r(&seconds, &parts)) {
        print_parts(out, value->seconds, value->nanos);
        return;
    }
    fprintf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
            parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    print_nanos(out, value->nanos);
    fputs("Z\"", out);
}

static void print_duration(FILE *out, const Google__Protobuf__Duration *value)
{
    int64_t us;
    if (!duration_to_us(value, &us)) {
        print_parts(out, value->seconds, value->nanos);
        return;
    }
    int32_t nanos = value->nanos < 0 ? -value->nanos : value->nanos;
    fprintf(out, "\"%s%" PRId64, value->seconds == 0 && value->nanos < 0 ? "-" : "",
            value->seconds);
    print_nanos(out, nanos);
    fputs("s\"", out);
}

/* JSON has no number for these. */
static void print_real(FILE *out, double value, int digits)
{
    if (isfinite(value))
        fprintf(out, "%.*g", digits, value);
    else
        fprintf(out, "\"%s\"", isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
}

static void print_name(FILE *out, const char *name)
{
    fputc('"', out);
    bool upper = false;
    for (; *name; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        fputc(upper && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name, out);
        upper = false;
    }
    fputs("\":", out);
}

static void print_enum(FILE *out, const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (known)
        json_string(out, known->name);
    else
        fprintf(out, "%d", value);
}

static void print_value(FILE *out, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        fprintf(out, "%" PRId32, *(const int32_t *)at);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        fprintf(out, "%" PRIu32, *(const uint32_t *)at);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        fprintf(out, "\"%" PRId64 "\"", *(const int64_t *)at);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        fprintf(out, "\"%" PRIu64 "\"", *(const uint64_t *)at);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        print_real(out, (double)*(const float *)at, 9);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        print_real(out, *(const double *)at, 17);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        fputs(*(const protobuf_c_boolean *)at ? "true" : "false", out);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(out, field->descriptor, *(const int *)at);
        return;
    case PROTOBUF_C_TYPE_STRING:
        json_string(out, *(char *const *)at);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        print_bytes(out, at);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        json_print(out, *(ProtobufCMessage *const *)at);
        return;
    }
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return 4;
}

/* Whether a field that is not in a oneof has its default value: those are left out. */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *at)
{
    static const char zeros[sizeof(ProtobufCBinaryData)];
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return !*(char *const *)at || !**(char *const *)at;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return !*(ProtobufCMessage *const *)at;
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len == 0;
    return memcmp(at, zeros, value_size(field->type)) == 0;
}

/* Keys are texts in JSON, of whatever type they are; those that are none are written in quotes anyway. */
static void print_map(FILE *out, const ProtobufCMessage *const *entries, size_t count)
{
    fputc('{', out);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *key = &entries[i]->descriptor->fields[0], *value = key + 1;
        const char *base = (const char *)entries[i];
        bool quoted = key->type == PROTOBUF_C_TYPE_INT32 || key->type == PROTOBUF_C_TYPE_UINT32 ||
                      key->type == PROTOBUF_C_TYPE_SINT32 || key->type == PROTOBUF_C_TYPE_FIXED32 ||
                      key->type == PROTOBUF_C_TYPE_SFIXED32 || key->type == PROTOBUF_C_TYPE_BOOL;
        if (i > 0)
            fputc(',', out);
        if (quoted)
            fputc('"', out);
        print_value(out, key, base + key->offset);
        fputs(quoted ? "\":" : ":", out);
        const void *held = base + value->offset;
        if (value->type == PROTOBUF_C_TYPE_MESSAGE && !*(ProtobufCMessage *const *)held)
            fputs("{}", out); /* an entry without a value has the empty one */
        else
            print_value(out, value, held);
    }
    fputc('}', out);
}

static void print_list(FILE *out, const ProtobufCFieldDescriptor *field, const char *values,
                       size_t count)
{
    fputc('[', out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', out);
        print_value(out, field, values + i * value_size(field->type));
    }
    fputc(']', out);
}

static bool print_field(FILE *out, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, bool first)
{
    const char *base = (const char *)message;
    const void *at = base + field->offset;
    bool in_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    size_t count = 1;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    else if (in_oneof)
        count = *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
    else if (is_default(field, at))
        count = 0;
    if (count == 0)
        return false;
    if (!first)
        fputc(',', out);
    print_name(out, field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED && reflect_map(field))
        print_map(out, *(const ProtobufCMessage *const *const *)at, count);
    else if (field->label == PROTOBUF_C_LABEL_REPEATED)
        print_list(out, field, *(char *const *)at, count);
    else
        print_value(out, field, at);
    return true;
}

void json_print(FILE *out, const ProtobufCMessage *message)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        print_timestamp(out, (const Google__Protobuf__Timestamp *)(const void *)message);
        return;
    }
    if (message->descriptor == &google__protobuf__duration__descriptor) {
        print_duration(out, (const Google__Protobuf__Duration *)(const void *)message);
        return;
    }
    fputc('{', out);
    bool first = true;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (print_field(out, message, &message->descriptor->fields[i], first))
            first = false;
    fputc('}', out);
}
