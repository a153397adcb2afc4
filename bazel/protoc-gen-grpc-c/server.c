#include "bazel/protoc-gen-grpc-c/server.h"

#include "bazel/protoc-gen-grpc-c/print.h"

/* Laid out like what they print. */
/* clang-format off */

static const char service_comment[] =
    "What implements $full_name$. The program owns it; it lives as long as the server.\n"
    "A handler left NULL answers UNIMPLEMENTED.";

static const char struct_begin[] =
    "struct $service$_service {\n"
    "    void *data; /* given to each handler */\n";

static const char struct_end[] =
    "};\n"
    "\n"
    "/* For grpc_c_server_add, with a struct $service$_service. */\n"
    "extern const struct grpc_c_service $service$_descriptor;\n";

static const char handler_with_request[] =
    "    void (*$member$)(void *data, struct grpc_c_call *call,\n"
    "                     const $request$ *request);\n";

static const char handler_of_stream[] =
    "    void (*$member$)(void *data, struct grpc_c_call *call);\n";

static const char declare_reply[] =
    "\n"
    "/* Answers $name$; the response is read before this returns. */\n"
    "void $id$_reply(struct grpc_c_call *call,\n"
    "        const $response$ *response);\n";

static const char stream_begin[] =
    "\n"
    "/* How a stream of $name$ goes on. The program owns it, usually as a constant; it lives as long\n"
    " * as the call. */\n"
    "struct $id$_stream {\n";

static const char stream_reads[] =
    "    /* The message lives until this returns. False: read no more until grpc_c_call_read_on. May be\n"
    "     * NULL: messages are dropped. */\n"
    "    bool (*on_message)(void *state, const $request$ *message);\n"
    "    /* The client will send nothing more. May be NULL. */\n"
    "    void (*on_half_close)(void *state);\n";

static const char stream_writes[] =
    "    /* Asked when the transport can take a message, which lives in `arena`, or longer. */\n"
    "    enum grpc_c_next (*next)(void *state, struct arena *arena,\n"
    "                             const $response$ **ret_message,\n"
    "                             struct error *ret_status);\n";

static const char stream_end[] =
    "    /* Once, last, however the call ended: frees the state. May be NULL. */\n"
    "    void (*on_end)(void *state);\n"
    "};\n"
    "\n"
    "/* Ends the handler of $name$; `state` is given to each function of `stream`. */\n"
    "void $id$_open(struct grpc_c_call *call, void *state,\n"
    "        const struct $id$_stream *stream);\n";

static const char handle_with_request[] =
    "\n"
    "static void $id$__handle(const void *implementation, struct grpc_c_call *call,\n"
    "        const ProtobufCMessage *request)\n"
    "{\n"
    "    const struct $service$_service *service = implementation;\n"
    "    if (service->$member$)\n"
    "        service->$member$(service->data, call, (const $request$ *)request);\n"
    "    else\n"
    "        grpc_c_call_unimplemented(call);\n"
    "}\n";

static const char handle_stream[] =
    "\n"
    "static void $id$__handle(const void *implementation, struct grpc_c_call *call,\n"
    "        const ProtobufCMessage *request)\n"
    "{\n"
    "    const struct $service$_service *service = implementation;\n"
    "    (void)request;\n"
    "    if (service->$member$)\n"
    "        service->$member$(service->data, call);\n"
    "    else\n"
    "        grpc_c_call_unimplemented(call);\n"
    "}\n";

static const char define_reply[] =
    "\n"
    "void $id$_reply(struct grpc_c_call *call,\n"
    "        const $response$ *response)\n"
    "{\n"
    "    grpc_c_call_reply(call, (const ProtobufCMessage *)response);\n"
    "}\n";

static const char define_reads[] =
    "\n"
    "static bool $id$__on_message(const void *stream, void *state,\n"
    "        const ProtobufCMessage *message)\n"
    "{\n"
    "    const struct $id$_stream *typed = stream;\n"
    "    return !typed->on_message || typed->on_message(state, (const $request$ *)message);\n"
    "}\n"
    "\n"
    "static void $id$__on_half_close(const void *stream, void *state)\n"
    "{\n"
    "    const struct $id$_stream *typed = stream;\n"
    "    if (typed->on_half_close)\n"
    "        typed->on_half_close(state);\n"
    "}\n";

static const char define_writes[] =
    "\n"
    "static enum grpc_c_next $id$__next(const void *stream, void *state,\n"
    "        struct arena *arena, const ProtobufCMessage **ret_message,\n"
    "        struct error *ret_status)\n"
    "{\n"
    "    const struct $id$_stream *typed = stream;\n"
    "    const $response$ *message = NULL;\n"
    "    enum grpc_c_next next = typed->next(state, arena, &message, ret_status);\n"
    "    if (next == GRPC_C_MESSAGE)\n"
    "        *ret_message = (const ProtobufCMessage *)message;\n"
    "    return next;\n"
    "}\n";

