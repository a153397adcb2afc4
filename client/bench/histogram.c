#include "client/bench/histogram.h"

#include <math.h>

/* Half as many buckets for each power of two as there are exact values: the lower half of a finer row is the row before it. */
static unsigned bucket_of(uint64_t value)
{
    if (value >> HISTOGRAM_EXACT_BITS == 0)
        return (unsigned)value;
    unsigned shift = 64U - (unsigned)__builtin_clzll(value) - HISTOGRAM_EXACT_BITS;
    return (shift << (HISTOGRAM_EXACT_BITS - 1)) + (unsigned)(value >> shift);
}

/* The largest value in the bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    if (bucket >> HISTOGRAM_EXACT_BITS == 0)
        return bucket;
    unsigned shift = (bucket >> (HISTOGRAM_EXACT_BITS - 1)) - 1;
    uint64_t first = bucket - (shift << (HISTOGRAM_EXACT_BITS - 1));
    return ((first + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    const uint64_t limit = (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1;
    if (value > limit)
        value = limit;
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    if (value > histogram->most)
        histogram->most = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] += other->counts[i];
    histogram->total += other->total;
    if (other->most > histogram->most)
        histogram->most = other->most;
}

uint64_t histogram_at(const struct histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)ceil((double)histogram->total * part), seen = 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted)
            return bucket_end(i) < histogram->most ? bucket_end(i) : histogram->most;
    }
    return histogram->most;
}
