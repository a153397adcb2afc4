#include "bazel/protoc-gen-grpc-c/client_stream.h"

#include "bazel/protoc-gen-grpc-c/print.h"

/* The kinds differ in which of these parts they have: a request at the start, writing, reading, a response at the end. Laid
 * out like what they print; a part of a list of parameters begins with its comma. */
/* clang-format off */

static const char request_parameter[] =
    ",\n"
    "        const $request$ *request";
static const char response_parameter[] =
    ",\n"
    "        const $response$ **ret_response";

#define CALL_COMMENT \
    "A $kind$, blocking. The call is the program's until finish, which frees it."

static const char call_comment[] = CALL_COMMENT;
static const char call_comment_of_bidi[] =
    CALL_COMMENT "\nOne thread may write while another reads.";

static const char declare_call[] =
    "struct $id$_call;\n";

static const char head_begin[] =
    "struct $id$_call *$id$_begin(\n"
    "        struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options";

static const char declare_write[] =
    "\n"
    "/* False: the call has ended; finish says why. */\n"
    "bool $id$_write(struct $id$_call *call,\n"
    "        const $request$ *request);\n"
    "\n"
    "/* Says that no more requests come. False: the call has ended. */\n"
    "bool $id$_write_done(struct $id$_call *call);\n";

static const char declare_read[] =
    "\n"
    "/* The response lives in `arena`. False: nothing more comes; finish says why. */\n"
    "bool $id$_read(struct $id$_call *call, struct arena *arena,\n"
    "        const $response$ **ret_response);\n";

static const char comment_finish[] =
    "\n"
    "/* Once, last; waits for the end and frees the call. What it gives lives in `arena`. True when\n"
    " * the code is OK. */\n";

static const char head_finish[] =
    "bool $id$_finish(struct $id$_call *call,\n"
    "        struct arena *arena";

static const char declare_cancel[] =
    "\n"
    "/* Any thread, before finish returns. */\n"
    "void $id$_cancel(struct $id$_call *call);\n";

static const char callbacks_begin[] =
    "\n"
    "/* The same, asynchronous. What a callback gets lives until it returns. Copied by start. */\n"
    "struct $id$_callbacks {\n";

static const char callbacks_read[] =
    "    void (*on_message)(void *data, const $response$ *message);\n";

static const char callbacks_write[] =
    "    void (*on_writable)(void *data); /* one more send is welcome */\n";

static const char callbacks_end_with_response[] =
    "    void (*on_end)(void *data, const $response$ *response,\n"
    "                   const struct grpc_c_status *status); /* once, last */\n"
    "};\n";

static const char callbacks_end[] =
    "    void (*on_end)(void *data, const struct grpc_c_status *status); /* once, last */\n"
    "};\n";

static const char declare_async[] =
    "\n"
    "/* Frees itself: valid until on_end returns. */\n"
    "struct $id$_async;\n"
    "\n"
    "/* NULL when there is no memory. */\n";

static const char head_start[] =
    "struct $id$_async *$id$_start(\n"
    "        struct grpc_c_channel *channel,\n"
    "        const struct grpc_c_call_options *options";

static const char head_start_end[] =
    ",\n"
    "        const struct $id$_callbacks *callbacks, void *data)";

static const char declare_send[] =
    "\n"
    "/* One at a time: false until on_writable, and after the end. */\n"
    "bool $id$_send(struct $id$_async *call,\n"
    "        const $request$ *request);\n"
    "\n"
    "/* Says that no more requests come. */\n"
    "bool $id$_send_done(struct $id$_async *call);\n";

static const char declare_abandon[] =
    "\n"
    "/* Cancels; on_end still comes. */\n"
    "void $id$_abandon(struct $id$_async *call);\n";

static const char body_begin[] =
    "\n"
    "{\n"
    "    return (struct $id$_call *)grpc_c_client_open(\n"
    "            channel, &$id$__method, options,\n";

