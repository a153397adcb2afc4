#include "client/bench/options.h"
#include "client/bench/report_internal.h"

#include <stdlib.h>
#include <string.h>

const double report_parts[PERCENTILES] = {0.5, 0.9, 0.99, 0.999, 1};
const char *const report_part_names[PERCENTILES] = {"p50", "p90", "p99", "p99.9", "max"};

struct report *report_new(void)
{
    return calloc(1, sizeof(struct report));
}

void report_free(struct report *report)
{
    if (!report)
        return;
    free(report->samples);
    free(report->figures);
    free(report);
}

bool report_add(struct report *report, const struct sample *sample)
{
    struct sample *grown =
        reallocarray(report->samples, report->sample_count + 1, sizeof *report->samples);
    if (!grown)
        return false;
    report->samples = grown;
    report->samples[report->sample_count++] = *sample;
    return true;
}

bool report_figure(struct report *report, const struct figure *figure)
{
    struct figure *grown =
        reallocarray(report->figures, report->figure_count + 1, sizeof *report->figures);
    if (!grown)
        return false;
    report->figures = grown;
    report->figures[report->figure_count++] = *figure;
    return true;
}

bool subject_same(const struct subject *a, const struct subject *b)
{
    return strcmp(a->workload, b->workload) == 0 && a->services == b->services &&
           a->connections == b->connections && a->in_flight == b->in_flight && a->rate >= b->rate &&
           a->rate <= b->rate;
}

static double value_of(const struct sample *sample, enum measure measure)
{
    return measure == MEASURE_ANSWERED ? sample->answered : sample->sustained;
}

static const struct sample *find(const struct report *report, const struct subject *subject,
                                 const char *peer, unsigned round)
{
    for (size_t i = 0; i < report->sample_count; i++) {
        const struct sample *sample = &report->samples[i];
        if (sample->round == round && strcmp(sample->peer, peer) == 0 &&
            subject_same(&sample->subject, subject))
            return sample;
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

/* An echo has nothing that goes on after its answer, as a rule: it is compared by that. */
static double peer_value(const struct sample *peer, enum measure measure)
{
    bool echo = strncmp(peer->peer, "echo-", 5) == 0 ||
                strncmp(peer->peer, DURABLE_PEER, strlen(DURABLE_PEER)) == 0;
    bool rests = peer->sustained > 0;
    return value_of(peer, echo && !rests ? MEASURE_ANSWERED : measure);
}

double middle(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_size);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

struct ratio report_ratio(const struct report *report, const struct subject *subject,
                          enum measure measure, const char *of, const char *peer)
{
    double values[ROUNDS_MOST];
    struct ratio ratio = {0};
    for (unsigned round = 1; ratio.rounds < ROUNDS_MOST; round++) {
        const struct sample *ours = find(report, subject, of, round);
        const struct sample *theirs = find(report, subject, peer, round);
        if (!ours)
            break;
        if (theirs && value_of(ours, measure) > 0 && peer_value(theirs, measure) > 0)
            values[ratio.rounds++] = value_of(ours, measure) / peer_value(theirs, measure);
    }
    if (ratio.rounds == 0)
        return ratio;
    ratio.median = middle(values, ratio.rounds);
    ratio.least = values[0];
    ratio.most = values[ratio.rounds - 1];
    return ratio;
}

void sample_percentiles(double ret_us[PERCENTILES], const struct histogram *times)
{
    for (unsigned i = 0; i < PERCENTILES; i++)
        ret_us[i] = (double)histogram_at(times, report_parts[i]) / 1000;
}

void sample_latency(struct sample *sample, const struct load_result *result, bool mixed)
{
    struct histogram *all = calloc(1, sizeof *all);
    if (!all)
        return;
    for (unsigned i = 0; i < LOAD_KINDS; i++) {
        histogram_merge(all, &result->kinds[i].times);
        if (mixed && i < KINDS && result->kinds[i].times.total > 0)
            sample_percentiles(sample->kind_us[i], &result->kinds[i].times);
    }
    sample_percentiles(sample->latency_us, all);
    free(all);
}
