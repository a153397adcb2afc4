#include "bazel/protoc-gen-grpc-c/print.h"

#include "bazel/protoc-gen-grpc-c/comment.h"

static const char deprecated[] = "Deprecated.";

void print_service(struct text *text, const struct service *service, const char *template)
{
    const struct text_value values[] = {
        {"full_name", service->full_name},
        {"service", service->id},
        {NULL, NULL},
    };
    text_fill(text, values, template);
}

void print_method(struct text *text, const struct service *service, const struct method *method,
                  const char *template)
{
    static const char *const kinds[] = {
        [UNARY] = "unary",
        [SERVER_STREAM] = "server stream",
        [CLIENT_STREAM] = "client stream",
        [BIDI] = "bidirectional stream",
    };
    const struct text_value values[] = {
        {"full_name", service->full_name},
        {"service", service->id},
        {"name", method->name},
        {"id", method->id},
        {"member", method->member},
        {"kind", kinds[method->kind]},
        {"request", method->request->type},
        {"response", method->response->type},
        {"request_descriptor", method->request->descriptor},
        {"response_descriptor", method->response->descriptor},
        {NULL, NULL},
    };
    text_fill(text, values, template);
}

/* The comment, what was added to it (in `added`), and the mark. */
static void finish(struct text *text, const char *indent, const char *comment, struct text *added,
                   bool is_deprecated)
{
    if (is_deprecated) {
        if (added->size)
            text_add(added, "\n");
        text_add(added, deprecated);
    }
    comment_print(text, indent, comment, added->size ? added->bytes : NULL);
}

void print_service_comment(struct text *text, const struct service *service, const char *extra)
{
    struct text added = {.pool = text->pool};
    if (extra)
        print_service(&added, service, extra);
    finish(text, "", service->comment, &added, service->deprecated);
}

void print_method_comment(struct text *text, const struct service *service,
                          const struct method *method, const char *indent, const char *extra)
{
    struct text added = {.pool = text->pool};
    if (extra)
        print_method(&added, service, method, extra);
    finish(text, indent, method->comment, &added, method->deprecated);
}
