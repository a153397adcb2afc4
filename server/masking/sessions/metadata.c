#include "server/masking/sessions/metadata.h"

#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/rows/forms.h"

#include <string.h>

bool metadata_new(struct arena *arena, size_t count, struct metadata *ret_metadata)
{
    struct metadata metadata = {.count = count};
    if (!count) {
        *ret_metadata = metadata;
        return true;
    }
    Maskline__Store__V1__MetadataItem *items = arena_array(arena, count, sizeof *items);
    metadata.items = arena_array(arena, count, sizeof *metadata.items);
    if (!items || !metadata.items)
        return false;
    for (size_t i = 0; i < count; i++) {
        maskline__store__v1__metadata_item__init(&items[i]);
        metadata.items[i] = &items[i];
    }
    *ret_metadata = metadata;
    return true;
}

/* Where the key stands, or belongs, among the first `count`. */
static size_t place_of(const struct metadata *metadata, size_t count, const char *key,
                       bool *ret_there)
{
    size_t low = 0, high = count;
    *ret_there = false;
    while (low < high && !*ret_there) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, metadata->items[middle]->key);
        *ret_there = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

void metadata_tidy(struct metadata *metadata)
{
    size_t count = 0;
    for (size_t i = 0; i < metadata->count; i++) {
        Maskline__Store__V1__MetadataItem *item = metadata->items[i];
        bool there;
        size_t place = place_of(metadata, count, item->key, &there);
        if (!there) {
            memmove(&metadata->items[place + 1], &metadata->items[place],
                    (count - place) * sizeof(Maskline__Store__V1__MetadataItem *));
            count++;
        }
        metadata->items[place] = item;
    }
    metadata->count = count;
}

void metadata_form(struct error *error, const struct metadata *metadata)
{
    size_t bytes = 0;
    for (size_t i = 0; i < metadata->count; i++) {
        const Maskline__Store__V1__MetadataItem *item = metadata->items[i];
        bytes += strlen(item->key) + strlen(item->value);
        if (!*item->key || utf8_length(item->key) > METADATA_KEY_MOST)
            error_field(error, "metadata", "Keys have 1 to %d characters.", METADATA_KEY_MOST);
        else if (utf8_length(item->value) > METADATA_VALUE_MOST)
            error_field(error, "metadata", "Values have at most %d characters.",
                        METADATA_VALUE_MOST);
        else
            continue;
        return;
    }
    if (metadata->count > METADATA_MOST)
        error_field(error, "metadata", "At most %d pairs.", METADATA_MOST);
    else if (bytes > METADATA_BYTES_MOST && !MUTANT("metadata_of_any_size"))
        error_field(error, "metadata", "At most %d bytes, keys and values together.",
                    METADATA_BYTES_MOST);
}

bool metadata_same(const Maskline__Store__V1__Session *session, const struct metadata *metadata)
{
    if (session->n_metadata != metadata->count)
        return false;
    for (size_t i = 0; i < metadata->count; i++) {
        if (strcmp(session->metadata[i]->key, metadata->items[i]->key) != 0 ||
            strcmp(session->metadata[i]->value, metadata->items[i]->value) != 0)
            return false;
    }
    return true;
}
