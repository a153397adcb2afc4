/*
 * What was measured: kept, printed as a table for people, written as JSON for scripts, and compared.
 */
#ifndef MASKLINE_CLIENT_BENCH_REPORT_H
#define MASKLINE_CLIENT_BENCH_REPORT_H

#include "client/bench/load.h"
#include "client/bench/mix.h"

#include <stdio.h>

enum { PEER_NAME = 16, PERCENTILES = 5, PERCENTILE_99 = 2 };

/* 0.5 0.9 0.99 0.999 1: p50 p90 p99 p99.9 max. */
extern const double report_parts[PERCENTILES];
extern const char *const report_part_names[PERCENTILES];

/* What is measured in turns, by all peers. */
struct subject {
    char workload[MIX_NAME];
    unsigned services;
    unsigned connections;
    unsigned in_flight; /* on each connection */
    double rate;        /* calls a second asked for; 0: a closed loop */
};

#define DURABLE_PEER  "durable-"
#define LOOK_PEER     "echo-session"
#define MASKLINE_PEER "maskline"

/* One peer in one round. Zero: not measured, or does not apply. */
struct sample {
    struct subject subject;
    unsigned round; /* from 1 */
    char peer
        [PEER_NAME]; /* "maskline", "echo-1", "echo-2", "durable-1", "durable-message", "echo-session", "postgres" */
    uint64_t calls;
    uint64_t failed;
    uint64_t waited; /* calls of an open loop that found too many in flight */
    double seconds;
    double answered;           /* calls a second, up to their answers */
    double sustained;          /* the same until everything that follows from them was done, too */
    unsigned peer_connections; /* of PostgreSQL, which has others than the subject */
    double latency_average_us; /* where only that is known */
    double latency_us[PERCENTILES];
    double kind_us[KINDS][PERCENTILES]; /* of a mix of several kinds */
    double delivered_seconds; /* settling: from the last answer to the last text at a phone */
    double recorded_seconds;  /* and to the last receipt in a log */
    double events_per_call;
    double server_cpu_us; /* for a call: of the server, settling included */
    double client_cpu_us; /* of this program, without settling */
    double written_bytes; /* to the disk for a call, settling included */
};

enum measure { MEASURE_ANSWERED, MEASURE_SUSTAINED, MEASURES };

struct ratio {
    unsigned rounds; /* 0: there is none */
    double median, least, most;
};

/* A figure of its own that is no ratio. */
struct figure {
    char name[64];
    double value;
    const char *unit;
    double most; /* the bar; 0: none */
};

struct report;

/* NULL when there is no memory. */
struct report *report_new(void);
void report_free(struct report *report);

/* Copies it; false when there is no memory. */
bool report_add(struct report *report, const struct sample *sample);
bool report_figure(struct report *report, const struct figure *figure);

/* The ratio of one peer's measure to the other's, in each round that has both. */
struct ratio report_ratio(const struct report *report, const struct subject *subject,
                          enum measure measure, const char *of, const char *peer);

/* The median; sorts them. `count` is more than 0. */
double middle(double *values, unsigned count);

/* Fills latency_us and kind_us. */
void sample_latency(struct sample *sample, const struct load_result *result, bool mixed);

void sample_percentiles(double ret_us[PERCENTILES], const struct histogram *times);

/* ---- for people ---- */

void report_print_heads(FILE *out, const struct subject *subject, unsigned rounds, double seconds);
void report_print_sample(FILE *out, const struct sample *sample);
/* All ratios and figures with their bars; whether a bar was missed by Maskline. */
bool report_print_summary(FILE *out, const struct report *report);

/* ---- for scripts ---- */

struct json;
/* The members "samples", "ratios" and "figures" of the object that is open. */
void report_write(struct json *json, const struct report *report);

#endif
