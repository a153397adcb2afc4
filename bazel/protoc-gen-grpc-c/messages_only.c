/*
 * Stands between protoc and protobuf-c's own plug-in, and takes the services out of the request. What protobuf-c would make of
 * them is not used here, and does not compile when a method is called Register, or Default, or two names differ in case only.
 */
#include "bazel/protoc-gen-grpc-c/input.h"
#include "bazel/protoc-gen-grpc-c/pool.h"
#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* CodeGeneratorRequest.proto_file, and FileDescriptorProto.service in it. */
enum { REQUEST_FILE = 15, FILE_SERVICE = 6 };

static void add_varint(struct text *text, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        text_add_bytes(text, &(char){(char)(number | 0x80)}, 1);
    text_add_bytes(text, &(char){(char)number}, 1);
}

static bool add_without_services(struct text *out, const struct wire_field *file)
{
    struct text kept = {.pool = out->pool};
    struct wire wire = {file->bytes, file->bytes + file->size};
    struct wire_field field;
    for (const uint8_t *start = wire.at; wire_next(&wire, &field); start = wire.at)
        if (field.tag != FILE_SERVICE)
            text_add_bytes(&kept, (const char *)start, (size_t)(wire.at - start));
    add_varint(out, REQUEST_FILE << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    add_varint(out, kept.size);
    if (kept.size)
        text_add_bytes(out, kept.bytes, kept.size);
    return wire.at == wire.end;
}

static bool add_request(struct text *out, const struct input *input)
{
    struct wire wire = {input->bytes, input->bytes + input->size};
    struct wire_field field;
    for (const uint8_t *start = wire.at; wire_next(&wire, &field); start = wire.at) {
        if (field.tag != REQUEST_FILE || !field.bytes)
            text_add_bytes(out, (const char *)start, (size_t)(wire.at - start));
        else if (!add_without_services(out, &field))
            return false;
    }
    return wire.at == wire.end;
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

int main(void)
{
    struct pool *pool = pool_new();
    struct input input = {0};
    struct text text = {.pool = pool};
    const char *error = input_read(stdin, &input);
    if (!error && !add_request(&text, &input))
        error = "the request is no message";
    if (!error)
        error = become_input(&text);
    pool_free(pool);
    input_free(&input);
    if (!error) {
        execlp("protoc-gen-c", "protoc-gen-c", (char *)NULL);
        error = strerror(errno);
    }
    fprintf(stderr, "protoc-gen-c: %s\n", error);
    return EXIT_FAILURE;
}
