#include "bazel/protoc-gen-grpc-c/unit.h"

#include "bazel/protoc-gen-grpc-c/comment.h"
#include "bazel/protoc-gen-grpc-c/names.h"
#include "bazel/protoc-gen-grpc-c/scope.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of fields in descriptor.proto, of which the paths of comments are made. */
enum { FILE_SERVICE = 6, SERVICE_METHOD = 2 };

/* Every name that the printers make public, by kind. (What is static has a double underscore, and cannot meet these.) */
static const char *const service_names[] = {"struct %_service", "%_descriptor", NULL};

#define STREAM_NAMES                                                                        \
    "%_open", "struct %_stream", "%_begin", "%_finish", "%_cancel", "%_start", "%_abandon", \
        "struct %_call", "struct %_async", "struct %_callbacks"
#define WRITE_NAMES "%_write", "%_write_done", "%_send", "%_send_done"

static const char *const unary_names[] = {"%", "%_start", "%_reply", NULL};
static const char *const server_stream_names[] = {STREAM_NAMES, "%_read", NULL};
static const char *const client_stream_names[] = {STREAM_NAMES, WRITE_NAMES, "%_reply", NULL};
static const char *const bidi_names[] = {STREAM_NAMES, WRITE_NAMES, "%_read", NULL};

static const char *const *const method_names[] = {
    [UNARY] = unary_names,
    [SERVER_STREAM] = server_stream_names,
    [CLIENT_STREAM] = client_stream_names,
    [BIDI] = bidi_names,
};

struct build {
    struct pool *pool;
    const struct request *request;
    const Google__Protobuf__FileDescriptorProto *file;
    struct scope scope;
    const char *error;
};

bool method_reads_stream(const struct method *method)
{
    return method->kind == CLIENT_STREAM || method->kind == BIDI;
}

bool method_writes_stream(const struct method *method)
{
    return method->kind == SERVER_STREAM || method->kind == BIDI;
}

static enum method_kind kind_of(const Google__Protobuf__MethodDescriptorProto *method)
{
    if (method->client_streaming)
        return method->server_streaming ? BIDI : CLIENT_STREAM;
    return method->server_streaming ? SERVER_STREAM : UNARY;
}

static const struct message_type *type_of(struct build *build, const char *reference)
{
    const struct message_type *type = request_type(build->request, reference);
    if (build->error)
        return NULL;
    if (!type)
        build->error = pool_format(build->pool, "message %s is not described", reference + 1);
    else if (!type->generated)
        build->error =
            pool_format(build->pool, "message %s has no code in C: %s says pb_c_file.no_generate",
                        type->full_name, type->path);
    else
        return type;
    return NULL;
}

static struct method build_method(struct build *build, const struct service *service, int32_t i,
                                  int32_t j)
{
    const Google__Protobuf__MethodDescriptorProto *from = build->file->service[i]->method[j];
    const int32_t path[] = {FILE_SERVICE, i, SERVICE_METHOD, j};
    enum method_kind kind = kind_of(from);
    const char *id =
        pool_format(build->pool, "%s_%s", service->id, name_snake(build->pool, from->name));
    id = scope_claim(&build->scope, id, method_names[kind]);
    return (struct method){
        .name = from->name,
        .id = id,
        .member = name_member(build->pool, id + strlen(service->id) + 1),
        .comment = comment_find(build->file, path, sizeof path / sizeof *path),
        .deprecated = from->options && from->options->deprecated,
        .kind = kind,
        .request = type_of(build, from->input_type),
        .response = type_of(build, from->output_type),
    };
}

static void build_methods(struct build *build, struct service *service, int32_t i)
{
    size_t count = build->file->service[i]->n_method;
    struct method *methods = pool_get(build->pool, count, sizeof *methods);
    for (size_t j = 0; j < count && !build->error; j++)
        methods[j] = build_method(build, service, i, (int32_t)j);
    service->methods = methods;
    service->method_count = count;
}

static struct service build_service(struct build *build, int32_t i)
{
    const Google__Protobuf__ServiceDescriptorProto *from = build->file->service[i];
    const char *c_name =
        name_join(build->pool, request_c_package(build->pool, build->file), from->name);
    const int32_t path[] = {FILE_SERVICE, i};
    return (struct service){
        .full_name = name_join(build->pool, build->file->package, from->name),
        .id = scope_claim(&build->scope, name_prefix(build->pool, c_name), service_names),
        .comment = comment_find(build->file, path, sizeof path / sizeof *path),
        .deprecated = from->options && from->options->deprecated,
    };
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void find_includes(struct build *build, struct unit *unit)
{
    size_t count = 0;
    for (size_t i = 0; i < unit->service_count; i++)
        count += 2 * unit->services[i].method_count;
    const char **includes = pool_get(build->pool, count, sizeof *includes);
    count = 0;
    for (size_t i = 0; i < unit->service_count; i++) {
        const struct service *service = &unit->services[i];
        for (size_t j = 0; j < service->method_count; j++) {
            includes[count++] = service->methods[j].request->path;
            includes[count++] = service->methods[j].response->path;
        }
    }
    qsort(includes, count, sizeof *includes, compare);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(includes[i], includes[i - 1]) == 0)
            continue;
        if (!name_is_includable(includes[i]))
            build->error = "the path of an imported file cannot stand in C";
        includes[unit->include_count++] = includes[i];
    }
    for (size_t i = 0; i < unit->include_count; i++)
        includes[i] = pool_format(build->pool, "%s.pb-c.h", name_stem(build->pool, includes[i]));
    unit->includes = includes;
}

const struct unit *unit_build(struct pool *pool, const struct request *request,
                              const Google__Protobuf__FileDescriptorProto *file,
                              const char **ret_error)
{
    struct build build = {.pool = pool, .request = request, .file = file, .scope = {.pool = pool}};
    struct unit *unit = pool_get(pool, 1, sizeof *unit);
    struct service *services = pool_get(pool, file->n_service, sizeof *services);
    /* Services first: what their methods are called must not change the names of the services. */
    for (size_t i = 0; i < file->n_service; i++)
        services[i] = build_service(&build, (int32_t)i);
    for (size_t i = 0; i < file->n_service && !build.error; i++)
        build_methods(&build, &services[i], (int32_t)i);
    unit->path = file->name;
    unit->stem = name_stem(pool, file->name);
    unit->services = services;
    unit->service_count = file->n_service;
    if (!name_is_includable(file->name))
        build.error = "the path of the file cannot stand in C";
    if (!build.error)
        find_includes(&build, unit);
    if (!build.error)
        return unit;
    *ret_error = pool_format(pool, "%s: %s", file->name, build.error);
    return NULL;
}
