#include "bazel/protoc-gen-grpc-c/client.h"

#include "bazel/protoc-gen-grpc-c/client_stream.h"
#include "bazel/protoc-gen-grpc-c/print.h"

/* Laid out like what they print. */
/* clang-format off */

static const char service_heading[] =
    "The calls of $full_name$.";

static const char unary_comment[] =
    "Blocking; the response and the status live in `arena`. True when the code is OK.";

static const char declare_unary[] =
    "bool $id$(struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options, const $request$ *request,\n"
    "        struct arena *arena, const $response$ **ret_response,\n"
    "        struct grpc_c_status *ret_status);\n"
    "\n"
    "/* The same, asynchronous: `done` is called once; response and status live until it returns. NULL\n"
    " * when there is no memory. */\n"
    "struct grpc_c_client_call *$id$_start(\n"
    "        struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options, const $request$ *request,\n"
    "        void (*done)(void *data, const $response$ *response,\n"
    "                     const struct grpc_c_status *status),\n"
    "        void *data);\n";

static const char define_unary[] =
    "\n"
    "bool $id$(struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options, const $request$ *request,\n"
    "        struct arena *arena, const $response$ **ret_response,\n"
    "        struct grpc_c_status *ret_status)\n"
    "{\n"
    "    const ProtobufCMessage *response = NULL;\n"
    "    if (!grpc_c_client_unary(channel, &$id$__method, options,\n"
    "            (const ProtobufCMessage *)request, arena, &response, ret_status))\n"
    "        return false;\n"
    "    *ret_response = (const $response$ *)response;\n"
    "    return true;\n"
    "}\n"
    "\n"
    "struct $id$__callbacks {\n"
    "    void (*done)(void *data, const $response$ *response,\n"
    "                 const struct grpc_c_status *status);\n"
    "};\n"
    "\n"
    "static void $id$__on_end(const void *callbacks, void *data,\n"
    "        const ProtobufCMessage *response, const struct grpc_c_status *status)\n"
    "{\n"
    "    const struct $id$__callbacks *typed = callbacks;\n"
    "    if (typed->done)\n"
    "        typed->done(data, (const $response$ *)response, status);\n"
    "}\n"
    "\n"
    "static const struct grpc_c_client_calls $id$__async_calls = {\n"
    "    .on_end = $id$__on_end,\n"
    "};\n"
    "\n"
    "struct grpc_c_client_call *$id$_start(\n"
    "        struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options, const $request$ *request,\n"
    "        void (*done)(void *data, const $response$ *response,\n"
    "                     const struct grpc_c_status *status),\n"
    "        void *data)\n"
    "{\n"
    "    const struct $id$__callbacks callbacks = {.done = done};\n"
    "    struct grpc_c_client_async *call = grpc_c_client_start(\n"
    "            channel, &$id$__method, options, (const ProtobufCMessage *)request,\n"
    "            &callbacks, sizeof callbacks, &$id$__async_calls, data);\n"
    "    return call ? grpc_c_client_async_call(call) : NULL;\n"
    "}\n";

static const char declare_method[] =
    "\n"
    "/* For grpc_c_client_unary, where calls are chosen from a table. */\n"
    "extern const struct grpc_c_client_method $id$__method;\n";

static const char define_method[] =
    "const struct grpc_c_client_method $id$__method = {\n"
    "    .path = \"/$full_name$/$name$\",\n";

static const char define_method_end[] =
    "    .request = &$request_descriptor$,\n"
    "    .response = &$response_descriptor$,\n"
    "};\n";

/* clang-format on */

void client_print_header(struct text *text, const struct service *service)
{
    text_add(text, "\n");
    print_service_comment(text, service, service_heading);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct method *method = &service->methods[i];
        if (method->kind != UNARY) {
            client_stream_print_header(text, service, method);
            continue;
        }
        text_add(text, "\n");
        print_method_comment(text, service, method, "", unary_comment);
        print_method(text, service, method, declare_unary);
        print_method(text, service, method, declare_method);
    }
}

void client_print_source(struct text *text, const struct service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        const struct method *method = &service->methods[i];
        text_add(text, method->kind == UNARY ? "\n" : "\nstatic ");
        print_method(text, service, method, define_method);
        if (method_reads_stream(method))
            text_add(text, "    .client_streams = true,\n");
        if (method_writes_stream(method))
            text_add(text, "    .server_streams = true,\n");
        print_method(text, service, method, define_method_end);
        if (method->kind == UNARY)
            print_method(text, service, method, define_unary);
        else
            client_stream_print_source(text, service, method);
    }
}
