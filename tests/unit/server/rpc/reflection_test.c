#include "server/rpc/reflection.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "server/rpc/health.h"
#include "tests/unit/server/rpc/fixture.h"
#include "tests/unit/server/rpc/lab_c_proto_descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V1    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

struct mirror {
    struct grpc_c_server *server;
    struct grpc_c_reflection *reflection;
    struct grpc_c_health *health;
    struct lab_lab_service lab;
    struct peer peer;
};

static void open_mirror(struct mirror *mirror)
{
    struct error error;
    int port;
    *mirror = (struct mirror){.server = grpc_c_server_new(NULL, &error)};
    const struct grpc_c_descriptors sets[] = {
        {lab_c_proto_descriptors, lab_c_proto_descriptors_size},
        {lab_c_proto_descriptors, lab_c_proto_descriptors_size},
    };
    mirror->reflection = grpc_c_reflection_new(sets, 2, &error);
    mirror->health = grpc_c_health_new(&error);
    ck_assert_ptr_nonnull(mirror->server);
    ck_assert_ptr_nonnull(mirror->reflection);
    ck_assert_ptr_nonnull(mirror->health);
    ck_assert(grpc_c_server_add(mirror->server, &lab_lab_descriptor, &mirror->lab, &error));
    ck_assert(grpc_c_reflection_add(mirror->reflection, mirror->server, &error));
    ck_assert(grpc_c_health_add(mirror->health, mirror->server, &error));
    ck_assert(grpc_c_server_listen(mirror->server, "127.0.0.1:0", &port, &error));
    ck_assert(grpc_c_server_start(mirror->server, &error));
    mirror->peer = peer_new(port, NULL);
}

static void close_mirror(struct mirror *mirror)
{
    ck_assert(grpc_c_server_stop(mirror->server, 5000));
    peer_free(&mirror->peer);
    grpc_c_server_free(mirror->server);
    grpc_c_reflection_free(mirror->reflection);
    grpc_c_health_free(mirror->health);
}

static response_message *ask(struct peer_call *call, const request_message *request)
{
    size_t size = 0;
    ck_assert(peer_send(call, &request->base));
    uint8_t *bytes = peer_receive(call, &size);
    ck_assert_ptr_nonnull(bytes);
    response_message *response =
        grpc__reflection__v1__server_reflection_response__unpack(NULL, size, bytes);
    free(bytes);
    ck_assert_ptr_nonnull(response);
    return response;
}

static request_message new_request(void)
{
    request_message request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.host = (char *)(uintptr_t) "here";
    return request;
}

static response_message *ask_symbol(struct peer_call *call, const char *symbol)
{
    request_message request = new_request();
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)(uintptr_t)symbol;
    return ask(call, &request);
}

static response_message *ask_file(struct peer_call *call, const char *name)
{
    request_message request = new_request();
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = (char *)(uintptr_t)name;
    return ask(call, &request);
}

static void done(response_message *response)
{
    grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
}

/* The name of the first file in an answer, and how many there are; "" for an error. */
static const char *first_file(const response_message *response, size_t *ret_count)
{
    static char name[128];
    *ret_count = 0;
    if (response->message_response_case !=
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE)
        return "";
    const Grpc__Reflection__V1__FileDescriptorResponse *files = response->file_descriptor_response;
    ck_assert_uint_gt(files->n_file_descriptor_proto, 0);
    *ret_count = files->n_file_descriptor_proto;
    Google__Protobuf__FileDescriptorProto *file = google__protobuf__file_descriptor_proto__unpack(
        NULL, files->file_descriptor_proto[0].len, files->file_descriptor_proto[0].data);
    ck_assert_ptr_nonnull(file);
    (void)snprintf(name, sizeof(name), "%s", file->name);
    google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    return name;
}

static void end_well(struct peer_call *call)
{
    size_t size = 0;
    ck_assert(peer_half_close(call));
    ck_assert_ptr_null(peer_receive(call, &size));
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
}

static void list_services(struct mirror *mirror, const char *method)
{
    static const char *const expected[] = {
        "lab.Lab",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "grpc.health.v1.Health",
    };
    request_message request = new_request();
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)(uintptr_t) "*";
    struct peer_call *call = peer_begin(&mirror->peer, method, 10000, NULL);
    response_message *response = ask(call, &request);
    ck_assert_str_eq(response->valid_host, "here");
    ck_assert_str_eq(response->original_request->list_services, "*");
    ck_assert_ptr_nonnull(response->list_services_response);
    ck_assert_uint_eq(response->list_services_response->n_service, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(response->list_services_response->service[i]->name, expected[i]);
    done(response);
    end_well(call);
}

