#include "server/api/limits.h"

#include "server/masking/services/rates.h"
#include "server/rpc/stub.h"

#include <stdlib.h>

/* One service with its methods' starts replaced. */
struct limited {
    struct limited *next;
    struct masking *masking;
    const struct grpc_c_service *real;
    const void *implementation;
    struct grpc_c_service service; /* what the runtime sees */
    struct grpc_c_method methods[];
};

struct limits {
    struct masking *masking;
    struct limited *all;
};

struct limits *limits_new(struct masking *masking)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (limits)
        limits->masking = masking;
    return limits;
}

void limits_free(struct limits *limits)
{
    if (!limits)
        return;
    for (struct limited *one = limits->all, *after; one; one = after) {
        after = one->next;
        free(one);
    }
    free(limits);
}

/* The field of a request that names its Service; NULL: it has none. */
static const ProtobufCFieldDescriptor *service_field(const ProtobufCMessageDescriptor *request)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request, "service");
    return field && field->type == PROTOBUF_C_TYPE_STRING ? field : NULL;
}

/* What the runtime has is a copy: the paths are the same texts. */
static const struct grpc_c_method *method_of(const struct limited *limited, const char *path)
{
    for (size_t i = 0; i < limited->real->method_count; i++)
        if (limited->real->methods[i].path == path)
            return &limited->real->methods[i];
    return NULL;
}

static void start(const void *implementation, struct grpc_c_call *call,
                  const ProtobufCMessage *request)
{
    const struct limited *limited = implementation;
    const struct grpc_c_method *method = method_of(limited, grpc_c_call_method(call));
    const ProtobufCFieldDescriptor *field =
        request && rates_on(limited->masking) ? service_field(request->descriptor) : NULL;
    struct error error;
    if (!method) {
        error_internal(&error);
        grpc_c_call_fail(call, &error);
        return;
    }
    if (!field) {
        method->start(limited->implementation, call, request);
        return;
    }
    const char *service = *(char *const *)(const void *)((const char *)request + field->offset);
    if (rates_take(limited->masking, service, method->path, &error))
        method->start(limited->implementation, call, request);
    else
        grpc_c_call_fail(call, &error);
}

bool limits_add(struct limits *limits, struct grpc_c_server *server,
                const struct grpc_c_service *service, const void *implementation,
                struct error *error)
{
    struct limited *limited =
        calloc(1, sizeof *limited + service->method_count * sizeof limited->methods[0]);
    if (!limited)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    limited->masking = limits->masking;
    limited->real = service;
    limited->implementation = implementation;
    for (size_t i = 0; i < service->method_count; i++) {
        limited->methods[i] = service->methods[i];
        limited->methods[i].start = start;
    }
    limited->service = *service;
    limited->service.methods = limited->methods;
    limited->next = limits->all;
    limits->all = limited;
    return grpc_c_server_add(server, &limited->service, limited, error);
}
