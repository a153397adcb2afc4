/*
 * All that protoc writes to a plug-in's standard input.
 */
#ifndef GRPC_C_GENERATOR_INPUT_H
#define GRPC_C_GENERATOR_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct input {
    uint8_t *bytes;
    size_t size;
};

/* Reads to the end, at most 256 MiB: the request for some ten thousand files. Begin with zeroes; free it also when it failed.
 * Returns what went wrong, or NULL. */
const char *input_read(FILE *file, struct input *input);

void input_free(struct input *input);

#endif
