/*
 * The report for people.
 */
#include "client/bench/report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void print_subject(FILE *out, const struct subject *subject)
{
    fprintf(out, "%s, %u Service%s, ", subject->workload, subject->services,
            subject->services == 1 ? "" : "s");
    if (subject->rate > 0)
        fprintf(out, "%.0f calls/s over %u connections", subject->rate, subject->connections);
    else
        fprintf(out, "%ux%u", subject->connections, subject->in_flight);
}

void report_print_heads(FILE *out, const struct subject *subject, unsigned rounds, double seconds)
{
    fputc('\n', out);
    print_subject(out, subject);
    fprintf(out, "; %u round%s of %.1f s for each\n", rounds, rounds == 1 ? "" : "s", seconds);
    fprintf(out, "%5s %-15s %9s %11s %8s %8s %8s %8s %8s %8s %8s %8s  %s\n", "round", "peer",
            "answered", "sustained", "p50", "p90", "p99", "p99.9", "max", "CPU us", "CPU us",
            "disk B", "settling");
    fprintf(out, "%5s %-15s %9s %11s %8s %8s %8s %8s %8s %8s %8s %8s  %s\n", "", "", "calls/s",
            "calls/s", "us", "us", "us", "us", "us", "server", "client", "a call",
            "phones + log, s");
}

/* A number, or a dash for one that was not measured. */
static void cell(FILE *out, int width, int digits, double value)
{
    if (value > 0)
        fprintf(out, " %*.*f", width, digits, value);
    else
        fprintf(out, " %*s", width, "-");
}

static void print_kinds(FILE *out, const struct sample *sample)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (sample->kind_us[kind][PERCENTILES - 1] <= 0)
            continue;
        fprintf(out, "%31s %11s", "", kind_name((enum kind)kind));
        for (unsigned i = 0; i < PERCENTILES; i++)
            cell(out, 8, 0, sample->kind_us[kind][i]);
        fputc('\n', out);
    }
}

void report_print_sample(FILE *out, const struct sample *sample)
{
    fprintf(out, "%5u %-15s", sample->round, sample->peer);
    cell(out, 9, 0, sample->answered);
    cell(out, 11, 0, sample->sustained);
    for (unsigned i = 0; i < PERCENTILES; i++)
        cell(out, 8, 0, sample->latency_us[i]);
    cell(out, 8, 1, sample->server_cpu_us);
    cell(out, 8, 1, sample->client_cpu_us);
    cell(out, 8, 0, sample->written_bytes);
    if (sample->recorded_seconds > 0)
        fprintf(out, "  %.2f + %.2f", sample->delivered_seconds,
                fmax(sample->recorded_seconds - sample->delivered_seconds, 0));
    if (sample->peer_connections > 0)
        fprintf(out, "  %u connections, %.0f us on average", sample->peer_connections,
                sample->latency_average_us);
    if (sample->waited > 0)
        fprintf(out, "  %llu calls waited", (unsigned long long)sample->waited);
    fputc('\n', out);
    print_kinds(out, sample);
    fflush(out);
}

static char *subject_text(const struct subject *subject)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    print_subject(out, subject);
    return fclose(out) == 0 ? text : NULL;
}

static bool missed(const struct comparison *comparison)
{
    return comparison->bar > 0 && comparison->ratio.median < comparison->bar;
}

static bool is_maskline(const struct comparison *comparison)
{
    return strcmp(comparison->of, MASKLINE_PEER) == 0;
}

static void print_ratio(FILE *out, const struct comparison *comparison)
{
    const struct ratio *ratio = &comparison->ratio;
    const char *verdict = is_maskline(comparison) ? (missed(comparison) ? "MISSED" : "met")
                                                  : (missed(comparison) ? "below" : "above");
    fprintf(out, "   %s %.2f (%.2f to %.2f)", comparison->peer, ratio->median, ratio->least,
            ratio->most);
    if (comparison->bar > 0)
        fprintf(out, " %s %.2f", verdict, comparison->bar);
}

/* Whether they stand in one line. */
static bool together(const struct comparison *a, const struct comparison *b)
{
    return a->measure == b->measure && strcmp(a->of, b->of) == 0 &&
           subject_same(&a->subject, &b->subject);
}

/* The line that begins with this one; its peers are side by side. */
static void print_line(FILE *out, const struct comparison *first, const struct comparison *end)
{
    char *text = subject_text(&first->subject);
    fprintf(out, "  %-40s %-9s", text ? text : "", measure_name(first->measure));
    free(text);
    if (!is_maskline(first))
        fprintf(out, "   %s:", first->of);
    for (const struct comparison *next = first; next < end; next++)
        if (together(first, next))
            print_ratio(out, next);
    fputc('\n', out);
}

/* A line for each subject and measure: of Maskline, or of what does the least. */
static bool print_ratios(FILE *out, const struct comparison *comparisons, size_t count,
                         bool of_maskline)
{
    bool any_missed = false;
    for (size_t i = 0; i < count; i++) {
        bool told = false;
        if (is_maskline(&comparisons[i]) != of_maskline)
            continue;
        any_missed |= missed(&comparisons[i]);
        for (size_t j = 0; j < i; j++)
            told |= together(&comparisons[j], &comparisons[i]);
        if (!told)
            print_line(out, &comparisons[i], comparisons + count);
    }
    return any_missed;
}

static bool any_least(const struct comparison *comparisons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_maskline(&comparisons[i]))
            return true;
    return false;
}

bool report_print_summary(FILE *out, const struct report *report)
{
    struct comparison *comparisons;
    size_t count = report_compare(report, &comparisons);
    if (count > 0)
        fputs("\nMaskline over the peer, in the same round: median (least to most), and the bar\n",
              out);
    bool any_missed = print_ratios(out, comparisons, count, true);
    if (any_least(comparisons, count))
        fputs("\nThe least that must be done, without any domain, over the same: below a bar, it "
              "is out of reach here\n",
              out);
    print_ratios(out, comparisons, count, false);
    free(comparisons);
    if (report->figure_count > 0)
        fputs("\nFigures\n", out);
    for (size_t i = 0; i < report->figure_count; i++) {
        const struct figure *figure = &report->figures[i];
        bool over = figure->most > 0 && figure->value > figure->most;
        fprintf(out, "  %-58s %10.4g %s", figure->name, figure->value, figure->unit);
        if (figure->most > 0)
            fprintf(out, "   %s %.4g", over ? "MISSED" : "met", figure->most);
        fputc('\n', out);
        any_missed |= over;
    }
    return any_missed;
}
