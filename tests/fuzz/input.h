/*
 * A fuzzer's bytes, taken from the front piece by piece. When they have run out, everything is 0 or empty.
 */
#ifndef MASKLINE_TESTS_FUZZ_INPUT_H
#define MASKLINE_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at;
    size_t left;
};

uint8_t input_byte(struct input *input);
/* `size` bytes, big-endian. */
uint64_t input_number(struct input *input, size_t size);

/* What is left. In memory of its own size, so that a sanitizer sees who reads past it. The caller frees it. */
uint8_t *input_rest(struct input *input, size_t *ret_size);

/* Up to the next newline, or the end; as a text. A zero byte becomes a blank. The caller frees it. */
char *input_line(struct input *input);
/* All that is left, likewise. */
char *input_text(struct input *input);

#endif
