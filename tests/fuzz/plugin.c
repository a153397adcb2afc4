/*
 * The stub generator on what protoc might say to it: a request is answered with the same bytes each time, or refused; what it answers is a
 * response, and where the names are names, code whose brackets, texts and comments are closed.
 *
 * Input: a CodeGeneratorRequest.
 */
#include "bazel/protoc-gen-grpc-c/generate.h"
#include "google/protobuf/compiler/plugin.pb-c.h"
#include "proto/c/arena.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <ctype.h>
#include <string.h>

enum { MEMORY = 64 * 1024 * 1024, NESTED = 256 };

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_type;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_type;

#define REQUEST google__protobuf__compiler__code_generator_request__descriptor

/* ---- C, as far as brackets, texts and comments go ---- */

struct code {
    const char *at;
    char open[NESTED];
    unsigned depth;
};

static bool pass_text(struct code *code, char quote)
{
    for (; *code->at && *code->at != '\n'; code->at++) {
        if (*code->at == '\\' && code->at[1])
            code->at++;
        else if (*code->at == quote)
            return code->at++, true;
    }
    return false;
}

static bool pass_comment(struct code *code)
{
    const char *end = strstr(code->at, "*/");
    if (!end || memmem(code->at, (size_t)(end - code->at), "/*", 2))
        return false;
    code->at = end + 2;
    return true;
}

static bool pass_bracket(struct code *code, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    if (strchr(opening, c)) {
        code->open[code->depth++] = c;
        return code->depth < NESTED;
    }
    return code->depth > 0 &&
           strchr(opening, code->open[--code->depth]) - opening == strchr(closing, c) - closing;
}

static bool pass(struct code *code)
{
    char c = *code->at++;
    if (c == '/' && *code->at == '*')
        return code->at++, pass_comment(code);
    if (c == '/' && *code->at == '/') {
        code->at += strcspn(code->at, "\n");
        return true;
    }
    if (c == '"' || c == '\'')
        return pass_text(code, c);
    if (strchr("()[]{}", c))
        return pass_bracket(code, c);
    return c == '\n' || (c >= ' ' && c < 0x7f && !strchr("$@`", c));
}

static void check_code(const char *name, const char *text)
{
    struct code code = {.at = text};
    while (*code.at) {
        const char *before = code.at;
        must(pass(&code), "%s is no code at: %.60s", name, before);
    }
    must(code.depth == 0, "%s ends within a bracket", name);
}

/* ---- what protoc sees to before it asks ---- */

static bool is_name(const char *text, const char *also)
{
    if (!*text || isdigit((unsigned char)*text))
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_' && !strchr(also, *text))
            return false;
    return true;
}

static bool look_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    (void)data;
    if (!strcmp(field->name, "name") || !strcmp(field->name, "package") ||
        !strcmp(field->name, "file_to_generate") || !strcmp(field->name, "dependency"))
        return is_name(*text, "./-");
    if (!strcmp(field->name, "input_type") || !strcmp(field->name, "output_type") ||
        !strcmp(field->name, "type_name"))
        return is_name(*text, ".");
    return true;
}

static bool names_are_names(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(MEMORY);
    if (!arena)
        abort();
    ProtobufCMessage *request =
        protobuf_c_message_unpack(&REQUEST, arena_allocator(arena), size, bytes);
    bool ok = request && message_visit(request, &(struct message_visitor){.text = look_text});
    const request_type *typed = (const request_type *)(const void *)request;
    for (size_t i = 0; ok && i < typed->n_proto_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = typed->proto_file[i];
        ok = !file->package || is_name(file->package, ".");
        for (size_t s = 0; ok && s < file->n_service; s++) {
            ok = is_name(file->service[s]->name, "");
            for (size_t m = 0; ok && m < file->service[s]->n_method; m++)
                ok = is_name(file->service[s]->method[m]->name, "");
        }
        for (size_t m = 0; ok && m < file->n_message_type; m++)
            ok = is_name(file->message_type[m]->name, "");
        /* An option of protobuf-c's may put any text into the place of the package. */
        ok = ok && (!file->options || !file->options->base.n_unknown_fields);
    }
    arena_free(arena);
    return ok;
}

/* ---- one input ---- */

static void check_response(const uint8_t *bytes, size_t size, bool sound)
{
    response_type *response =
        google__protobuf__compiler__code_generator_response__unpack(NULL, size, bytes);
    must(response, "it answers with a response");
    must(!response->error || *response->error, "an error says something");
    must(!response->error || response->n_file == 0, "an error comes without files");
    for (size_t i = 0; i < response->n_file; i++) {
        must(response->file[i]->name && *response->file[i]->name && response->file[i]->content,
             "a file has a name and content");
        for (size_t n = 0; n < i; n++)
            must(strcmp(response->file[n]->name, response->file[i]->name) != 0, "%s comes twice",
                 response->file[i]->name);
        if (sound)
            check_code(response->file[i]->name, response->file[i]->content);
    }
    google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new(), *again_pool = pool_new();
    size_t answer_size = 0, again_size = 0;
    const char *error = NULL, *again_error = NULL;
    const uint8_t *answer = generate(pool, data, size, &answer_size, &error);
    const uint8_t *again = generate(again_pool, data, size, &again_size, &again_error);
    must((answer == NULL) == (again == NULL), "it changes its mind");
    must(answer || (error && *error && !strcmp(error, again_error)), "a refusal says why");
    if (answer) {
        must(answer_size == again_size && !memcmp(answer, again, answer_size),
             "the same request gives another answer");
        check_response(answer, answer_size, names_are_names(data, size));
    }
    pool_free(pool);
    pool_free(again_pool);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const char *const words[] = {"a",          "A",
                                        "a.b",        ".a",
                                        ".talk.Word", "Register",
                                        "int",        "default",
                                        "main",       "data",
                                        "call",       "talk.proto",
                                        "a.proto",    "google/protobuf/empty.proto",
                                        "_",          "aB_cD",
                                        "ABCdef1",    ".a.b.c",
                                        " */ int x;", "/* ",
                                        "\n\n *",     "\\",
                                        "\"",         "no_such_option",
                                        "a=b,c",      ".google.protobuf.Empty",
                                        "proto3",     "proto2",
                                        NULL};
    return message_mutate(&REQUEST, data, size, most, seed, words);
}
