#include "tests/fuzz/fake_server.h"

#include "tests/fuzz/oracle.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
    METHODS_MOST = 128,
    WAITS_MOST = 60000,
    PAUSE_NS = 1000000,
    MESSAGE_MEMORY = 16 * 1024 * 1024
};

struct grpc_c_server {
    struct fake_method methods[METHODS_MOST];
    size_t count;
    _Atomic bool stopping;
    void (*meanwhile)(void *data);
    void *meanwhile_data;
};

/* One lock for all calls: what it guards is short. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct grpc_c_call {
    struct grpc_c_server *server;
    const struct grpc_c_method *method;
    unsigned waits;
    struct arena *arena;         /* of the call */
    struct arena *message_arena; /* of the stream's next message */
    void *state;
    const void *stream;
    const struct grpc_c_stream_calls *calls;
    /* ---- under the lock ---- */
    unsigned refs;
    bool opened;
    bool answered;
    bool gone; /* the client */
    bool may_read;
    struct error error;
    uint8_t *bytes;
    size_t size;
    /* ---- of the thread that drives it ---- */
    bool ended; /* on_end has run */
    bool said_end;
};

/* ---- the server ---- */

struct grpc_c_server *fake_server_new(void)
{
    struct grpc_c_server *server = calloc(1, sizeof *server);
    if (!server)
        abort();
    return server;
}

void fake_server_free(struct grpc_c_server *server)
{
    free(server);
}

void fake_server_stop(struct grpc_c_server *server)
{
    server->stopping = true;
}

bool grpc_c_server_stopping(const struct grpc_c_server *server)
{
    return server->stopping;
}

bool grpc_c_server_add(struct grpc_c_server *server, const struct grpc_c_service *service,
                       const void *implementation, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < service->method_count; i++) {
        must(server->count < METHODS_MOST, "there are more methods than one thought");
        server->methods[server->count++] =
            (struct fake_method){&service->methods[i], implementation};
    }
    return true;
}

const struct fake_method *fake_server_methods(const struct grpc_c_server *server, size_t *ret_count)
{
    *ret_count = server->count;
    return server->methods;
}

/* ---- what handlers call ---- */

struct arena *grpc_c_call_arena(struct grpc_c_call *call)
{
    return call->arena;
}

struct grpc_c_server *grpc_c_call_server(const struct grpc_c_call *call)
{
    return call->server;
}

const char *grpc_c_call_method(const struct grpc_c_call *call)
{
    return call->method->path;
}

/* `gone` is always known. */
void grpc_c_call_listen(struct grpc_c_call *call)
{
    (void)call;
}

bool grpc_c_call_cancelled(struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    bool gone = call->gone;
    pthread_mutex_unlock(&lock);
    return gone;
}

struct grpc_c_call *grpc_c_call_ref(struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    call->refs++;
    pthread_mutex_unlock(&lock);
    return call;
}

