/*
 * A session's metadata: texts by which a Service's own programs know what the session is about. Maskline keeps and repeats them, and
 * never looks into them.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_METADATA_H
#define MASKLINE_SERVER_MASKING_SESSIONS_METADATA_H

#include "maskline/store/v1/entry.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Characters; and bytes of all keys and values together, since each event of the session holds them. */
enum {
    METADATA_MOST = 32,
    METADATA_KEY_MOST = 64,
    METADATA_VALUE_MOST = 512,
    METADATA_BYTES_MOST = 4096
};

struct metadata {
    Maskline__Store__V1__MetadataItem **items; /* sorted by key, each once */
    size_t count;
};

/* Room for so many items, which are initialised. False: the arena is full. */
bool metadata_new(struct arena *arena, size_t count, struct metadata *ret_metadata);

/* Sorts what was filled in, in whatever order; of several with one key the last one stays, as in any map of protobuf. */
void metadata_tidy(struct metadata *metadata);

/* Adds what is wrong to an error that was cleared before the first check. */
void metadata_form(struct error *error, const struct metadata *metadata);

bool metadata_same(const Maskline__Store__V1__Session *session, const struct metadata *metadata);

/* The entry is about this session, and tells its metadata. */
static inline void entry_of_session(Maskline__Store__V1__Entry *entry,
                                    const Maskline__Store__V1__Session *session)
{
    entry->session_metadata = session->metadata;
    entry->n_session_metadata = session->n_metadata;
}

#endif
