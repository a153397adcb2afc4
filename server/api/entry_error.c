#include "server/api/entry_error.h"

static Maskline__V1__EntryError__MetadataEntry *pair(struct arena *arena, const char *key,
                                                     const char *value)
{
    Maskline__V1__EntryError__MetadataEntry *message =
        message_new(arena, &maskline__v1__entry_error__metadata_entry__descriptor);
    if (!message)
        return NULL;
    message->key = message_text(key);
    message->value = message_text(value);
    return message;
}

static void set_metadata(struct arena *arena, const struct error *error,
                         Maskline__V1__EntryError *message)
{
    struct message_list list = message_list_new(arena, error->metadata_count + 1);
    for (unsigned i = 0; i < error->metadata_count; i++)
        message_list_add(&list, pair(arena, error->metadata[i].key, error->metadata[i].value));
    char *code = error->original ? arena_printf(arena, "%d", (int)error->original) : NULL;
    if (code)
        message_list_add(&list, pair(arena, "original_code", code));
    message->metadata = (Maskline__V1__EntryError__MetadataEntry **)list.items;
    message->n_metadata = list.count;
}

static void set_fields(struct arena *arena, const struct error *error,
                       Maskline__V1__EntryError *message)
{
    struct message_list list = message_list_new(arena, error->field_count);
    for (unsigned i = 0; i < error->field_count; i++) {
        Maskline__V1__EntryFieldViolation *field =
            message_new(arena, &maskline__v1__entry_field_violation__descriptor);
        if (!field)
            return;
        field->field = message_text(error->fields[i].name);
        field->description = message_text(error->fields[i].description);
        message_list_add(&list, field);
    }
    message->field_violations = (Maskline__V1__EntryFieldViolation **)list.items;
    message->n_field_violations = list.count;
}

Maskline__V1__EntryError *entry_error(struct arena *arena, const struct error *error)
{
    Maskline__V1__EntryError *message = message_new(arena, &maskline__v1__entry_error__descriptor);
    if (!message)
        return NULL;
    message->code = (int32_t)error->code;
    message->message = message_text(error->message);
    message->reason = message_text(error->reason);
    set_metadata(arena, error, message);
    set_fields(arena, error, message);
    if (error->retry_ms >= 0)
        message->retry_delay = duration_new(arena, error->retry_ms * 1000);
    return message;
}
