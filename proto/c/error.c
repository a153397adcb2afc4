#include "proto/c/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/c/utf8.h"

/* The original's code for a field that is not valid. */
enum { ORIGINAL_INVALID_FIELD = 80701 };

static const char *const NAMES[] = {
    [STATUS_OK] = "OK",
    [STATUS_CANCELLED] = "CANCELLED",
    [STATUS_UNKNOWN] = "UNKNOWN",
    [STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [STATUS_NOT_FOUND] = "NOT_FOUND",
    [STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [STATUS_ABORTED] = "ABORTED",
    [STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [STATUS_INTERNAL] = "INTERNAL",
    [STATUS_UNAVAILABLE] = "UNAVAILABLE",
    [STATUS_DATA_LOSS] = "DATA_LOSS",
    [STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

/* Copies what fits and makes UTF-8 of it: the text goes into string fields, which others refuse to read otherwise. */
static void copy_text(char *text, size_t size, const char *from)
{
    size_t length = utf8_prefix(from, size - 1);
    memmove(text, from, length);
    text[length] = '\0';
    utf8_repair(text);
}

/* Like vsnprintf, but does not cut inside a character. */
static void write_text(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= size)
        text[utf8_prefix(text, size - 2)] = '\0'; /* the last byte may be half a character */
    utf8_repair(text);
}

void error_clear(struct error *error)
{
    error->code = STATUS_OK;
    error->original = 0;
    error->reason[0] = '\0';
    error->message[0] = '\0';
    error->retry_ms = -1;
    error->field_count = 0;
    error->metadata_count = 0;
}

bool error_set(struct error *error, enum status_code code, const char *reason, int32_t original,
               const char *format, ...)
{
    /* The arguments may be texts of this very error. */
    char new_reason[sizeof(error->reason)];
    char message[sizeof(error->message)];
    copy_text(new_reason, sizeof(new_reason), reason);
    va_list args;
    va_start(args, format);
    write_text(message, sizeof(message), format, args);
    va_end(args);

    error_clear(error);
    error->code = code;
    error->original = original;
    copy_text(error->reason, sizeof(error->reason), new_reason);
    copy_text(error->message, sizeof(error->message), message);
    return false;
}

bool error_internal(struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "INTERNAL_ERROR", 80504,
                     "Something went wrong here that should not.");
}

bool error_field(struct error *error, const char *name, const char *format, ...)
{
    struct error_field field;
    copy_text(field.name, sizeof(field.name), name);
    va_list args;
    va_start(args, format);
    write_text(field.description, sizeof(field.description), format, args);
    va_end(args);

    if (error->code == STATUS_OK)
        error_set(error, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", ORIGINAL_INVALID_FIELD, "%s: %s",
                  field.name, field.description);
    if (error->field_count < ERROR_FIELDS)
        error->fields[error->field_count++] = field;
    return false;
}

void error_metadata(struct error *error, const char *key, const char *format, ...)
{
    unsigned at = 0;
    char cut[sizeof error->metadata[0].key];
    copy_text(cut, sizeof cut, key);
    while (at < error->metadata_count && strcmp(error->metadata[at].key, cut) != 0)
        at++;
    if (at == ERROR_METADATA)
        return;
    if (at == error->metadata_count)
        error->metadata_count++;
    struct error_pair *pair = &error->metadata[at];
    memcpy(pair->key, cut, strlen(cut) + 1);
    va_list args;
    va_start(args, format);
    write_text(pair->value, sizeof(pair->value), format, args);
    va_end(args);
}

const char *status_code_name(enum status_code code)
{
    /* Codes come from the wire, too. */
    unsigned number = (unsigned)code;
    return number < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[number] : "UNKNOWN";
}
