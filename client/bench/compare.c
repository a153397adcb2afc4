/*
 * The ratios of a report, and the bars that they are held to.
 */
#include "client/bench/report_internal.h"

#include <stdlib.h>
#include <string.h>

struct bar {
    const char *workload;
    unsigned connections;
    unsigned in_flight;
    enum measure measure;
    const char *peer;
    double least; /* Maskline's measure over the peer's */
};

static const struct bar bars[] = {
    {"message", 8, 64, MEASURE_SUSTAINED, "echo-1", 0.45},
    {"message", 64, 64, MEASURE_SUSTAINED, "echo-1", 0.45},
    {"message", 8, 64, MEASURE_SUSTAINED, "postgres", 10},
    {"message", 64, 64, MEASURE_SUSTAINED, "postgres", 10},
    {"message", 1, 64, MEASURE_ANSWERED, "echo-1", 0.6},
    {"message", 8, 64, MEASURE_ANSWERED, "echo-1", 0.75},
    {"message", 64, 64, MEASURE_ANSWERED, "echo-1", 0.75},
    {"create-session", 8, 64, MEASURE_ANSWERED, "echo-1", 0.4},
    {"create-session", 8, 64, MEASURE_ANSWERED, "postgres", 10},
    {"get-session", 8, 64, MEASURE_ANSWERED, "echo-1", 0.9},
};

const char *measure_name(enum measure measure)
{
    return measure == MEASURE_ANSWERED ? "answered" : "sustained";
}

static double bar_of(const struct comparison *comparison)
{
    for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
        const struct bar *bar = &bars[i];
        if (strcmp(bar->workload, comparison->subject.workload) == 0 &&
            bar->connections == comparison->subject.connections &&
            bar->in_flight == comparison->subject.in_flight &&
            bar->measure == comparison->measure && strcmp(bar->peer, comparison->peer) == 0)
            return bar->least;
    }
    return 0;
}

/* Whether `at` is the first sample of its peer on its subject. */
static bool is_first(const struct report *report, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(report->samples[i].peer, report->samples[at].peer) == 0 &&
            subject_same(&report->samples[i].subject, &report->samples[at].subject))
            return false;
    return true;
}

size_t report_compare(const struct report *report, struct comparison **ret_comparisons)
{
    struct comparison *found = calloc(2 * report->sample_count + 1, sizeof *found);
    size_t count = 0;
    *ret_comparisons = found;
    for (size_t i = 0; found && i < report->sample_count; i++) {
        const struct sample *sample = &report->samples[i];
        if (sample->subject.rate > 0 || strcmp(sample->peer, "maskline") == 0 ||
            !is_first(report, i))
            continue;
        for (int measure = MEASURE_ANSWERED; measure <= MEASURE_SUSTAINED; measure++) {
            struct comparison *next = &found[count];
            *next =
                (struct comparison){.subject = sample->subject, .measure = (enum measure)measure};
            memcpy(next->peer, sample->peer, PEER_NAME);
            next->ratio = report_ratio(report, &sample->subject, next->measure, sample->peer);
            next->bar = bar_of(next);
            count += next->ratio.rounds > 0;
        }
    }
    return count;
}
