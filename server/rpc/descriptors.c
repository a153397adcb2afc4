#include "server/rpc/descriptors.h"

#include "proto/c/arena.h"
#include "proto/c/wire_check.h"

#include "google/protobuf/descriptor.pb-c.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_BYTES = 64 << 20, FILE_BYTES = 16 << 20, ELEMENTS = 10000000 };

struct file {
    const char *name;
    ProtobufCBinaryData bytes;
    const char **imports;
    size_t import_count;
};

struct symbol {
    const char *name;
    int file;
    bool is_message;
};

struct descriptor_index {
    struct arena *arena; /* names */
    struct file *files;
    size_t file_count;
    size_t file_room;
    struct symbol *symbols;
    size_t symbol_count;
    size_t symbol_room;
    bool failed; /* no memory */
};

typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__EnumDescriptorProto enum_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;
typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;

struct descriptor_index *descriptor_index_new(void)
{
    struct descriptor_index *index = calloc(1, sizeof(*index));
    if (!index)
        return NULL;
    index->arena = arena_new(INDEX_BYTES);
    if (index->arena)
        return index;
    free(index);
    return NULL;
}

void descriptor_index_free(struct descriptor_index *index)
{
    if (!index)
        return;
    arena_free(index->arena);
    free(index->files);
    free(index->symbols);
    free(index);
}

/* The full name, in the index, or NULL. */
static const char *add_symbol(struct descriptor_index *index, const char *scope, const char *name,
                              bool is_message)
{
    if (index->symbol_count == index->symbol_room) {
        size_t room = index->symbol_room ? 2 * index->symbol_room : 256;
        struct symbol *symbols = reallocarray(index->symbols, room, sizeof(*symbols));
        if (!symbols) {
            index->failed = true;
            return NULL;
        }
        index->symbols = symbols;
        index->symbol_room = room;
    }
    const char *full = arena_printf(index->arena, "%s%s%s", scope, scope[0] ? "." : "", name);
    if (!full) {
        index->failed = true;
        return NULL;
    }
    index->symbols[index->symbol_count++] = (struct symbol){
        .name = full,
        .file = (int)index->file_count,
        .is_message = is_message,
    };
    return full;
}

/* The values of an enum stand beside it, not in it. */
static void add_enums(struct descriptor_index *index, const char *scope, enum_proto **enums,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_symbol(index, scope, enums[i]->name, false);
        for (size_t j = 0; j < enums[i]->n_value; j++)
            add_symbol(index, scope, enums[i]->value[j]->name, false);
    }
}

static void add_fields(struct descriptor_index *index, const char *scope, field_proto **fields,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_symbol(index, scope, fields[i]->name, false);
}

/* As deep as messages are nested in the files, which wire_check has bounded. */
static void add_messages(struct descriptor_index *index, const char *scope,
                         message_proto **messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const message_proto *message = messages[i];
        const char *full = add_symbol(index, scope, message->name, true);
        if (!full)
            return;
        add_fields(index, full, message->field, message->n_field);
        add_fields(index, full, message->extension, message->n_extension);
        for (size_t j = 0; j < message->n_oneof_decl; j++)
            add_symbol(index, full, message->oneof_decl[j]->name, false);
        add_enums(index, full, message->enum_type, message->n_enum_type);
        add_messages(index, full, message->nested_type, message->n_nested_type);
    }
}

static void add_services(struct descriptor_index *index, const char *scope,
                         service_proto **services, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *full = add_symbol(index, scope, services[i]->name, false);
        if (!full)
            return;
        for (size_t j = 0; j < services[i]->n_method; j++)
            add_symbol(index, full, services[i]->method[j]->name, false);
    }
}

static bool keep_names(struct descriptor_index *index, struct file *file, const file_proto *proto)
{
    file->name = arena_string(index->arena, proto->name);
    file->imports = arena_array(index->arena, proto->n_dependency, sizeof(*file->imports));
    if (!file->name || !file->imports)
        return false;
    for (size_t i = 0; i < proto->n_dependency; i++) {
        const char *import = arena_string(index->arena, proto->dependency[i]);
        if (!import)
            return false;
        file->imports[file->import_count++] = import;
    }
    return true;
}

