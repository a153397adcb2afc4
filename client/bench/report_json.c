/*
 * The report for scripts. Names end in their unit; what was not measured is left out.
 */
#include "client/bench/json.h"
#include "client/bench/report_internal.h"

#include <stdlib.h>

static void write_subject(struct json *json, const struct subject *subject)
{
    json_text(json, "workload", subject->workload);
    json_count(json, "services", subject->services);
    json_count(json, "connections", subject->connections);
    json_count(json, "in_flight", subject->in_flight);
    if (subject->rate > 0)
        json_number(json, "rate_asked_per_second", subject->rate);
}

static void write_measured(struct json *json, const char *name, double value)
{
    if (value > 0)
        json_number(json, name, value);
}

static void write_latency(struct json *json, const char *name, const double *us)
{
    if (us[PERCENTILES - 1] <= 0)
        return;
    json_object(json, name);
    for (unsigned i = 0; i < PERCENTILES; i++)
        json_number(json, report_part_names[i], us[i]);
    json_end(json);
}

static void write_sample(struct json *json, const struct sample *sample)
{
    json_object(json, NULL);
    write_subject(json, &sample->subject);
    json_count(json, "round", sample->round);
    json_text(json, "peer", sample->peer);
    json_count(json, "calls", sample->calls);
    json_count(json, "failed", sample->failed);
    if (sample->subject.rate > 0)
        json_count(json, "waited", sample->waited);
    json_number(json, "seconds", sample->seconds);
    write_measured(json, "answered_per_second", sample->answered);
    write_measured(json, "sustained_per_second", sample->sustained);
    if (sample->peer_connections > 0)
        json_count(json, "peer_connections", sample->peer_connections);
    write_measured(json, "latency_average_us", sample->latency_average_us);
    write_latency(json, "latency_us", sample->latency_us);
    json_object(json, "latency_us_by_kind");
    for (unsigned kind = 0; kind < KINDS; kind++)
        write_latency(json, kind_name((enum kind)kind), sample->kind_us[kind]);
    json_end(json);
    write_measured(json, "delivered_after_seconds", sample->delivered_seconds);
    write_measured(json, "recorded_after_seconds", sample->recorded_seconds);
    write_measured(json, "events_per_call", sample->events_per_call);
    write_measured(json, "server_cpu_us_per_call", sample->server_cpu_us);
    write_measured(json, "client_cpu_us_per_call", sample->client_cpu_us);
    write_measured(json, "written_bytes_per_call", sample->written_bytes);
    json_end(json);
}

static void write_comparison(struct json *json, const struct comparison *comparison)
{
    json_object(json, NULL);
    write_subject(json, &comparison->subject);
    json_text(json, "measure", measure_name(comparison->measure));
    json_text(json, "of", comparison->of);
    json_text(json, "peer", comparison->peer);
    json_count(json, "rounds", comparison->ratio.rounds);
    json_number(json, "median", comparison->ratio.median);
    json_number(json, "least", comparison->ratio.least);
    json_number(json, "most", comparison->ratio.most);
    if (comparison->bar > 0) {
        json_number(json, "bar", comparison->bar);
        json_flag(json, "met", comparison->ratio.median >= comparison->bar);
    }
    json_end(json);
}

static void write_figure(struct json *json, const struct figure *figure)
{
    json_object(json, NULL);
    json_text(json, "name", figure->name);
    json_number(json, "value", figure->value);
    json_text(json, "unit", figure->unit);
    if (figure->most > 0) {
        json_number(json, "bar", figure->most);
        json_flag(json, "met", figure->value <= figure->most);
    }
    json_end(json);
}

void report_write(struct json *json, const struct report *report)
{
    struct comparison *comparisons;
    size_t count = report_compare(report, &comparisons);
    json_array(json, "samples");
    for (size_t i = 0; i < report->sample_count; i++)
        write_sample(json, &report->samples[i]);
    json_end(json);
    json_array(json, "ratios");
    for (size_t i = 0; i < count; i++)
        write_comparison(json, &comparisons[i]);
    json_end(json);
    json_array(json, "figures");
    for (size_t i = 0; i < report->figure_count; i++)
        write_figure(json, &report->figures[i]);
    json_end(json);
    free(comparisons);
}
