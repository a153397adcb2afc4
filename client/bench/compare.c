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

/* What does the least of Maskline's work, and nothing of its domain. Where that stays below a bar, nobody reaches it. */
static const struct {
    const char *workload;
    const char *peer;
} leasts[] = {
    {"message", DURABLE_PEER "message"},
    {"create-session", DURABLE_PEER "session"},
    {"get-session", LOOK_PEER},
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

static const char *least_of(const char *workload)
{
    for (size_t i = 0; i < sizeof leasts / sizeof *leasts; i++)
        if (strcmp(leasts[i].workload, workload) == 0)
            return leasts[i].peer;
    return NULL;
}

/* Whether there is anything to tell. */
static bool compare(const struct report *report, const struct sample *peer, enum measure measure,
                    const char *of, struct comparison *ret_comparison)
{
    *ret_comparison = (struct comparison){.subject = peer->subject, .measure = measure, .of = of};
    if (strcmp(of, peer->peer) == 0)
        return false;
    memcpy(ret_comparison->peer, peer->peer, PEER_NAME);
    ret_comparison->ratio = report_ratio(report, &peer->subject, measure, of, peer->peer);
    ret_comparison->bar = bar_of(ret_comparison);
    return ret_comparison->ratio.rounds > 0;
}

size_t report_compare(const struct report *report, struct comparison **ret_comparisons)
{
    enum { EACH = 2 * MEASURES };
    struct comparison *found = calloc(EACH * report->sample_count + 1, sizeof *found);
    size_t count = 0;
    *ret_comparisons = found;
    for (size_t i = 0; found && i < report->sample_count; i++) {
        const struct sample *sample = &report->samples[i];
        const char *least = least_of(sample->subject.workload);
        if (sample->subject.rate > 0 || !is_first(report, i))
            continue;
        for (enum measure measure = MEASURE_ANSWERED; measure < MEASURES; measure++) {
            count += compare(report, sample, measure, MASKLINE_PEER, &found[count]);
            count += least && compare(report, sample, measure, least, &found[count]) &&
                     found[count].bar > 0;
        }
    }
    return count;
}
