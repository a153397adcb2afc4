/*
 * What the parts of the report share.
 */
#ifndef MASKLINE_CLIENT_BENCH_REPORT_INTERNAL_H
#define MASKLINE_CLIENT_BENCH_REPORT_INTERNAL_H

#include "client/bench/report.h"

struct report {
    struct sample *samples;
    size_t sample_count;
    struct figure *figures;
    size_t figure_count;
};

/* A ratio that can be told, with its bar. */
struct comparison {
    struct subject subject;
    enum measure measure;
    const char *
        of; /* Maskline, or what does the least of its work: that is compared only where there is a bar */
    char peer[PEER_NAME];
    struct ratio ratio;
    double bar; /* at least, for Maskline; 0: none */
};

bool subject_same(const struct subject *a, const struct subject *b);

/* All of them, in the order of measuring; the count. Closed loops only: an open loop's rate is a given. The caller frees. */
size_t report_compare(const struct report *report, struct comparison **ret_comparisons);

const char *measure_name(enum measure measure);

#endif
