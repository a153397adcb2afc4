/*
 * Stands between protoc and protobuf-c's own plug-in, and takes the services out of the request. What protobuf-c would make of
 * them is not used here, and does not compile when a method is called Register, or Default, or two names differ in case only.
 * Messages are made fit for it, as far as that can be done (messages.h).
 *
 * It adds to the response that `optional` in proto3 is welcome: protoc describes such a field as the one member of a oneof, and
 * that is what protobuf-c makes of it. For `optional int32 n` in M there is `_n_case`, which is M___N_N when n is there.
 */
#include "bazel/protoc-gen-grpc-c/input.h"
#include "bazel/protoc-gen-grpc-c/messages.h"
#include "bazel/protoc-gen-grpc-c/pool.h"
#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/wire.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* CodeGeneratorRequest.file_to_generate and .proto_file, FileDescriptorProto.name, and of CodeGeneratorResponse. */
enum { REQUEST_GENERATE = 1, REQUEST_FILE = 15, FILE_NAME = 1 };
enum { RESPONSE_ERROR = 1, RESPONSE_FEATURES = 2, FEATURE_PROTO3_OPTIONAL = 1 };

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

/* Returns what is wrong, or NULL. */
static const char *respond(const struct text *response)
{
    bool written = fwrite(response->bytes, 1, response->size, stdout) == response->size;
    return written && fflush(stdout) == 0 ? NULL : "the response could not be written";
}

/* protoc shows an error in the response together with the plug-in's name. */
static const char *respond_error(struct pool *pool, const char *error)
{
    struct text response = {.pool = pool};
    messages_add_field(&response, RESPONSE_ERROR, error, strlen(error));
    return respond(&response);
}

/* To be written behind what protobuf-c's plug-in has: parts of a message may come one after the other. */
static const char *respond_features(struct pool *pool)
{
    struct text response = {.pool = pool};
    messages_add_varint(&response, RESPONSE_FEATURES << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
    messages_add_varint(&response, FEATURE_PROTO3_OPTIONAL);
    return respond(&response);
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

/* Runs protobuf-c's plug-in, which reads and writes what is ours. */
static const char *run_plugin(struct pool *pool)
{
    char name[] = "protoc-gen-c";
    char *const argv[] = {name, NULL};
    pid_t child;
    int status;
    int failed = posix_spawnp(&child, name, NULL, NULL, argv, environ);
    if (failed)
        return strerror(failed);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return strerror(errno);
    }
    if (WIFSIGNALED(status))
        return pool_format(pool, "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? NULL : "failed";
}

/* Returns what is wrong, or NULL. */
static const char *run(struct pool *pool, struct input *input)
{
    struct text text = {.pool = pool};
    const char *error = input_read(stdin, input);
    if (error)
        return error;
    error = add_request(&text, input);
    if (error)
        return error == messages_malformed ? error : respond_error(pool, error);
    error = become_input(&text);
    if (!error)
        error = run_plugin(pool);
    return error ? error : respond_features(pool);
}

int main(void)
{
    struct pool *pool = pool_new();
    struct input input = {0};
    const char *error = run(pool, &input);
    if (error)
        fprintf(stderr, "protoc-gen-c: %s\n", error);
    pool_free(pool);
    input_free(&input);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
