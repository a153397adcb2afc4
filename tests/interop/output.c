/*
 * Streams of answers: what requests ask for is queued, and sent in order, each answer not before its time. While many wait, no
 * more requests are read.
 */
#include "tests/interop/service.h"

#include "proto/c/arena.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 1000, TOO_MANY = 1000000 };

struct answer {
    Grpc__Testing__PayloadType type;
    int32_t size;
    int32_t interval_us;
    bool compressed;
};

/* One call; touched by its callbacks only. */
struct output {
    struct grpc_c_call *call;
    struct timer *timer;
    struct timer_entry entry;
    struct answer *answers;
    size_t count;
    size_t capacity;
    size_t sent; /* of `answers` */
    bool waits_for_all;
    bool asked_all; /* no more requests are to be heeded */
    bool paused;
    int64_t last_us; /* when the last answer was due */
    struct error status;
};

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
}

static bool make_room(struct output *output, size_t more, struct error *error)
{
    if (output->count + more > TOO_MANY)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "", 0, "No more than %d answers wait.",
                         TOO_MANY);
    if (output->count + more <= output->capacity)
        return true;
    size_t capacity = 2 * output->capacity + more;
    struct answer *larger = reallocarray(output->answers, capacity, sizeof(*larger));
    if (!larger)
        return no_memory(error);
    output->answers = larger;
    output->capacity = capacity;
    return true;
}

/* Forgets the answers that were sent. */
static void tidy(struct output *output)
{
    if (output->sent == 0)
        return;
    output->count -= output->sent;
    memmove(output->answers, output->answers + output->sent,
            output->count * sizeof(*output->answers));
    output->sent = 0;
}

static bool add(struct output *output, const Grpc__Testing__StreamingOutputCallRequest *request,
                struct error *error)
{
    Grpc__Testing__Payload unused;
    tidy(output);
    if (!make_room(output, request->n_response_parameters, error))
        return false;
    for (size_t i = 0; i < request->n_response_parameters; i++) {
        const Grpc__Testing__ResponseParameters *from = request->response_parameters[i];
        if (!service_payload(request->response_type, from->size, &unused, error))
            return false;
        output->answers[output->count++] = (struct answer){
            .type = request->response_type,
            .size = from->size,
            .interval_us = from->interval_us,
            .compressed = from->compressed && from->compressed->value,
        };
    }
    return true;
}

/* What is wrong with a request ends the call like a status that it asks for: after the answers before it. */
static void take(struct output *output, const Grpc__Testing__StreamingOutputCallRequest *request)
{
    if (service_status(request->response_status, &output->status) ||
        !add(output, request, &output->status))
        output->asked_all = true;
}

static bool on_message(void *state, const Grpc__Testing__StreamingOutputCallRequest *message)
{
    struct output *output = state;
    if (output->asked_all)
        return true;
    take(output, message);
    grpc_c_call_wake(output->call);
    output->paused = !output->waits_for_all && output->count - output->sent > MANY;
    return !output->paused;
}

static void on_half_close(void *state)
{
    struct output *output = state;
    output->asked_all = true;
    grpc_c_call_wake(output->call);
}

static bool is_early(struct output *output, const struct answer *answer)
{
    if (answer->interval_us <= 0)
        return false;
    int64_t due_us = output->last_us + answer->interval_us;
    if (timer_now_us() >= due_us)
        return false;
    timer_set(output->timer, &output->entry, output->call, due_us);
    return true;
}

static const Grpc__Testing__StreamingOutputCallResponse *response_of(const struct answer *answer,
                                                                     struct arena *arena)
{
    Grpc__Testing__StreamingOutputCallResponse *response = arena_alloc(arena, sizeof(*response));
    Grpc__Testing__Payload *payload = arena_alloc(arena, sizeof(*payload));
    struct error error;
    if (!response || !payload || !service_payload(answer->type, answer->size, payload, &error))
        return NULL;
    grpc__testing__streaming_output_call_response__init(response);
    response->payload = payload;
    return response;
}

static enum grpc_c_next next(void *state, struct arena *arena,
                             const Grpc__Testing__StreamingOutputCallResponse **ret_message,
                             struct error *ret_status)
{
    struct output *output = state;
    if (output->sent == output->count || (output->waits_for_all && !output->asked_all)) {
        if (!output->asked_all)
            return GRPC_C_LATER;
        *ret_status = output->status;
        return GRPC_C_END;
    }
    const struct answer *answer = &output->answers[output->sent];
    if (is_early(output, answer))
        return GRPC_C_LATER;
    *ret_message = response_of(answer, arena);
    if (!*ret_message) {
        no_memory(ret_status);
        return GRPC_C_END;
    }
    if (!answer->compressed)
        grpc_c_call_plain_message(output->call);
    output->last_us = timer_now_us();
    output->sent++;
    if (output->paused && output->sent == output->count) {
        output->paused = false;
        grpc_c_call_read_on(output->call);
    }
    return GRPC_C_MESSAGE;
}

static void on_end(void *state)
{
    struct output *output = state;
    timer_clear(output->timer, &output->entry);
    free(output->answers);
}

/* The state of a call, in its arena; NULL when the call has failed for want of memory. */
static struct output *output_new(struct timer *timer, struct grpc_c_call *call)
{
    struct arena *arena = grpc_c_call_arena(call);
    struct output *output = arena ? arena_alloc(arena, sizeof(*output)) : NULL;
    if (!output) {
        struct error error;
        no_memory(&error);
        grpc_c_call_fail(call, &error);
        return NULL;
    }
    output->call = call;
    output->timer = timer;
    output->last_us = timer_now_us();
    error_clear(&output->status);
    service_echo_metadata(call);
    /* Answers that are to go as they are say so one by one. */
    grpc_c_call_compress(call, true);
    return output;
}

void output_streaming(void *data, struct grpc_c_call *call,
                      const Grpc__Testing__StreamingOutputCallRequest *request)
{
    static const struct grpc_testing_test_service_streaming_output_call_stream stream = {
        .next = next,
        .on_end = on_end,
    };
    struct output *output = output_new(data, call);
    if (!output)
        return;
    take(output, request);
    output->asked_all = true;
    grpc_testing_test_service_streaming_output_call_open(call, output, &stream);
}

void output_full_duplex(void *data, struct grpc_c_call *call)
{
    static const struct grpc_testing_test_service_full_duplex_call_stream stream = {
        .on_message = on_message,
        .on_half_close = on_half_close,
        .next = next,
        .on_end = on_end,
    };
    struct output *output = output_new(data, call);
    if (output)
        grpc_testing_test_service_full_duplex_call_open(call, output, &stream);
}

void output_half_duplex(void *data, struct grpc_c_call *call)
{
    static const struct grpc_testing_test_service_half_duplex_call_stream stream = {
        .on_message = on_message,
        .on_half_close = on_half_close,
        .next = next,
        .on_end = on_end,
    };
    struct output *output = output_new(data, call);
    if (!output)
        return;
    output->waits_for_all = true;
    grpc_testing_test_service_half_duplex_call_open(call, output, &stream);
}