void grpc_c_call_unref(struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    must(call->refs > 0, "%s: a reference is given back that nobody had", call->method->path);
    call->refs--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void grpc_c_call_wake(struct grpc_c_call *call)
{
    (void)call; /* streams are asked whether or not */
}

void grpc_c_call_read_on(struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    call->may_read = true;
    pthread_mutex_unlock(&lock);
}

static void answer(struct grpc_c_call *call, const struct error *error, uint8_t *bytes, size_t size)
{
    pthread_mutex_lock(&lock);
    /* The client of a stream may have gone meanwhile; and a stream's second answer is ignored. */
    must(!call->answered || call->opened, "%s is answered twice", call->method->path);
    if (call->answered) {
        free(bytes);
    } else {
        call->answered = true;
        call->bytes = bytes;
        call->size = size;
        if (error)
            call->error = *error;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void grpc_c_call_fail(struct grpc_c_call *call, const struct error *error)
{
    answer(call, error, NULL, 0);
}

void grpc_c_call_unimplemented(struct grpc_c_call *call)
{
    struct error error;
    error_set(&error, STATUS_UNIMPLEMENTED, "UNIMPLEMENTED", 0, "There is no such thing.");
    answer(call, &error, NULL, 0);
}

static uint8_t *pack(const ProtobufCMessage *message, size_t *ret_size)
{
    *ret_size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*ret_size ? *ret_size : 1);
    if (!bytes)
        abort();
    protobuf_c_message_pack(message, bytes);
    return bytes;
}

void grpc_c_call_reply(struct grpc_c_call *call, const ProtobufCMessage *response)
{
    size_t size;
    must(response->descriptor == call->method->response, "%s is answered with a %s",
         call->method->path, response->descriptor->name);
    uint8_t *bytes = pack(response, &size);
    answer(call, NULL, bytes, size);
}

void grpc_c_call_open(struct grpc_c_call *call, void *state, const void *stream,
                      const struct grpc_c_stream_calls *calls)
{
    pthread_mutex_lock(&lock);
    must(!call->opened && call->method->kind != GRPC_C_UNARY, "%s is opened wrongly",
         call->method->path);
    call->state = state;
    call->stream = stream;
    call->calls = calls;
    call->opened = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- driving a call ---- */

void fake_server_meanwhile(struct grpc_c_server *server, void (*meanwhile)(void *data), void *data)
{
    server->meanwhile = meanwhile;
    server->meanwhile_data = data;
}

/* Waits a little for what somebody else has to do; under the lock. */
static void await(struct grpc_c_call *call)
{
    const struct grpc_c_server *server = call->server;
    struct timespec until;
    if (server->meanwhile) {
        pthread_mutex_unlock(&lock);
        server->meanwhile(server->meanwhile_data);
        pthread_mutex_lock(&lock);
        /* It may have come meanwhile, and then nobody tells again. */
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PAUSE_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&changed, &lock, &until);
    must(++call->waits < WAITS_MOST, "%s gets no answer", call->method->path);
}

struct grpc_c_call *fake_call(struct grpc_c_server *server, const struct fake_method *method,
                              const ProtobufCMessage *request, struct arena *arena)
{
    struct grpc_c_call *call = calloc(1, sizeof *call);
    if (!call || !(call->message_arena = arena_new(MESSAGE_MEMORY)))
        abort();
    call->server = server;
    call->method = method->method;
    call->arena = arena;
    call->may_read = true;
    error_clear(&call->error);
    method->method->start(method->implementation, call, request);
    pthread_mutex_lock(&lock);
    while (!call->answered && !call->opened)
        await(call);
    pthread_mutex_unlock(&lock);
    return call;
}

static bool is_answered(const struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    bool answered = call->answered;
    pthread_mutex_unlock(&lock);
    return answered;
}

static void end_stream(struct grpc_c_call *call)
{
    if (!call->opened || call->ended)
        return;
    call->ended = true;
    if (call->calls->on_end)
        call->calls->on_end(call->stream, call->state);
}

bool fake_call_open(const struct grpc_c_call *call)
{
    return call->opened && !call->ended;
}

void fake_call_pull(struct grpc_c_call *call, size_t most,
                    void (*take)(void *data, const uint8_t *bytes, size_t size), void *data)
{
    for (size_t i = 0; i < most && fake_call_open(call) && call->calls->next; i++) {
        if (is_answered(call))
            break;
        const ProtobufCMessage *message = NULL;
        struct error status;
        error_clear(&status);
        arena_reset(call->message_arena);
        enum grpc_c_next next =
            call->calls->next(call->stream, call->state, call->message_arena, &message, &status);
        if (next == GRPC_C_LATER)
            return;
        if (next == GRPC_C_END) {
            answer(call, &status, NULL, 0);
            break;
        }
        must(message && message->descriptor == call->method->response, "%s says a wrong thing",
             call->method->path);
        size_t size;
        uint8_t *bytes = pack(message, &size);
        take(data, bytes, size);
        free(bytes);
    }
    if (is_answered(call))
        end_stream(call);
}

bool fake_call_give(struct grpc_c_call *call, const ProtobufCMessage *message)
{
    pthread_mutex_lock(&lock);
    bool may_read = call->may_read && !call->answered;
    if (may_read)
        call->may_read = false;
    pthread_mutex_unlock(&lock);
    if (!may_read || !fake_call_open(call) || !call->calls->on_message)
        return false;
    if (call->calls->on_message(call->stream, call->state, message))
        grpc_c_call_read_on(call);
    return true;
}

enum status_code fake_call_outcome(struct grpc_c_call *call, struct error *ret_error,
                                   const uint8_t **ret_bytes, size_t *ret_size)
{
    pthread_mutex_lock(&lock);
    *ret_error = call->error;
    *ret_bytes = call->bytes;
    *ret_size = call->size;
    enum status_code code = call->error.code;
    pthread_mutex_unlock(&lock);
    return code;
}

void fake_call_end(struct grpc_c_call *call)
{
    pthread_mutex_lock(&lock);
    call->gone = true;
    pthread_mutex_unlock(&lock);
    end_stream(call);
    pthread_mutex_lock(&lock);
    while (call->refs > 0)
        await(call);
    pthread_mutex_unlock(&lock);
    arena_free(call->arena);
    arena_free(call->message_arena);
    free(call->bytes);
    free(call);
}
