#include "bazel/protoc-gen-grpc-c/generate.h"

#include "bazel/grpc_reflection_c_proto_descriptors.h"
#include "google/protobuf/compiler/plugin.pb-c.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_type;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_type;
typedef Google__Protobuf__FileDescriptorProto file_type;

#define REFLECTION "grpc/reflection/v1/reflection.proto"

/* What one run gave; free it with run_free. */
struct run {
    struct pool *pool;
    response_type *response; /* NULL: the request could not be read */
    const char *error;
};

static struct run run_bytes(const uint8_t *bytes, size_t size)
{
    struct run run = {.pool = pool_new()};
    size_t response_size = 0;
    const uint8_t *response = generate(run.pool, bytes, size, &response_size, &run.error);
    if (!response)
        return run;
    run.response =
        google__protobuf__compiler__code_generator_response__unpack(NULL, response_size, response);
    ck_assert_ptr_nonnull(run.response);
    return run;
}

static void run_free(struct run *run)
{
    if (run->response)
        google__protobuf__compiler__code_generator_response__free_unpacked(run->response, NULL);
    pool_free(run->pool);
}

static uint8_t *pack(const request_type *request, size_t *ret_size)
{
    *ret_size = google__protobuf__compiler__code_generator_request__get_packed_size(request);
    uint8_t *bytes = malloc(*ret_size + 1);
    ck_assert_ptr_nonnull(bytes);
    google__protobuf__compiler__code_generator_request__pack(request, bytes);
    return bytes;
}

static struct run run_request(const request_type *request)
{
    size_t size;
    uint8_t *bytes = pack(request, &size);
    struct run run = run_bytes(bytes, size);
    free(bytes);
    return run;
}

/* A request for one file that is made of the pieces below; each test breaks what it wants to. */
struct sample {
    request_type request;
    file_type file;
    Google__Protobuf__ServiceDescriptorProto service;
    Google__Protobuf__MethodDescriptorProto method;
    Google__Protobuf__DescriptorProto message;
    Google__Protobuf__DescriptorProto nested;
    char *paths[1];
    file_type *files[1];
    Google__Protobuf__ServiceDescriptorProto *services[1];
    Google__Protobuf__MethodDescriptorProto *methods[1];
    Google__Protobuf__DescriptorProto *messages[1];
    Google__Protobuf__DescriptorProto *nesteds[1];
};

static struct sample *sample_new(void)
{
    struct sample *sample = calloc(1, sizeof *sample);
    ck_assert_ptr_nonnull(sample);
    google__protobuf__compiler__code_generator_request__init(&sample->request);
    google__protobuf__file_descriptor_proto__init(&sample->file);
    google__protobuf__service_descriptor_proto__init(&sample->service);
    google__protobuf__method_descriptor_proto__init(&sample->method);
    google__protobuf__descriptor_proto__init(&sample->message);
    google__protobuf__descriptor_proto__init(&sample->nested);
    sample->paths[0] = "a/b.proto";
    sample->files[0] = &sample->file;
    sample->services[0] = &sample->service;
    sample->methods[0] = &sample->method;
    sample->messages[0] = &sample->message;
    sample->nesteds[0] = &sample->nested;
    sample->request.n_file_to_generate = 1;
    sample->request.file_to_generate = sample->paths;
    sample->request.n_proto_file = 1;
    sample->request.proto_file = sample->files;
    sample->file.name = "a/b.proto";
    sample->file.package = "p.q";
    sample->file.n_service = 1;
    sample->file.service = sample->services;
    sample->file.n_message_type = 1;
    sample->file.message_type = sample->messages;
    sample->service.name = "Talk";
    sample->service.n_method = 1;
    sample->service.method = sample->methods;
    sample->method.name = "Say";
    sample->method.input_type = ".p.q.Word";
    sample->method.output_type = ".p.q.Word.Echo";
    sample->message.name = "Word";
    sample->message.n_nested_type = 1;
    sample->message.nested_type = sample->nesteds;
    sample->nested.name = "Echo";
    return sample;
}

static const char *content(const struct run *run, const char *name)
{
    ck_assert_ptr_nonnull(run->response);
    ck_assert_msg(!run->response->error || !*run->response->error, "%s", run->response->error);
    for (size_t i = 0; i < run->response->n_file; i++)
        if (strcmp(run->response->file[i]->name, name) == 0)
            return run->response->file[i]->content;
    ck_abort_msg("no file %s", name);
}

static void expect_in(const struct run *run, const char *name, const char *part)
{
    const char *text = content(run, name);
    ck_assert_msg(strstr(text, part) != NULL, "%s is not in:\n%s", part, text);
}

