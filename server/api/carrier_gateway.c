#include "server/api/attachment_in.h"
#include "server/api/attachment_out.h"
#include "server/api/internal.h"

#include <stdlib.h>
#include <string.h>

/* One program that is, or wants to be, a carrier. */
struct attached {
    struct api *api;
    struct grpc_c_call *call; /* a reference */
    struct gateway_attachment *attachment;
    char carrier[64];
    bool took_over;
    bool told; /* that it is attached */
};

static void wake(void *data)
{
    struct attached *attached = data;
    grpc_c_call_wake(attached->call);
}

static void read_on(void *data)
{
    struct attached *attached = data;
    grpc_c_call_read_on(attached->call);
}

static bool hello_expected(struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "HELLO_EXPECTED", 0,
                     "The first message on this stream is hello, and no other is.");
}

/* What it can do in calls. Who does not wait for answers places none: who is rung could have left meanwhile. */
static unsigned abilities_of(const Maskline__V1__CarrierHello *hello)
{
    if (!hello->carries_calls)
        return 0;
    unsigned can = CALL_CAN_CARRY;
    if (hello->asks_before_ringing)
        can |= CALL_CAN_ASK;
    if (hello->asks_before_ringing && hello->places_calls)
        can |= CALL_CAN_PLACE;
    if (hello->speaks)
        can |= CALL_CAN_SPEAK;
    if (hello->asks_keys)
        can |= CALL_CAN_ASK_KEY;
    if (hello->records)
        can |= CALL_CAN_RECORD;
    return can;
}

static bool greet(struct attached *attached, const Maskline__V1__AttachRequest *message,
                  struct error *error)
{
    if (message->message_case != MASKLINE__V1__ATTACH_REQUEST__MESSAGE_HELLO)
        return hello_expected(error);
    const Maskline__V1__CarrierHello *hello = message->hello;
    if (*hello->carrier == '\0') {
        error_clear(error);
        return error_field(error, "hello.carrier", "It is needed.");
    }
    struct gateway *gateway =
        carriers_gateway(attached->api->parts.carriers, hello->carrier, error);
    const struct gateway_program program = {
        .honours_keys = hello->honours_keys,
        .wake = wake,
        .read_on = read_on,
        .data = attached,
        .call_abilities = abilities_of(hello),
        .no_texts = hello->no_texts,
        .no_media = hello->no_media,
    };
    if (!gateway ||
        !gateway_attach(gateway, &program, &attached->attachment, &attached->took_over, error))
        return false;
    size_t size = strnlen(hello->carrier, sizeof attached->carrier - 1);
    memcpy(attached->carrier, hello->carrier, size);
    grpc_c_call_wake(attached->call);
    return true;
}

static bool on_message(void *state, const Maskline__V1__AttachRequest *message)
{
    struct attached *attached = state;
    struct error error;
    bool more = true;
    bool ok;
    if (!attached->attachment)
        ok = greet(attached, message, &error);
    else if (message->message_case == MASKLINE__V1__ATTACH_REQUEST__MESSAGE_HELLO)
        ok = hello_expected(&error);
    else
        ok = attachment_take(attached->attachment, message, &more, &error);
    if (!ok)
        grpc_c_call_fail(attached->call, &error);
    return ok && more;
}

static void on_half_close(void *state)
{
    struct attached *attached = state;
    if (attached->attachment) {
        gateway_half_close(attached->attachment);
        return;
    }
    struct error error;
    hello_expected(&error);
    grpc_c_call_fail(attached->call, &error);
}

static enum grpc_c_next next(void *state, struct arena *arena,
                             const Maskline__V1__AttachResponse **ret_message,
                             struct error *ret_status)
{
    struct attached *attached = state;
    struct gateway_output output;
    if (grpc_c_server_stopping(grpc_c_call_server(attached->call))) {
        error_shutting_down(ret_status);
        return GRPC_C_END;
    }
    if (!attached->attachment)
        return GRPC_C_LATER;
    if (!attached->told) {
        attached->told = true;
        *ret_message = attached_message(arena, attached->carrier, attached->took_over,
                                        store_now(masking_store(attached->api->parts.masking)));
    } else {
        switch (gateway_next(attached->attachment, arena, &output, ret_status)) {
        case GATEWAY_OUTPUT:
            break;
        case GATEWAY_LATER:
            return GRPC_C_LATER;
        case GATEWAY_ENDED:
            return GRPC_C_END;
        }
        *ret_message = output_message(arena, &output);
    }
    if (*ret_message && !arena_full(arena))
        return GRPC_C_MESSAGE;
    error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
              "There is no memory for this message.");
    return GRPC_C_END;
}

static void on_end(void *state)
{
    struct attached *attached = state;
    gateway_detach(attached->attachment);
    grpc_c_call_unref(attached->call);
    free(attached);
}

static void attach(void *data, struct grpc_c_call *call)
{
    static const struct maskline_v1_carrier_gateway_attach_stream stream = {
        on_message, on_half_close, next, on_end};
    struct attached *attached = calloc(1, sizeof *attached);
    if (!attached) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this stream.");
        grpc_c_call_fail(call, &error);
        return;
    }
    attached->api = data;
    attached->call = grpc_c_call_ref(call);
    maskline_v1_carrier_gateway_attach_open(call, attached, &stream);
}

void carrier_gateway_bind(struct api *api)
{
    api->carrier_gateway =
        (struct maskline_v1_carrier_gateway_service){.data = api, .attach = attach};
}
