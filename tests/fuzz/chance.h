/*
 * Random choices that a seed repeats.
 */
#ifndef MASKLINE_TESTS_FUZZ_CHANCE_H
#define MASKLINE_TESTS_FUZZ_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance)
{
    /* splitmix64: a counter, mixed. */
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* From 0 to below `count`, which is not 0. */
static inline size_t chance_below(struct chance *chance, size_t count)
{
    return (size_t)(chance_next(chance) % count);
}

#endif