START_TEST(test_sample)
{
    struct sample *sample = sample_new();
    struct run run = run_request(&sample->request);
    ck_assert_uint_eq(run.response->n_file, 5);
    ck_assert_uint_eq(run.response->supported_features, 1);
    expect_in(&run, "a/b.grpc-c.h", "#include \"a/b.pb-c.h\"\n");
    expect_in(&run, "a/b.grpc-c-server.h", "void p_q_talk_say_reply(struct grpc_c_call *call,");
    expect_in(&run, "a/b.grpc-c-server.c", "\"/p.q.Talk/Say\"");
    expect_in(&run, "a/b.grpc-c-server.c", "&p__q__word__descriptor,");
    expect_in(&run, "a/b.grpc-c-server.c", "&p__q__word__echo__descriptor,");
    expect_in(&run, "a/b.grpc-c-client.h", "bool p_q_talk_say(struct grpc_c_channel *channel,");
    expect_in(&run, "a/b.grpc-c-client.c", "const P__Q__Word__Echo **ret_response");
    run_free(&run);
    free(sample);
}
END_TEST

START_TEST(test_kinds)
{
    static const char *const kinds[] = {"GRPC_C_UNARY,", "GRPC_C_SERVER_STREAM,",
                                        "GRPC_C_CLIENT_STREAM,", "GRPC_C_BIDI,"};
    struct sample *sample = sample_new();
    sample->method.has_client_streaming = sample->method.has_server_streaming = true;
    for (int i = 0; i < 4; i++) {
        sample->method.server_streaming = i & 1;
        sample->method.client_streaming = i >> 1;
        struct run run = run_request(&sample->request);
        expect_in(&run, "a/b.grpc-c-server.c", kinds[i]);
        run_free(&run);
    }
    free(sample);
}
END_TEST

static void expect_unreadable(const struct sample *sample, const char *part)
{
    struct run run = run_request(&sample->request);
    ck_assert_ptr_null(run.response);
    ck_assert_msg(strstr(run.error, part) != NULL, "%s", run.error);
    run_free(&run);
}

START_TEST(test_missing_and_wrong_names_are_told)
{
    static char *const bad[] = {NULL, "", "a b", "a\"", "\n", "a-", "9"};
    struct sample *sample = sample_new();
    char **const names[] = {&sample->service.name, &sample->method.name, &sample->message.name,
                            &sample->nested.name};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *good = *names[i];
        for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
            *names[i] = bad[j];
            expect_unreadable(sample, "a/b.proto: a ");
        }
        *names[i] = good;
    }
    char **const types[] = {&sample->method.input_type, &sample->method.output_type};
    static char *const bad_types[] = {NULL, "", ".", "Word", "..p", ".p.", ".p q"};
    for (size_t i = 0; i < 2; i++) {
        char *good = *types[i];
        for (size_t j = 0; j < sizeof bad_types / sizeof *bad_types; j++) {
            *types[i] = bad_types[j];
            expect_unreadable(sample, "no message types at method Talk.Say");
        }
        *types[i] = good;
    }
    sample->file.package = "p..q";
    expect_unreadable(sample, "no legal package");
    sample->file.name = NULL;
    expect_unreadable(sample, "a file without a name");
    free(sample);
}
END_TEST

static void expect_error(const struct sample *sample, const char *error)
{
    struct run run = run_request(&sample->request);
    ck_assert_ptr_nonnull(run.response);
    ck_assert_str_eq(run.response->error, error);
    ck_assert_uint_eq(run.response->n_file, 0);
    ck_assert_uint_eq(run.response->supported_features, 1);
    run_free(&run);
}

START_TEST(test_errors_go_to_protoc)
{
    struct sample *sample = sample_new();
    sample->request.parameter = "fast";
    expect_error(sample, "unknown option fast: there are none");
    sample->request.parameter = "";
    sample->method.output_type = ".p.q.Echo";
    expect_error(sample, "a/b.proto: message p.q.Echo is not described");
    sample->method.output_type = ".p.q.Word";
    char *twice[] = {"a/b.proto", "a/b.proto"};
    sample->request.n_file_to_generate = 2;
    sample->request.file_to_generate = twice;
    expect_error(sample, "a/b.proto: asked for twice");
    sample->request.n_file_to_generate = 1;
    sample->request.file_to_generate = sample->paths;
    sample->paths[0] = "b.proto";
    expect_error(sample, "b.proto: the request does not describe it");
    sample->paths[0] = sample->file.name = "a*/b.proto";
    expect_error(sample, "a*/b.proto: the path of the file cannot stand in C");
    free(sample);
}
END_TEST

/* FileOptions.pb_c_file, as protobuf-c's own options say it; descriptor.proto does not know it. */
static void set_c_options(struct sample *sample, Google__Protobuf__FileOptions *options,
                          ProtobufCMessageUnknownField *field, char *bytes, size_t size)
{
    google__protobuf__file_options__init(options);
    field->tag = 1019;
    field->wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    field->data = (uint8_t *)bytes;
    field->len = size;
    options->base.n_unknown_fields = 1;
    options->base.unknown_fields = field;
    sample->file.options = options;
}

