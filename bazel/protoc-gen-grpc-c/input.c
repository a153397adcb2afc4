#include "bazel/protoc-gen-grpc-c/input.h"

#include <stdlib.h>

enum { LARGEST = 256 * 1024 * 1024, FIRST = 64 * 1024 };

const char *input_read(FILE *file, struct input *input)
{
    size_t capacity = 0;
    do {
        if (input->size == capacity) {
            capacity = capacity ? 2 * capacity : FIRST;
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

void input_free(struct input *input)
{
    free(input->bytes);
    *input = (struct input){0};
}
