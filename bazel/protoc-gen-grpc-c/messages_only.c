/*
 * Stands between protoc and protobuf-c's own plug-in, and takes the services out of the request. What protobuf-c would make of
 * them is not used here, and does not compile when a method is called Register, or Default, or two names differ in case only.
 * Messages are made fit for it, as far as that can be done (messages.h).
 */
#include "bazel/protoc-gen-grpc-c/input.h"
#include "bazel/protoc-gen-grpc-c/messages.h"
#include "bazel/protoc-gen-grpc-c/pool.h"
#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* CodeGeneratorRequest.file_to_generate and .proto_file, FileDescriptorProto.name, CodeGeneratorResponse.error. */
enum { REQUEST_GENERATE = 1, REQUEST_FILE = 15, FILE_NAME = 1, RESPONSE_ERROR = 1 };

static bool is_wanted(const struct text *out, const struct input *input,
                      const struct wire_field *file)
{
    const char *name = messages_text(out->pool, file->bytes, file->size, FILE_NAME);
    struct wire wire = {input->bytes, input->bytes + input->size};
    struct wire_field field;
    while (name && wire_next(&wire, &field)) {
        if (field.tag == REQUEST_GENERATE && field.bytes && field.size == strlen(name) &&
            memcmp(field.bytes, name, field.size) == 0)
            return true;
    }
    return false;
}

/* Returns what is wrong, or NULL. Of a file that is only imported no code is made: it may have what protobuf-c cannot take. */
static const char *add_request(struct text *out, const struct input *input)
{
    struct wire wire = {input->bytes, input->bytes + input->size};
    struct wire_field field;
    for (const uint8_t *start = wire.at; wire_next(&wire, &field); start = wire.at) {
        struct text kept = {.pool = out->pool};
        if (field.tag != REQUEST_FILE || !field.bytes || !is_wanted(out, input, &field)) {
            text_add_bytes(out, (const char *)start, (size_t)(wire.at - start));
            continue;
        }
        const char *error = messages_add_file(&kept, field.bytes, field.size);
        if (error)
            return error;
        messages_add_field(out, REQUEST_FILE, kept.bytes, kept.size);
    }
    return wire.at == wire.end ? NULL : messages_malformed;
}

/* protoc shows an error in the response together with the plug-in's name. */
static int respond(struct pool *pool, const char *error)
{
    struct text response = {.pool = pool};
    messages_add_field(&response, RESPONSE_ERROR, error, strlen(error));
    bool written = fwrite(response.bytes, 1, response.size, stdout) == response.size;
    return written && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A file in memory, so that no second process is needed that feeds a pipe. */
static const char *become_input(const struct text *text)
{
    int file = memfd_create("request", 0);
    if (file < 0)
        return strerror(errno);
    for (size_t done = 0; done < text->size;) {
        ssize_t size = write(file, text->bytes + done, text->size - done);
        if (size < 0)
            return strerror(errno);
        done += (size_t)size;
    }
    if (lseek(file, 0, SEEK_SET) != 0 || dup2(file, STDIN_FILENO) < 0)
        return strerror(errno);
    return NULL;
}

/* What becomes of a request that was read. Returns when protobuf-c's plug-in does not take over. */
static int run(struct pool *pool, struct input *input)
{
    struct text text = {.pool = pool};
    const char *error = add_request(&text, input);
    if (error && error != messages_malformed)
        return respond(pool, error);
    if (!error)
        error = become_input(&text);
    if (!error) {
        execlp("protoc-gen-c", "protoc-gen-c", (char *)NULL);
        error = strerror(errno);
    }
    fprintf(stderr, "protoc-gen-c: %s\n", error);
    return EXIT_FAILURE;
}

int main(void)
{
    struct pool *pool = pool_new();
    struct input input = {0};
    const char *error = input_read(stdin, &input);
    int result = error ? EXIT_FAILURE : run(pool, &input);
    if (error)
        fprintf(stderr, "protoc-gen-c: %s\n", error);
    pool_free(pool);
    input_free(&input);
    return result;
}
