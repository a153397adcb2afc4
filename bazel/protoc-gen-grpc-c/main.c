/*
 * protoc-gen-grpc-c: protoc starts it, writes a CodeGeneratorRequest to its standard input, and reads a
 * CodeGeneratorResponse from its standard output.
 */
#include "bazel/protoc-gen-grpc-c/generate.h"
#include "bazel/protoc-gen-grpc-c/input.h"
#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stdio.h>
#include <stdlib.h>

/* Returns what went wrong, or NULL. */
static const char *run(struct pool *pool, struct input *input)
{
    const char *error = input_read(stdin, input);
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
    input_free(&input);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
