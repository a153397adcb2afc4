/*
 * Random numbers for spreading load: the same seed gives the same numbers. Nothing secret is made of them.
 */
#ifndef MASKLINE_CLIENT_BENCH_CHANCE_H
#define MASKLINE_CLIENT_BENCH_CHANCE_H

#include <stdint.h>

/* Any state is a good seed. One thread at a time. */
struct chance {
    uint64_t state;
};

uint64_t chance_next(struct chance *chance);

/* From 0 to `count` - 1; 0 when `count` is 0. */
uint64_t chance_below(struct chance *chance, uint64_t count);

/* More than 0, at most 1. */
double chance_unit(struct chance *chance);

#endif