static const char define_write[] =
    "\n"
    "bool $id$_write(struct $id$_call *call,\n"
    "        const $request$ *request)\n"
    "{\n"
    "    return grpc_c_client_write((struct grpc_c_client_stream *)call,\n"
    "                               (const ProtobufCMessage *)request);\n"
    "}\n"
    "\n"
    "bool $id$_write_done(struct $id$_call *call)\n"
    "{\n"
    "    return grpc_c_client_write_done((struct grpc_c_client_stream *)call);\n"
    "}\n";

static const char define_read[] =
    "\n"
    "bool $id$_read(struct $id$_call *call, struct arena *arena,\n"
    "        const $response$ **ret_response)\n"
    "{\n"
    "    const ProtobufCMessage *response = NULL;\n"
    "    if (!grpc_c_client_read((struct grpc_c_client_stream *)call, arena, &response))\n"
    "        return false;\n"
    "    *ret_response = (const $response$ *)response;\n"
    "    return true;\n"
    "}\n";

static const char body_finish_with_response[] =
    "{\n"
    "    const ProtobufCMessage *response = NULL;\n"
    "    if (!grpc_c_client_finish((struct grpc_c_client_stream *)call, arena, &response, ret_status))\n"
    "        return false;\n"
    "    *ret_response = (const $response$ *)response;\n"
    "    return true;\n"
    "}\n";

static const char body_finish[] =
    "{\n"
    "    return grpc_c_client_finish((struct grpc_c_client_stream *)call, arena, NULL, ret_status);\n"
    "}\n";

static const char define_cancel[] =
    "\n"
    "void $id$_cancel(struct $id$_call *call)\n"
    "{\n"
    "    grpc_c_client_stream_cancel((struct grpc_c_client_stream *)call);\n"
    "}\n";

static const char define_on_message[] =
    "\n"
    "static void $id$__on_message(const void *callbacks, void *data,\n"
    "        const ProtobufCMessage *message)\n"
    "{\n"
    "    const struct $id$_callbacks *typed = callbacks;\n"
    "    if (typed->on_message)\n"
    "        typed->on_message(data, (const $response$ *)message);\n"
    "}\n";

static const char define_on_writable[] =
    "\n"
    "static void $id$__on_writable(const void *callbacks, void *data)\n"
    "{\n"
    "    const struct $id$_callbacks *typed = callbacks;\n"
    "    if (typed->on_writable)\n"
    "        typed->on_writable(data);\n"
    "}\n";

static const char define_on_end_begin[] =
    "\n"
    "static void $id$__on_end(const void *callbacks, void *data,\n"
    "        const ProtobufCMessage *response, const struct grpc_c_status *status)\n"
    "{\n"
    "    const struct $id$_callbacks *typed = callbacks;\n";

static const char define_on_end_with_response[] =
    "    if (typed->on_end)\n"
    "        typed->on_end(data, (const $response$ *)response, status);\n"
    "}\n";

static const char define_on_end[] =
    "    (void)response;\n"
    "    if (typed->on_end)\n"
    "        typed->on_end(data, status);\n"
    "}\n";

static const char calls_begin[] =
    "\n"
    "static const struct grpc_c_client_calls $id$__async_calls = {\n";

static const char body_start[] =
    "\n"
    "{\n"
    "    return (struct $id$_async *)grpc_c_client_start(\n"
    "            channel, &$id$__method, options,\n";

static const char body_start_end[] =
    "            callbacks, sizeof *callbacks, &$id$__async_calls, data);\n"
    "}\n";

static const char define_send[] =
    "\n"
    "bool $id$_send(struct $id$_async *call,\n"
    "        const $request$ *request)\n"
    "{\n"
    "    return grpc_c_client_send((struct grpc_c_client_async *)call,\n"
    "                              (const ProtobufCMessage *)request);\n"
    "}\n"
    "\n"
    "bool $id$_send_done(struct $id$_async *call)\n"
    "{\n"
    "    return grpc_c_client_send_done((struct grpc_c_client_async *)call);\n"
    "}\n";

