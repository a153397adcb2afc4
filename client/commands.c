#include "client/commands.h"

#include "google/protobuf/field_mask.pb-c.h"

bool parse_enum(const char *option, const ProtobufCEnumDescriptor *descriptor, const char *word,
                int *ret_value)
{
    struct arena *arena = arena_new(64 * 1024);
    if (!arena)
        return false;
    bool found = false;
    for (unsigned i = 1; i < descriptor->n_values && !found; i++)
        if (strcmp(show_enum(arena, descriptor, descriptor->values[i].value), word) == 0) {
            *ret_value = descriptor->values[i].value;
            found = true;
        }
    if (!found) {
        fprintf(stderr, "maskline: --%s is one of:", option);
        for (unsigned i = 1; i < descriptor->n_values; i++)
            fprintf(stderr, " %s", show_enum(arena, descriptor, descriptor->values[i].value));
        fprintf(stderr, "; not '%s'\n", word);
    }
    arena_free(arena);
    return found;
}

Google__Protobuf__FieldMask *mask_new(struct arena *arena, char **paths, size_t count)
{
    Google__Protobuf__FieldMask *mask = count > 0 ? arena_alloc(arena, sizeof *mask) : NULL;
    if (!mask)
        return NULL;
    google__protobuf__field_mask__init(mask);
    mask->paths = arena_copy(arena, paths, count * sizeof *paths);
    mask->n_paths = mask->paths ? count : 0;
    return mask;
}

struct listing listing_begin(struct cli *cli, const char *const *heads, size_t columns,
                             void (*row)(struct arena *arena, struct table *table,
                                         const ProtobufCMessage *message))
{
    return (struct listing){cli, cli->json ? NULL : table_new(cli->arena, heads, columns), row};
}

void listing_add(struct listing *listing, const ProtobufCMessage *message)
{
    if (!listing->cli->json) {
        listing->row(listing->cli->arena, listing->table, message);
        return;
    }
    json_print(stdout, message);
    putchar('\n');
}

void listing_end(struct listing *listing)
{
    table_print(listing->table, stdout);
}

int show_one(struct cli *cli, const char *const *heads, size_t columns,
             void (*row)(struct arena *arena, struct table *table, const ProtobufCMessage *message),
             const ProtobufCMessage *message)
{
    struct listing listing = listing_begin(cli, heads, columns, row);
    listing_add(&listing, message);
    listing_end(&listing);
    return EXIT_DONE;
}
