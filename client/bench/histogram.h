/*
 * A histogram of times: linear buckets within each power of two, so that every value is known to better than 1 %, whether it is
 * microseconds or minutes, in 36 KiB.
 */
#ifndef MASKLINE_CLIENT_BENCH_HISTOGRAM_H
#define MASKLINE_CLIENT_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_EXACT_BITS = 8,  /* values below 2^8 have a bucket each */
    HISTOGRAM_VALUE_BITS = 42, /* 73 minutes in nanoseconds; what is more counts as that */
    HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_EXACT_BITS + 2)
                        << (HISTOGRAM_EXACT_BITS - 1),
};

/* Zeroed, it is empty. One thread at a time. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t most; /* the largest value, exactly */
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* Adds all values of the other one. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The value that `part` of all values (0.99: 99 %) do not exceed: the upper end of its bucket, at most the largest value. 0 when
 * the histogram is empty. */
uint64_t histogram_at(const struct histogram *histogram, double part);

#endif