static bool add_file(struct descriptor_index *index, const file_proto *proto,
                     ProtobufCBinaryData bytes)
{
    if (!proto->name || descriptor_index_file(index, proto->name) >= 0)
        return true;
    if (index->file_count == index->file_room) {
        size_t room = index->file_room ? 2 * index->file_room : 16;
        struct file *files = reallocarray(index->files, room, sizeof(*files));
        if (!files)
            return false;
        index->files = files;
        index->file_room = room;
    }
    struct file *file = &index->files[index->file_count];
    *file = (struct file){.bytes = bytes};
    if (!keep_names(index, file, proto))
        return false;
    const char *package = proto->package ? proto->package : "";
    add_messages(index, package, proto->message_type, proto->n_message_type);
    add_enums(index, package, proto->enum_type, proto->n_enum_type);
    add_fields(index, package, proto->extension, proto->n_extension);
    add_services(index, package, proto->service, proto->n_service);
    index->file_count++;
    return !index->failed;
}

/* The next file of a set, as it stands there: it is served in the very bytes. */
static bool next_file(const unsigned char **at, const unsigned char *end,
                      ProtobufCBinaryData *ret_bytes)
{
    const unsigned char *p = *at;
    const unsigned char file_field = 1 << 3 | 2;
    size_t size = 0;
    unsigned shift = 0;
    if (p == end || *p++ != file_field)
        return false;
    do {
        if (p == end || shift > 28)
            return false;
        size |= (size_t)(*p & 127) << shift;
        shift += 7;
    } while (*p++ & 128);
    if (size > (size_t)(end - p))
        return false;
    *ret_bytes = (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)p};
    *at = p + size;
    return true;
}

static bool add_bytes(struct descriptor_index *index, ProtobufCBinaryData bytes,
                      struct error *error)
{
    __attribute__((cleanup(arena_done))) struct arena *scratch = arena_new(FILE_BYTES);
    const struct wire_limits limits = {.elements = ELEMENTS};
    ProtobufCMessage *message;
    if (scratch && !message_unpack(&google__protobuf__file_descriptor_proto__descriptor, bytes.data,
                                   bytes.len, &limits, scratch, &message, error))
        return false;
    if (scratch && add_file(index, (const file_proto *)message, bytes))
        return true;
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
}

bool descriptor_index_add(struct descriptor_index *index, const unsigned char *bytes, size_t size,
                          struct error *error)
{
    const unsigned char *end = bytes + size;
    while (bytes < end) {
        ProtobufCBinaryData file;
        if (!next_file(&bytes, end, &file))
            return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_DESCRIPTORS", 0,
                             "This is no google.protobuf.FileDescriptorSet.");
        if (!add_bytes(index, file, error))
            return false;
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct symbol *)left)->name, ((const struct symbol *)right)->name);
}

void descriptor_index_sort(struct descriptor_index *index)
{
    if (index->symbol_count > 0)
        qsort(index->symbols, index->symbol_count, sizeof(*index->symbols), compare);
}

int descriptor_index_file(const struct descriptor_index *index, const char *name)
{
    for (size_t i = 0; i < index->file_count; i++) {
        if (strcmp(index->files[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static const struct symbol *find(const struct descriptor_index *index, const char *name)
{
    const struct symbol key = {.name = name};
    if (index->symbol_count == 0)
        return NULL;
    return bsearch(&key, index->symbols, index->symbol_count, sizeof(key), compare);
}

int descriptor_index_symbol(const struct descriptor_index *index, const char *name)
{
    const struct symbol *symbol = find(index, name);
    return symbol ? symbol->file : -1;
}

bool descriptor_index_is_message(const struct descriptor_index *index, const char *name)
{
    const struct symbol *symbol = find(index, name);
    return symbol && symbol->is_message;
}

bool descriptor_index_closure(const struct descriptor_index *index, int file, struct arena *arena,
                              ProtobufCBinaryData **ret_files, size_t *ret_count)
{
    bool *taken = arena_array(arena, index->file_count, sizeof(*taken));
    int *list = arena_array(arena, index->file_count, sizeof(*list));
    ProtobufCBinaryData *files = arena_array(arena, index->file_count, sizeof(*files));
    if (!taken || !list || !files)
        return false;
    size_t count = 0;
    list[count++] = file;
    taken[file] = true;
    for (size_t i = 0; i < count; i++) {
        const struct file *from = &index->files[list[i]];
        files[i] = from->bytes;
        for (size_t j = 0; j < from->import_count; j++) {
            int import = descriptor_index_file(index, from->imports[j]);
            if (import < 0 || taken[import])
                continue;
            taken[import] = true;
            list[count++] = import;
        }
    }
    *ret_files = files;
    *ret_count = count;
    return true;
}
