/*
 * Update masks: which fields of a request change something.
 */
#ifndef MASKLINE_SERVER_API_MASKS_H
#define MASKLINE_SERVER_API_MASKS_H

#include "google/protobuf/field_mask.pb-c.h"
#include "proto/c/error.h"

/* A path that a mask may name, and the changes (bits) that it stands for. A mask that names a message means all paths inside it. */
struct mask_path {
    const char *path;
    uint64_t changes;
};

/* Whether the client says itself what changes; else the fields that are set do. */
bool mask_given(const Google__Protobuf__FieldMask *mask);

/* The changes that a mask names. Unknown paths are added to an error that was cleared before. The table ends with a NULL path. */
uint64_t mask_changes(struct error *error, const Google__Protobuf__FieldMask *mask,
                      const struct mask_path *table);

#endif