static const char define_end[] =
    "\n"
    "static void $id$__on_end(const void *stream, void *state)\n"
    "{\n"
    "    const struct $id$_stream *typed = stream;\n"
    "    if (typed->on_end)\n"
    "        typed->on_end(state);\n"
    "}\n"
    "\n"
    "static const struct grpc_c_stream_calls $id$__stream_calls = {\n";

static const char calls_read[] =
    "    .on_message = $id$__on_message,\n"
    "    .on_half_close = $id$__on_half_close,\n";

static const char calls_write[] =
    "    .next = $id$__next,\n";

static const char define_open[] =
    "    .on_end = $id$__on_end,\n"
    "};\n"
    "\n"
    "void $id$_open(struct grpc_c_call *call, void *state,\n"
    "        const struct $id$_stream *stream)\n"
    "{\n"
    "    grpc_c_call_open(call, state, stream, &$id$__stream_calls);\n"
    "}\n";

#define ENTRY(kind)                                 \
    "    {\n"                                       \
    "        .path = \"/$full_name$/$name$\",\n"    \
    "        .kind = " kind ",\n"                   \
    "        .request = &$request_descriptor$,\n"   \
    "        .response = &$response_descriptor$,\n" \
    "        .start = $id$__handle,\n"              \
    "    },\n"

static const char descriptor_with_methods[] =
    "\n"
    "const struct grpc_c_service $service$_descriptor = {\n"
    "    .name = \"$full_name$\",\n"
    "    .methods = $service$__methods,\n"
    "    .method_count = sizeof $service$__methods / sizeof *$service$__methods,\n"
    "};\n";

static const char descriptor_without_methods[] =
    "\n"
    "const struct grpc_c_service $service$_descriptor = {\n"
    "    .name = \"$full_name$\",\n"
    "};\n";

/* clang-format on */

static void print_stream_struct(struct text *text, const struct service *service,
                                const struct method *method)
{
    print_method(text, service, method, stream_begin);
    if (method_reads_stream(method))
        print_method(text, service, method, stream_reads);
    if (method_writes_stream(method))
        print_method(text, service, method, stream_writes);
    print_method(text, service, method, stream_end);
}

void server_print_header(struct text *text, const struct service *service)
{
    text_add(text, "\n");
    print_service_comment(text, service, service_comment);
    print_service(text, service, struct_begin);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct method *method = &service->methods[i];
        text_add(text, "\n");
        print_method_comment(text, service, method, "    ", NULL);
        print_method(text, service, method,
                     method_reads_stream(method) ? handler_of_stream : handler_with_request);
    }
    print_service(text, service, struct_end);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct method *method = &service->methods[i];
        if (!method_writes_stream(method))
            print_method(text, service, method, declare_reply);
        if (method->kind != UNARY)
            print_stream_struct(text, service, method);
    }
}

static void print_stream_calls(struct text *text, const struct service *service,
                               const struct method *method)
{
    bool reads = method_reads_stream(method);
    bool writes = method_writes_stream(method);
    if (reads)
        print_method(text, service, method, define_reads);
    if (writes)
        print_method(text, service, method, define_writes);
    print_method(text, service, method, define_end);
    if (reads)
        print_method(text, service, method, calls_read);
    if (writes)
        print_method(text, service, method, calls_write);
    print_method(text, service, method, define_open);
}

static void print_table(struct text *text, const struct service *service)
{
    static const char *const entries[] = {
        [UNARY] = ENTRY("GRPC_C_UNARY"),
        [SERVER_STREAM] = ENTRY("GRPC_C_SERVER_STREAM"),
        [CLIENT_STREAM] = ENTRY("GRPC_C_CLIENT_STREAM"),
        [BIDI] = ENTRY("GRPC_C_BIDI"),
    };
    if (service->method_count == 0) {
        print_service(text, service, descriptor_without_methods);
        return;
    }
    print_service(text, service, "\nstatic const struct grpc_c_method $service$__methods[] = {\n");
    for (size_t i = 0; i < service->method_count; i++)
        print_method(text, service, &service->methods[i], entries[service->methods[i].kind]);
    text_add(text, "};\n");
    print_service(text, service, descriptor_with_methods);
}

void server_print_source(struct text *text, const struct service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        const struct method *method = &service->methods[i];
        print_method(text, service, method,
                     method_reads_stream(method) ? handle_stream : handle_with_request);
        if (!method_writes_stream(method))
            print_method(text, service, method, define_reply);
        if (method->kind != UNARY)
            print_stream_calls(text, service, method);
    }
    print_table(text, service);
}