static const char define_abandon[] =
    "\n"
    "void $id$_abandon(struct $id$_async *call)\n"
    "{\n"
    "    grpc_c_client_abandon((struct grpc_c_client_async *)call);\n"
    "}\n";

/* clang-format on */

/* A method and the text that it is printed to. */
struct printer {
    struct text *text;
    const struct service *service;
    const struct method *method;
    bool writes; /* the client does, for it streams */
    bool reads;
};

static struct printer printer_for(struct text *text, const struct service *service,
                                  const struct method *method)
{
    return (struct printer){
        .text = text,
        .service = service,
        .method = method,
        .writes = method_reads_stream(method),
        .reads = method_writes_stream(method),
    };
}

static void put(const struct printer *to, const char *template)
{
    print_method(to->text, to->service, to->method, template);
}

static void put_if(const struct printer *to, bool condition, const char *template)
{
    if (condition)
        put(to, template);
}

static void put_begin_head(const struct printer *to)
{
    put(to, head_begin);
    put_if(to, !to->writes, request_parameter);
    put(to, ")");
}

static void put_finish_head(const struct printer *to)
{
    put(to, head_finish);
    put_if(to, !to->reads, response_parameter);
    put(to, ",\n        struct grpc_c_status *ret_status)");
}

static void put_start_head(const struct printer *to)
{
    put(to, head_start);
    put_if(to, !to->writes, request_parameter);
    put(to, head_start_end);
}

static void put_request_argument(const struct printer *to, const char *indent, const char *after)
{
    text_add(to->text, indent);
    put(to, to->writes ? "NULL" : "(const ProtobufCMessage *)request");
    text_add(to->text, after);
}

void client_stream_print_header(struct text *text, const struct service *service,
                                const struct method *method)
{
    const struct printer to = printer_for(text, service, method);
    text_add(text, "\n");
    print_method_comment(text, service, method, "",
                         method->kind == BIDI ? call_comment_of_bidi : call_comment);
    put(&to, declare_call);
    put(&to, "\n/* NULL when there is no memory. */\n");
    put_begin_head(&to);
    put(&to, ";\n");
    put_if(&to, to.writes, declare_write);
    put_if(&to, to.reads, declare_read);
    put(&to, comment_finish);
    put_finish_head(&to);
    put(&to, ";\n");
    put(&to, declare_cancel);

    put(&to, callbacks_begin);
    put_if(&to, to.reads, callbacks_read);
    put_if(&to, to.writes, callbacks_write);
    put(&to, to.reads ? callbacks_end : callbacks_end_with_response);
    put(&to, declare_async);
    put_start_head(&to);
    put(&to, ";\n");
    put_if(&to, to.writes, declare_send);
    put(&to, declare_abandon);
}

static void put_blocking(const struct printer *to)
{
    put(to, "\n");
    put_begin_head(to);
    put(to, body_begin);
    put_request_argument(to, "            ", ");\n}\n");
    put_if(to, to->writes, define_write);
    put_if(to, to->reads, define_read);
    put(to, "\n");
    put_finish_head(to);
    put(to, "\n");
    put(to, to->reads ? body_finish : body_finish_with_response);
    put(to, define_cancel);
}

static void put_async(const struct printer *to)
{
    put_if(to, to->reads, define_on_message);
    put_if(to, to->writes, define_on_writable);
    put(to, define_on_end_begin);
    put(to, to->reads ? define_on_end : define_on_end_with_response);

    put(to, calls_begin);
    put_if(to, to->reads, "    .on_message = $id$__on_message,\n");
    put_if(to, to->writes, "    .on_writable = $id$__on_writable,\n");
    put(to, "    .on_end = $id$__on_end,\n};\n\n");

    put_start_head(to);
    put(to, body_start);
    put_request_argument(to, "            ", ",\n");
    put(to, body_start_end);
    put_if(to, to->writes, define_send);
    put(to, define_abandon);
}

void client_stream_print_source(struct text *text, const struct service *service,
                                const struct method *method)
{
    const struct printer to = printer_for(text, service, method);
    put_blocking(&to);
    put_async(&to);
}
