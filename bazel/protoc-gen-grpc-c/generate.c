#include "bazel/protoc-gen-grpc-c/generate.h"

#include "bazel/protoc-gen-grpc-c/client.h"
#include "bazel/protoc-gen-grpc-c/names.h"
#include "bazel/protoc-gen-grpc-c/request.h"
#include "bazel/protoc-gen-grpc-c/scope.h"
#include "bazel/protoc-gen-grpc-c/server.h"
#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/unit.h"

#include "google/protobuf/compiler/plugin.pb-c.h"

#include <stdbool.h>
#include <string.h>

typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_type;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File file_type;

enum { FILES_PER_PROTO = 5 };

/* A part of an output: prints what one service needs. */
typedef void print_part(struct text *text, const struct service *service);

static const char banner[] =
    "/* Made by protoc-gen-grpc-c from $path$: changes here are lost. */\n";

static struct text begin(struct pool *pool, const struct unit *unit)
{
    struct text text = {.pool = pool};
    const struct text_value values[] = {{"path", unit->path}, {NULL, NULL}};
    text_fill(&text, values, banner);
    return text;
}

static const char *guard_of(struct pool *pool, const struct unit *unit, const char *part)
{
    return pool_format(pool, "GRPC_C_%s%s", part, name_guard(pool, unit->path));
}

static void open_guard(struct text *text, const char *guard)
{
    const struct text_value values[] = {{"guard", guard}, {NULL, NULL}};
    text_fill(text, values, "#ifndef $guard$\n#define $guard$\n");
}

static char *messages_header(struct pool *pool, const struct unit *unit)
{
    struct text text = begin(pool, unit);
    open_guard(&text, guard_of(pool, unit, ""));
    if (unit->include_count > 0)
        text_add(&text, "\n");
    for (size_t i = 0; i < unit->include_count; i++) {
        const struct text_value values[] = {{"path", unit->includes[i]}, {NULL, NULL}};
        text_fill(&text, values, "#include \"$path$\"\n");
    }
    text_add(&text, "\n#endif\n");
    return text.bytes;
}

/* `side` is "server" or "client". */
static char *side_header(struct pool *pool, const struct unit *unit, const char *side,
                         const char *guard_part, print_part *print)
{
    struct text text = begin(pool, unit);
    open_guard(&text, guard_of(pool, unit, guard_part));
    const struct text_value values[] = {{"side", side}, {"stem", unit->stem}, {NULL, NULL}};
    if (unit->service_count > 0)
        text_fill(&text, values,
                  "\n#include \"$stem$.grpc-c.h\"\n\n#include \"$side$/rpc/stub.h\"\n");
    for (size_t i = 0; i < unit->service_count; i++)
        print(&text, &unit->services[i]);
    text_add(&text, "\n#endif\n");
    return text.bytes;
}

static char *side_source(struct pool *pool, const struct unit *unit, const char *side,
                         print_part *print)
{
    struct text text = begin(pool, unit);
    const struct text_value values[] = {{"side", side}, {"stem", unit->stem}, {NULL, NULL}};
    text_fill(&text, values, "#include \"$stem$.grpc-c-$side$.h\"\n");
    /* A file in C must declare something. */
    if (unit->service_count == 0)
        text_add(&text, "\n#include <stddef.h>\n");
    for (size_t i = 0; i < unit->service_count; i++)
        print(&text, &unit->services[i]);
    return text.bytes;
}

static void add_file(struct pool *pool, response_type *response, const struct unit *unit,
                     const char *ending, char *content)
{
    file_type *file = pool_get(pool, 1, sizeof *file);
    google__protobuf__compiler__code_generator_response__file__init(file);
    file->name = pool_format(pool, "%s%s", unit->stem, ending);
    file->content = content;
    response->file[response->n_file++] = file;
}

static void add_files(struct pool *pool, response_type *response, const struct unit *unit)
{
    add_file(pool, response, unit, ".grpc-c.h", messages_header(pool, unit));
    add_file(pool, response, unit, ".grpc-c-server.h",
             side_header(pool, unit, "server", "SERVER_", server_print_header));
    add_file(pool, response, unit, ".grpc-c-server.c",
             side_source(pool, unit, "server", server_print_source));
    add_file(pool, response, unit, ".grpc-c-client.h",
             side_header(pool, unit, "client", "CLIENT_", client_print_header));
    add_file(pool, response, unit, ".grpc-c-client.c",
             side_source(pool, unit, "client", client_print_source));
}

/* Fills in the response's files. Returns what is wrong, or NULL. */
static const char *generate_files(struct pool *pool, const struct request *request,
                                  response_type *response)
{
    const Google__Protobuf__Compiler__CodeGeneratorRequest *message = request->message;
    if (message->parameter && *message->parameter)
        return pool_format(pool, "unknown option %s: there are none", message->parameter);
    response->file =
        pool_get(pool, message->n_file_to_generate, FILES_PER_PROTO * sizeof *response->file);
    struct scope seen = {.pool = pool};
    for (size_t i = 0; i < message->n_file_to_generate; i++) {
        const char *path = message->file_to_generate[i];
        if (scope_claim(&seen, path, (const char *const[]){"%", NULL}) != path)
            return pool_format(pool, "%s: asked for twice", path);
        const Google__Protobuf__FileDescriptorProto *file = request_file(request, path);
        if (!file)
            return pool_format(pool, "%s: the request does not describe it", path);
        const char *error;
        const struct unit *unit = unit_build(pool, request, file, &error);
        if (!unit)
            return error;
        add_files(pool, response, unit);
    }
    return NULL;
}

const uint8_t *generate(struct pool *pool, const uint8_t *request, size_t request_size,
                        size_t *ret_size, const char **ret_error)
{
    struct request *read = request_read(pool, request, request_size, ret_error);
    if (!read)
        return NULL;
    response_type response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    response.has_supported_features = true;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    const char *error = generate_files(pool, read, &response);
    if (error) {
        response.error = pool_copy(pool, error, strlen(error));
        response.n_file = 0;
    }
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(&response);
    uint8_t *packed = pool_get(pool, size, 1);
    *ret_size = google__protobuf__compiler__code_generator_response__pack(&response, packed);
    return packed;
}
