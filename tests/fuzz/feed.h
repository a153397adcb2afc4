/*
 * A fuzzer's bytes, taken from the front piece by piece. When they have run out, everything is 0 or empty.
 */
#ifndef MASKLINE_TESTS_FUZZ_FEED_H
#define MASKLINE_TESTS_FUZZ_FEED_H

#include <stddef.h>
#include <stdint.h>

struct feed {
    const uint8_t *at;
    size_t left;
};

uint8_t feed_byte(struct feed *feed);
/* `size` bytes, big-endian. */
uint64_t feed_number(struct feed *feed, size_t size);

/* What is left. In memory of its own size, so that a sanitizer sees who reads past it. The caller frees it. */
uint8_t *feed_rest(struct feed *feed, size_t *ret_size);

/* Up to the next newline, or the end; as a text. A zero byte becomes a blank. The caller frees it. */
char *feed_line(struct feed *feed);
/* All that is left, likewise. */
char *feed_text(struct feed *feed);

#endif
