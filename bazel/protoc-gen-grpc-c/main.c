/*
 * protoc-gen-grpc-c: protoc starts it, writes a CodeGeneratorRequest to its standard input, and reads a
 * CodeGeneratorResponse from its standard output.
 */
#include "bazel/protoc-gen-grpc-c/generate.h"
#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest request that is read: that of some ten thousand files. */
enum { LARGEST = 256 * 1024 * 1024 };

struct input {
    uint8_t *bytes;
    size_t size;
};

static const char *read_all(FILE *file, struct input *input)
{
    size_t capacity = 0;
    do {
        if (input->size == capacity) {
            capacity = capacity ? 2 * capacity : 64 * 1024;
            uint8_t *larger = realloc(input->bytes, capacity);
            if (!larger)
                return "out of memory";
            input->bytes = larger;
        }
        input->size += fread(input->bytes + input->size, 1, capacity - input->size, file);
        if (input->size > LARGEST)
            return "the request is too large";
    } while (!feof(file) && !ferror(file));
    return ferror(file) ? "the request could not be read" : NULL;
}

static const char *run(struct pool *pool, struct input *input)
{
    const char *error = read_all(stdin, input);
    if (error)
        return error;
    size_t size;
    const uint8_t *response = generate(pool, input->bytes, input->size, &size, &error);
    if (!response)
        return error;
    if (fwrite(response, 1, size, stdout) != size || fflush(stdout) != 0)
        return "the response could not be written";
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        fputs("protoc-gen-grpc-c is started by protoc: protoc --grpc-c_out=FOLDER FILES\n", stderr);
        return EXIT_FAILURE;
    }
    struct input input = {0};
    struct pool *pool = pool_new();
    const char *error = run(pool, &input);
    if (error)
        fprintf(stderr, "protoc-gen-grpc-c: %s\n", error);
    pool_free(pool);
    free(input.bytes);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
