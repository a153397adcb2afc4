#include "server/rpc/reflection.h"

#include "proto/c/wire_check.h"
#include "server/rpc/descriptors.h"
#include "server/rpc/health_descriptors.h"
#include "server/rpc/reflection_descriptors.h"

#include "grpc/reflection/v1/reflection.grpc-c-server.h"

#include <stdlib.h>
#include <string.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

struct grpc_c_reflection {
    struct descriptor_index *index;
    struct grpc_reflection_v1_server_reflection_service service;
    /* v1alpha has the same messages under other names; on the wire there is no difference. */
    struct grpc_c_method alpha_method;
    struct grpc_c_service alpha;
};

/* One call. A request is answered before the next is read. */
struct conversation {
    const struct grpc_c_reflection *reflection;
    struct grpc_c_call *call;
    uint8_t *request; /* packed; NULL when there is none to answer */
    size_t request_size;
    bool half_closed;
};

static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool answer_error(response_message *response, struct arena *arena, enum status_code code,
                         const char *message)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof(*error));
    if (!error)
        return false;
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t)code;
    error->error_message = unconst(message);
    response->error_response = error;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    return true;
}

static bool answer_files(const struct descriptor_index *index, int file, response_message *response,
                         struct arena *arena)
{
    Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof(*files));
    if (file < 0)
        return answer_error(response, arena, STATUS_NOT_FOUND, "Nothing of that name is known.");
    if (!files)
        return false;
    grpc__reflection__v1__file_descriptor_response__init(files);
    response->file_descriptor_response = files;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    return descriptor_index_closure(index, file, arena, &files->file_descriptor_proto,
                                    &files->n_file_descriptor_proto);
}

/* No file here declares extensions of messages. */
static bool answer_extensions(const struct descriptor_index *index, const char *type,
                              response_message *response, struct arena *arena)
{
    if (!descriptor_index_is_message(index, type))
        return answer_error(response, arena, STATUS_NOT_FOUND, "No such message is known.");
    Grpc__Reflection__V1__ExtensionNumberResponse *numbers = arena_alloc(arena, sizeof(*numbers));
    if (!numbers)
        return false;
    grpc__reflection__v1__extension_number_response__init(numbers);
    numbers->base_type_name = unconst(type);
    response->all_extension_numbers_response = numbers;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
    return true;
}

static bool answer_services(const struct grpc_c_server *server, response_message *response,
                            struct arena *arena)
{
    size_t count = 0;
    while (grpc_c_server_service(server, count))
        count++;
    Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof(*list));
    Grpc__Reflection__V1__ServiceResponse *services = arena_array(arena, count, sizeof(*services));
    Grpc__Reflection__V1__ServiceResponse **pointers = arena_array(arena, count, sizeof(*pointers));
    if (!list || !services || !pointers)
        return false;
    grpc__reflection__v1__list_service_response__init(list);
    for (size_t i = 0; i < count; i++) {
        grpc__reflection__v1__service_response__init(&services[i]);
        services[i].name = unconst(grpc_c_server_service(server, i));
        pointers[i] = &services[i];
    }
    list->service = pointers;
    list->n_service = count;
    response->list_services_response = list;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    return true;
}

/* False when the arena is full. */
static bool answer(const struct conversation *conversation, const request_message *request,
                   response_message *response, struct arena *arena)
{
    const struct descriptor_index *index = conversation->reflection->index;
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        return answer_files(index, descriptor_index_file(index, request->file_by_filename),
                            response, arena);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        return answer_files(index, descriptor_index_symbol(index, request->file_containing_symbol),
                            response, arena);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
        return answer_files(index, -1, response, arena);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        return answer_extensions(index, request->all_extension_numbers_of_type, response, arena);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return answer_services(grpc_c_call_server(conversation->call), response, arena);
    default:
        return answer_error(response, arena, STATUS_INVALID_ARGUMENT, "The request asks nothing.");
    }
}

static bool make_response(struct conversation *conversation, struct arena *arena,
                          const response_message **ret_message)
{
    ProtobufCMessage *request;
    struct error error;
    response_message *response = arena_alloc(arena, sizeof(*response));
    if (!response || !message_unpack(&grpc__reflection__v1__server_reflection_request__descriptor,
                                     conversation->request, conversation->request_size, NULL, arena,
                                     &request, &error))
        return false;
    grpc__reflection__v1__server_reflection_response__init(response);
    response->original_request = (request_message *)request;
    response->valid_host = response->original_request->host;
    *ret_message = response;
    return answer(conversation, response->original_request, response, arena);
}