START_TEST(lists_services)
{
    struct mirror mirror;
    open_mirror(&mirror);
    list_services(&mirror, V1);
    list_services(&mirror, ALPHA);
    close_mirror(&mirror);
}
END_TEST

START_TEST(finds_symbols)
{
    static const struct {
        const char *symbol;
        const char *file;
    } cases[] = {
        {"lab.Lab", "lab.proto"},
        {"lab.Lab.Echo", "lab.proto"},
        {"lab.Text", "lab.proto"},
        {"lab.Text.inner", "lab.proto"},
        {"lab.Text.Kind", "lab.proto"},
        {"lab.Text.KIND_PLAIN", "lab.proto"},
        {"lab.Text.Part", "lab.proto"},
        {"lab.Text.Part.end", "lab.proto"},
        {"lab.Text.of", "lab.proto"},
        {"google.protobuf.Timestamp", "google/protobuf/timestamp.proto"},
        {"grpc.health.v1.Health", "grpc/health/v1/health.proto"},
        {"grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"},
        {"grpc.reflection.v1.ServerReflection", "grpc/reflection/v1/reflection.proto"},
        {"grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"},
        {"lab.Nope", ""},
        {"lab", ""},
        {"", ""},
        {"Text", ""},
    };
    struct mirror mirror;
    open_mirror(&mirror);
    struct peer_call *call = peer_begin(&mirror.peer, V1, 30000, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t count;
        response_message *response = ask_symbol(call, cases[i].symbol);
        ck_assert_str_eq(first_file(response, &count), cases[i].file);
        if (!cases[i].file[0])
            ck_assert_int_eq(response->error_response->error_code, STATUS_NOT_FOUND);
        done(response);
    }
    end_well(call);
    close_mirror(&mirror);
}
END_TEST

START_TEST(finds_files_and_what_they_import)
{
    struct mirror mirror;
    size_t count;
    open_mirror(&mirror);
    struct peer_call *call = peer_begin(&mirror.peer, V1, 30000, NULL);
    response_message *response = ask_file(call, "lab.proto");
    ck_assert_str_eq(first_file(response, &count), "lab.proto");
    ck_assert_uint_eq(count, 2);
    done(response);
    response = ask_file(call, "google/protobuf/timestamp.proto");
    ck_assert_str_eq(first_file(response, &count), "google/protobuf/timestamp.proto");
    ck_assert_uint_eq(count, 1);
    done(response);
    response = ask_file(call, "nope.proto");
    ck_assert_int_eq(response->error_response->error_code, STATUS_NOT_FOUND);
    done(response);
    end_well(call);
    close_mirror(&mirror);
}
END_TEST

START_TEST(knows_no_extensions)
{
    struct mirror mirror;
    Grpc__Reflection__V1__ExtensionRequest extension =
        GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
    request_message request = new_request();
    open_mirror(&mirror);
    struct peer_call *call = peer_begin(&mirror.peer, V1, 30000, NULL);
    extension.containing_type = (char *)(uintptr_t) "lab.Text";
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION;
    request.file_containing_extension = &extension;
    response_message *response = ask(call, &request);
    ck_assert_int_eq(response->error_response->error_code, STATUS_NOT_FOUND);
    done(response);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE;
    request.all_extension_numbers_of_type = (char *)(uintptr_t) "lab.Text";
    response = ask(call, &request);
    ck_assert_str_eq(response->all_extension_numbers_response->base_type_name, "lab.Text");
    done(response);
    request.all_extension_numbers_of_type = (char *)(uintptr_t) "lab.Nope";
    response = ask(call, &request);
    ck_assert_int_eq(response->error_response->error_code, STATUS_NOT_FOUND);
    done(response);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET;
    response = ask(call, &request);
    ck_assert_int_eq(response->error_response->error_code, STATUS_INVALID_ARGUMENT);
    done(response);
    peer_cancel(call);
    (void)peer_end(call);
    close_mirror(&mirror);
}
END_TEST

START_TEST(refuses_what_is_no_set)
{
    static const unsigned char bad[] = "\012\177x";
    const struct grpc_c_descriptors set = {bad, 3};
    struct error error;
    ck_assert_ptr_null(grpc_c_reflection_new(&set, 1, &error));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    grpc_c_reflection_free(NULL);
}
END_TEST

TEST_MAIN("reflection", lists_services, finds_symbols, finds_files_and_what_they_import,
          knows_no_extensions, refuses_what_is_no_set)
