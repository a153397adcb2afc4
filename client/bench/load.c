#include "client/bench/load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUCKETS = 4000, BUCKET_US = 25, SLOTS_MOST = 65536 };

struct slot {
    struct grpc_c_channel *channel;
    double began;
};

struct load {
    const struct load_options *options;
    struct slot *slots;
    double until;
    uint64_t started; /* all below: on the client library's thread, after the first calls */
    struct load_result result;
    uint64_t histogram[BUCKETS];
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned running;
};

double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void slot_ends(struct load *load)
{
    if (--load->running == 0)
        pthread_cond_signal(&load->idle);
}

static void slot_begins(struct load *load, unsigned slot)
{
    load->slots[slot].began = now_seconds();
    if (!load->options->begin(load->options->data, load, slot, load->slots[slot].channel,
                              load->started++)) {
        load->result.failed++;
        slot_ends(load);
    }
}

void load_done(struct load *load, unsigned slot, const struct grpc_c_status *status, bool ok)
{
    double now = now_seconds();
    pthread_mutex_lock(&load->lock);
    size_t bucket = (size_t)((now - load->slots[slot].began) * 1e6 / BUCKET_US);
    load->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    load->result.calls++;
    if (!ok && load->result.failed++ == 0)
        snprintf(load->result.first_failure, sizeof load->result.first_failure, "%s: %s",
                 status_code_name(status->code), status->message);
    if (now < load->until)
        slot_begins(load, slot);
    else
        slot_ends(load);
    pthread_mutex_unlock(&load->lock);
}

static double percentile(const struct load *load, double part)
{
    uint64_t wanted = (uint64_t)((double)load->result.calls * part), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += load->histogram[i];
        if (seen > wanted)
            return (double)((i + 1) * BUCKET_US);
    }
    return (double)BUCKETS * BUCKET_US;
}

static bool open_channels(struct load *load, struct grpc_c_channel **channels)
{
    const struct load_options *options = load->options;
    struct grpc_c_channel_options own = {.own_connection = true};
    for (unsigned i = 0; i < options->connections; i++) {
        struct error error;
        channels[i] = grpc_c_channel_new(options->target, &own, &error);
        if (!channels[i]) {
            fprintf(stderr, "maskline-bench: %s\n", error.message);
            return false;
        }
        for (unsigned j = 0; j < options->in_flight; j++)
            load->slots[i * options->in_flight + j].channel = channels[i];
    }
    return true;
}

static void run(struct load *load, unsigned slots)
{
    double begin = now_seconds();
    load->until = begin + load->options->seconds;
    pthread_mutex_lock(&load->lock);
    load->running = slots;
    for (unsigned i = 0; i < slots; i++)
        slot_begins(load, i);
    while (load->running > 0)
        pthread_cond_wait(&load->idle, &load->lock);
    pthread_mutex_unlock(&load->lock);
    load->result.seconds = now_seconds() - begin;
    load->result.p50_us = percentile(load, 0.5);
    load->result.p99_us = percentile(load, 0.99);
}

bool load_run(const struct load_options *options, struct load_result *ret_result)
{
    unsigned slots = options->connections * options->in_flight;
    if (slots == 0 || slots > SLOTS_MOST)
        return false;
    struct load *load = calloc(1, sizeof *load);
    struct grpc_c_channel **channels =
        calloc(options->connections, sizeof(struct grpc_c_channel *));
    struct slot *places = calloc(slots, sizeof *places);
    bool ok = load && channels && places;
    if (ok) {
        load->options = options;
        load->slots = places;
        pthread_mutex_init(&load->lock, NULL);
        pthread_cond_init(&load->idle, NULL);
        ok = open_channels(load, channels);
        if (ok)
            run(load, slots);
        *ret_result = load->result;
        for (unsigned i = 0; i < options->connections; i++)
            grpc_c_channel_free(channels[i]);
        pthread_cond_destroy(&load->idle);
        pthread_mutex_destroy(&load->lock);
    }
    free(places);
    free(channels);
    free(load);
    return ok;
}
