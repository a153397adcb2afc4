#include "bazel/protoc-gen-grpc-c/request.h"

#include "bazel/protoc-gen-grpc-c/names.h"
#include "bazel/protoc-gen-grpc-c/wire.h"

#include <stdlib.h>
#include <string.h>

/* Deeper than any file that people write, and safe for the recursive unpacking and walking below. */
enum { DEEPEST = 200 };

/* Options of protobuf-c's own, which descriptor.proto does not know: FileOptions.pb_c_file. */
enum { PB_C_FILE = 1019, PB_C_FILE_NO_GENERATE = 1, PB_C_FILE_PACKAGE = 6 };

struct file_options {
    const char *package; /* never NULL */
    bool no_generate;
};

static void *pool_alloc(void *data, size_t size)
{
    return pool_get(data, size, 1);
}

static void pool_keep(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

static struct file_options options_of(struct pool *pool,
                                      const Google__Protobuf__FileDescriptorProto *file)
{
    struct file_options options = {.package = file->package ? file->package : ""};
    if (!file->options)
        return options;
    const ProtobufCMessage *message = &file->options->base;
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &message->unknown_fields[i];
        struct wire outer;
        if (field->tag != PB_C_FILE || !wire_open(&outer, field))
            continue;
        struct wire_field inner;
        while (wire_next(&outer, &inner)) {
            if (inner.tag == PB_C_FILE_NO_GENERATE)
                options.no_generate = inner.number != 0;
            if (inner.tag == PB_C_FILE_PACKAGE && inner.bytes)
                options.package = pool_copy(pool, (const char *)inner.bytes, inner.size);
        }
    }
    return options;
}

const char *request_c_package(struct pool *pool, const Google__Protobuf__FileDescriptorProto *file)
{
    return options_of(pool, file).package;
}

static bool is_reference(const char *name)
{
    return name && name[0] == '.' && name_is_legal(name + 1, true);
}

static const char *check_service(struct pool *pool,
                                 const Google__Protobuf__ServiceDescriptorProto *service)
{
    if (!service->name || !name_is_legal(service->name, false))
        return "a service without a name";
    for (size_t i = 0; i < service->n_method; i++) {
        const Google__Protobuf__MethodDescriptorProto *method = service->method[i];
        if (!method->name || !name_is_legal(method->name, false))
            return pool_format(pool, "a method without a name in service %s", service->name);
        if (!is_reference(method->input_type) || !is_reference(method->output_type))
            return pool_format(pool, "no message types at method %s.%s", service->name,
                               method->name);
    }
    return NULL;
}

static const char *check_types(Google__Protobuf__DescriptorProto *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!types[i]->name || !name_is_legal(types[i]->name, false))
            return "a message without a name";
        const char *error = check_types(types[i]->nested_type, types[i]->n_nested_type);
        if (error)
            return error;
    }
    return NULL;
}

static const char *check_file(struct pool *pool, const Google__Protobuf__FileDescriptorProto *file)
{
    if (!file->name || !*file->name)
        return "a file without a name";
    if (file->package && *file->package && !name_is_legal(file->package, true))
        return pool_format(pool, "%s: no legal package", file->name);
    const char *c_package = request_c_package(pool, file);
    if (*c_package && !name_is_legal(c_package, true))
        return pool_format(pool, "%s: no legal pb_c_file.c_package", file->name);
    const char *error = check_types(file->message_type, file->n_message_type);
    for (size_t i = 0; !error && i < file->n_service; i++)
        error = check_service(pool, file->service[i]);
    return error ? pool_format(pool, "%s: %s", file->name, error) : NULL;
}

static size_t count_types(Google__Protobuf__DescriptorProto *const *types, size_t count)
{
    size_t total = count;
    for (size_t i = 0; i < count; i++)
        total += count_types(types[i]->nested_type, types[i]->n_nested_type);
    return total;
}

struct walk {
    struct pool *pool;
    struct request *request;
    const Google__Protobuf__FileDescriptorProto *file;
    struct file_options options;
};

/* `scope` is where the messages stand, and `c_scope` where protobuf-c takes them to stand. */
static void add_types(const struct walk *walk, const char *scope, const char *c_scope,
                      Google__Protobuf__DescriptorProto *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = types[i]->name;
        const char *full_name = name_join(walk->pool, scope, name);
        const char *c_name = name_join(walk->pool, c_scope, name);
        walk->request->types[walk->request->type_count++] = (struct message_type){
            .full_name = full_name,
            .type = name_type(walk->pool, c_name),
            .descriptor = name_descriptor(walk->pool, c_name),
            .path = walk->file->name,
            .generated = !walk->options.no_generate,
        };
        add_types(walk, full_name, c_name, types[i]->nested_type, types[i]->n_nested_type);
    }
}

static int compare(const void *left, const void *right)
{
    const struct message_type *a = left;
    const struct message_type *b = right;
    return strcmp(a->full_name, b->full_name);
}

static void index_types(struct pool *pool, struct request *request)
{
    const Google__Protobuf__Compiler__CodeGeneratorRequest *message = request->message;
    size_t count = 0;
    for (size_t i = 0; i < message->n_proto_file; i++)
        count += count_types(message->proto_file[i]->message_type,
                             message->proto_file[i]->n_message_type);
    request->types = pool_get(pool, count + 1, sizeof *request->types);
    for (size_t i = 0; i < message->n_proto_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = message->proto_file[i];
        struct walk walk = {pool, request, file, options_of(pool, file)};
        add_types(&walk, file->package, walk.options.package, file->message_type,
                  file->n_message_type);
    }
    qsort(request->types, request->type_count, sizeof *request->types, compare);
}

struct request *request_read(struct pool *pool, const uint8_t *bytes, size_t size,
                             const char **ret_error)
{
    if (!wire_is_shallow(bytes, size,
                         &google__protobuf__compiler__code_generator_request__descriptor,
                         DEEPEST)) {
        *ret_error = "the request is no message, or nested too deep";
        return NULL;
    }
    ProtobufCAllocator allocator = {pool_alloc, pool_keep, pool};
    struct request *request = pool_get(pool, 1, sizeof *request);
    request->message =
        google__protobuf__compiler__code_generator_request__unpack(&allocator, size, bytes);
    if (!request->message) {
        *ret_error = "the request is not a CodeGeneratorRequest";
        return NULL;
    }
    for (size_t i = 0; i < request->message->n_proto_file; i++) {
        const char *error = check_file(pool, request->message->proto_file[i]);
        if (error) {
            *ret_error = error;
            return NULL;
        }
    }
    index_types(pool, request);
    return request;
}

const Google__Protobuf__FileDescriptorProto *request_file(const struct request *request,
                                                          const char *path)
{
    for (size_t i = 0; i < request->message->n_proto_file; i++)
        if (strcmp(request->message->proto_file[i]->name, path) == 0)
            return request->message->proto_file[i];
    return NULL;
}

const struct message_type *request_type(const struct request *request, const char *reference)
{
    struct message_type key = {.full_name = reference + 1};
    return bsearch(&key, request->types, request->type_count, sizeof key, compare);
}