START_TEST(test_options_of_protobuf_c)
{
    struct sample *sample = sample_new();
    Google__Protobuf__FileOptions options;
    ProtobufCMessageUnknownField field;
    set_c_options(sample, &options, &field, "\x05\x32\x03x.y", 6);
    struct run run = run_request(&sample->request);
    expect_in(&run, "a/b.grpc-c-server.h", "void x_y_talk_say_reply(");
    expect_in(&run, "a/b.grpc-c-server.c", "&x__y__word__echo__descriptor,");
    expect_in(&run, "a/b.grpc-c-server.c", "\"/p.q.Talk/Say\"");
    run_free(&run);

    set_c_options(sample, &options, &field, "\x02\x32\x00", 3);
    run = run_request(&sample->request);
    expect_in(&run, "a/b.grpc-c-server.c", "&word__echo__descriptor,");
    run_free(&run);

    set_c_options(sample, &options, &field, "\x03\x32\x01-", 4);
    expect_unreadable(sample, "no legal pb_c_file.c_package");
    set_c_options(sample, &options, &field, "\x02\x08\x01", 3);
    expect_error(
        sample,
        "a/b.proto: message p.q.Word has no code in C: a/b.proto says pb_c_file.no_generate");
    set_c_options(sample, &options, &field, "\x02\x08\x00", 3);
    run = run_request(&sample->request);
    content(&run, "a/b.grpc-c.h");
    run_free(&run);
    free(sample);
}
END_TEST

/* A request for the reflection service, made of the descriptors that a server of it carries. */
static uint8_t *reflection_request(size_t *ret_size)
{
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, grpc_reflection_c_proto_descriptors_size, grpc_reflection_c_proto_descriptors);
    ck_assert_ptr_nonnull(set);
    request_type request = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_REQUEST__INIT;
    char *paths[] = {REFLECTION};
    request.n_file_to_generate = 1;
    request.file_to_generate = paths;
    request.n_proto_file = set->n_file;
    request.proto_file = set->file;
    uint8_t *bytes = pack(&request, ret_size);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    return bytes;
}

START_TEST(test_the_same_again)
{
    size_t size;
    uint8_t *bytes = reflection_request(&size);
    struct pool *first_pool = pool_new();
    struct pool *second_pool = pool_new();
    size_t first_size;
    size_t second_size;
    const char *error;
    const uint8_t *first = generate(first_pool, bytes, size, &first_size, &error);
    const uint8_t *second = generate(second_pool, bytes, size, &second_size, &error);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(first_size, second_size);
    ck_assert(memcmp(first, second, first_size) == 0);
    pool_free(first_pool);
    pool_free(second_pool);
    free(bytes);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Any answer will do; what counts is that there is one, and that the sanitizers have nothing to say. */
START_TEST(test_rubbish)
{
    enum { ROUNDS = 20000 };
    size_t size;
    uint8_t *good = reflection_request(&size);
    uint8_t *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    uint32_t state = 1;
    size_t read = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(bytes, good, size);
        for (uint32_t changes = next_random(&state) % 4; changes > 0; changes--)
            bytes[next_random(&state) % size] = (uint8_t)next_random(&state);
        size_t length = round % 8 ? size : next_random(&state) % size;
        struct run run = run_bytes(bytes, length);
        read += run.response != NULL;
        run_free(&run);
    }
    /* The changes must not all be caught at the door. */
    ck_assert_uint_gt(read, ROUNDS / 4);
    ck_assert_uint_lt(read, ROUNDS);
    free(bytes);
    free(good);
}
END_TEST

START_TEST(test_no_request)
{
    struct run run = run_bytes(NULL, 0);
    ck_assert_ptr_nonnull(run.response);
    ck_assert_uint_eq(run.response->n_file, 0);
    run_free(&run);
    run = run_bytes((const uint8_t *)"hello, world", 12);
    ck_assert_ptr_null(run.response);
    ck_assert_str_eq(run.error, "the request is no message, or nested too deep");
    run_free(&run);
    run = run_bytes((const uint8_t *)"\x0a\x01\x7a\x78\x01", 5);
    ck_assert_ptr_null(run.response);
    ck_assert_str_eq(run.error, "the request is not a CodeGeneratorRequest");
    run_free(&run);
}
END_TEST

SUITE_MAIN("generate", test_sample, test_kinds, test_missing_and_wrong_names_are_told,
           test_errors_go_to_protoc, test_options_of_protobuf_c, test_the_same_again, test_rubbish,
           test_no_request)
