#include "server/api/metadata.h"

#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"

/* What each type of entry looks like. */
struct entry {
    ProtobufCMessage base;
    char *key;
    char *value;
};

#define ALIKE(type)                                                            \
    _Static_assert(sizeof(type) == sizeof(struct entry) &&                     \
                       offsetof(type, key) == offsetof(struct entry, key) &&   \
                       offsetof(type, value) == offsetof(struct entry, value), \
                   "a map of texts")
ALIKE(Maskline__V1__Session__MetadataEntry);
ALIKE(Maskline__V1__CreateSessionRequest__MetadataEntry);
ALIKE(Maskline__V1__UpdateSessionRequest__MetadataEntry);
ALIKE(Maskline__V1__Event__SessionMetadataEntry);

bool metadata_read(struct arena *arena, void *const *entries, size_t count,
                   struct metadata *ret_metadata)
{
    if (!metadata_new(arena, count, ret_metadata))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = entries[i];
        ret_metadata->items[i]->key = entry->key;
        ret_metadata->items[i]->value = entry->value;
    }
    metadata_tidy(ret_metadata);
    return true;
}

struct message_list metadata_messages(struct arena *arena,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      Maskline__Store__V1__MetadataItem *const *items, size_t count)
{
    struct message_list list = message_list_new(arena, count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = message_new(arena, descriptor);
        if (!entry)
            break;
        entry->key = items[i]->key;
        entry->value = items[i]->value;
        message_list_add(&list, entry);
    }
    return list;
}