static enum grpc_c_next next(void *state, struct arena *arena, const response_message **ret_message,
                             struct error *ret_status)
{
    struct conversation *conversation = state;
    if (conversation->request) {
        bool good = make_response(conversation, arena, ret_message);
        free(conversation->request);
        conversation->request = NULL;
        grpc_c_call_read_on(conversation->call);
        if (good)
            return GRPC_C_MESSAGE;
        error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "", 0, "The answer would be too large.");
        return GRPC_C_END;
    }
    if (conversation->half_closed)
        return GRPC_C_END;
    if (!grpc_c_server_stopping(grpc_c_call_server(conversation->call)))
        return GRPC_C_LATER;
    error_set(ret_status, STATUS_UNAVAILABLE, "", 0, "The server stops; connect again.");
    return GRPC_C_END;
}

static bool on_message(void *state, const request_message *message)
{
    struct conversation *conversation = state;
    size_t size = protobuf_c_message_get_packed_size(&message->base);
    conversation->request = malloc(size + 1);
    if (!conversation->request) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "", 0, "There is no memory.");
        grpc_c_call_fail(conversation->call, &error);
        return false;
    }
    conversation->request_size = protobuf_c_message_pack(&message->base, conversation->request);
    grpc_c_call_wake(conversation->call);
    return false;
}

static void on_half_close(void *state)
{
    struct conversation *conversation = state;
    conversation->half_closed = true;
    grpc_c_call_wake(conversation->call);
}

static void on_end(void *state)
{
    struct conversation *conversation = state;
    free(conversation->request);
    free(conversation);
}

static void handle(void *data, struct grpc_c_call *call)
{
    static const struct grpc_reflection_v1_server_reflection_server_reflection_info_stream stream =
        {
            .on_message = on_message,
            .on_half_close = on_half_close,
            .next = next,
            .on_end = on_end,
        };
    struct conversation *conversation = calloc(1, sizeof(*conversation));
    if (!conversation) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "", 0, "There is no memory.");
        grpc_c_call_fail(call, &error);
        return;
    }
    conversation->reflection = data;
    conversation->call = call;
    grpc_reflection_v1_server_reflection_server_reflection_info_open(call, conversation, &stream);
}

static bool fill_index(struct grpc_c_reflection *reflection, const struct grpc_c_descriptors *sets,
                       size_t count, struct error *error)
{
    reflection->index = descriptor_index_new();
    if (!reflection->index)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    for (size_t i = 0; i < count; i++) {
        if (!descriptor_index_add(reflection->index, sets[i].bytes, sets[i].size, error))
            return false;
    }
    if (!descriptor_index_add(reflection->index, health_descriptors, health_descriptors_size,
                              error) ||
        !descriptor_index_add(reflection->index, reflection_descriptors,
                              reflection_descriptors_size, error))
        return false;
    descriptor_index_sort(reflection->index);
    return true;
}

struct grpc_c_reflection *grpc_c_reflection_new(const struct grpc_c_descriptors *sets, size_t count,
                                                struct error *error)
{
    struct grpc_c_reflection *reflection = calloc(1, sizeof(*reflection));
    if (!reflection) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
        return NULL;
    }
    if (!fill_index(reflection, sets, count, error)) {
        grpc_c_reflection_free(reflection);
        return NULL;
    }
    const struct grpc_c_service *v1 = &grpc_reflection_v1_server_reflection_descriptor;
    reflection->service.data = reflection;
    reflection->service.server_reflection_info = handle;
    reflection->alpha_method = v1->methods[0];
    reflection->alpha_method.path =
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    reflection->alpha = (struct grpc_c_service){
        .name = "grpc.reflection.v1alpha.ServerReflection",
        .methods = &reflection->alpha_method,
        .method_count = 1,
    };
    return reflection;
}

bool grpc_c_reflection_add(struct grpc_c_reflection *reflection, struct grpc_c_server *server,
                           struct error *error)
{
    return grpc_c_server_add(server, &grpc_reflection_v1_server_reflection_descriptor,
                             &reflection->service, error) &&
           grpc_c_server_add(server, &reflection->alpha, &reflection->service, error);
}

void grpc_c_reflection_free(struct grpc_c_reflection *reflection)
{
    if (!reflection)
        return;
    descriptor_index_free(reflection->index);
    free(reflection);
}
