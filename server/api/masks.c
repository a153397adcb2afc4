#include "server/api/masks.h"

#include <string.h>

bool mask_given(const Google__Protobuf__FieldMask *mask)
{
    return mask && mask->n_paths > 0;
}

static const struct mask_path *find(const struct mask_path *table, const char *path)
{
    for (; table->path; table++)
        if (strcmp(table->path, path) == 0)
            return table;
    return NULL;
}

uint32_t mask_changes(struct error *error, const Google__Protobuf__FieldMask *mask,
                      const struct mask_path *table)
{
    uint32_t changes = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        const struct mask_path *found = find(table, mask->paths[i]);
        if (found)
            changes |= found->changes;
        else
            error_field(error, "update_mask", "It names '%s', which cannot be changed.",
                        mask->paths[i]);
    }
    return changes;
}
