#include "server/api/masks.h"

#include <string.h>

bool mask_given(const Google__Protobuf__FieldMask *mask)
{
    return mask && mask->n_paths > 0;
}

static bool covers(const char *path, const char *field)
{
    size_t size = strlen(path);
    return strncmp(path, field, size) == 0 && (field[size] == '\0' || field[size] == '.');
}

static bool find(const struct mask_path *table, const char *path, uint64_t *changes)
{
    bool found = false;
    for (; table->path; table++)
        if (covers(path, table->path)) {
            *changes |= table->changes;
            found = true;
        }
    return found;
}

/* As fields are named. What else stands in a mask may be somebody's number, and is not repeated. */
static bool is_path(const char *path)
{
    return path[strspn(path, "abcdefghijklmnopqrstuvwxyz_.")] == '\0';
}

uint64_t mask_changes(struct error *error, const Google__Protobuf__FieldMask *mask,
                      const struct mask_path *table)
{
    uint64_t changes = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (find(table, mask->paths[i], &changes))
            continue;
        if (is_path(mask->paths[i]))
            error_field(error, "update_mask", "It names '%s', which cannot be changed.",
                        mask->paths[i]);
        else
            error_field(error, "update_mask", "It names what is no field.");
    }
    return changes;
}
