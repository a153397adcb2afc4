#include "client/bench/load.h"

#include "client/bench/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

struct load {
    const struct load_options *options;
    struct grpc_c_channel **channels;
    struct slot *slots;
    unsigned slot_count;
    struct load_result *result;
    int64_t until_ns;
    bool warming;
    pthread_mutex_t lock; /* over what follows, the result, and starting */
    pthread_cond_t changed;
    uint64_t started;
    unsigned running;
    struct slot *first_free,
        *last_free; /* open loop: in turn, so that all connections carry load */
};

static void put_free(struct load *load, struct slot *slot)
{
    slot->next = NULL;
    if (load->last_free)
        load->last_free->next = slot;
    else
        load->first_free = slot;
    load->last_free = slot;
}

static struct slot *take_free(struct load *load)
{
    struct slot *slot = load->first_free;
    if (slot) {
        load->first_free = slot->next;
        if (!load->first_free)
            load->last_free = NULL;
    }
    return slot;
}

static void slot_ends(struct load *load, struct slot *slot)
{
    load->running--;
    put_free(load, slot);
    pthread_cond_signal(&load->changed);
}

static void note_failure(struct load *load, unsigned kind, const char *what, const char *more)
{
    load->result->kinds[kind].failed++;
    if (load->result->failed++ == 0)
        snprintf(load->result->first_failure, sizeof load->result->first_failure, "%s: %s", what,
                 more);
}

static void slot_begins(struct load *load, struct slot *slot, int64_t due_ns)
{
    slot->due_ns = due_ns;
    slot->number = load->started++;
    slot->kind = 0;
    if (load->options->begin(slot))
        return;
    note_failure(load, slot->kind, "RESOURCE_EXHAUSTED", "a call could not be started");
    slot_ends(load, slot);
}

static bool more(const struct load *load, int64_t now)
{
    return now < load->until_ns &&
           (load->options->calls == 0 || load->started < load->options->calls);
}

void load_done(struct slot *slot, const struct grpc_c_status *status, bool ok)
{
    struct load *load = slot->load;
    int64_t now = clock_ns();
    pthread_mutex_lock(&load->lock);
    if (!ok)
        note_failure(load, slot->kind, status_code_name(status->code),
                     status->code == STATUS_OK ? "not the answer that was asked for"
                                               : status->message);
    if (!load->warming) {
        load->result->calls++;
        histogram_add(&load->result->kinds[slot->kind].times, (uint64_t)(now - slot->due_ns));
    }
    if (!load->warming && load->options->rate <= 0 && more(load, now))
        slot_begins(load, slot, now);
    else
        slot_ends(load, slot);
    pthread_mutex_unlock(&load->lock);
}

static void wait_for_all(struct load *load)
{
    while (load->running > 0)
        pthread_cond_wait(&load->changed, &load->lock);
}

static void warm_up(struct load *load)
{
    load->warming = true;
    load->running = load->options->connections;
    for (unsigned i = 0; i < load->options->connections; i++)
        slot_begins(load, take_free(load), clock_ns());
    wait_for_all(load);
    load->warming = false;
    load->started = 0;
}

static void run_closed(struct load *load)
{
    load->running = load->slot_count;
    for (unsigned i = 0; i < load->slot_count; i++) {
        int64_t now = clock_ns();
        struct slot *slot = take_free(load);
        if (more(load, now)) {
            slot_begins(load, slot, now);
        } else {
            load->running--;
            put_free(load, slot);
        }
    }
}

static void run_open(struct load *load, int64_t begin_ns)
{
    struct schedule schedule;
    schedule_init(&schedule, load->options->arrivals, load->options->rate, load->options->seed);
    for (;;) {
        int64_t due = begin_ns + (int64_t)(schedule_next(&schedule) * (double)SECOND_NS);
        if (!more(load, due))
            return;
        if (due > clock_ns()) {
            pthread_mutex_unlock(&load->lock);
            clock_wait(due);
            pthread_mutex_lock(&load->lock);
        }
        load->result->waited += load->first_free == NULL;
        while (!load->first_free)
            pthread_cond_wait(&load->changed, &load->lock);
        load->running++;
        slot_begins(load, take_free(load), due);
    }
}

static void run(struct load *load)
{
    /* The kernel may wake a sleeper 50 us late, which is more than a call takes. */
    prctl(PR_SET_TIMERSLACK, 1000UL);
    pthread_mutex_lock(&load->lock);
    if (load->options->warm)
        warm_up(load);
    int64_t begin = clock_ns();
    load->until_ns = begin + (int64_t)(load->options->seconds * (double)SECOND_NS);
    if (load->options->rate > 0)
        run_open(load, begin);
    else
        run_closed(load);
    wait_for_all(load);
    load->result->seconds = (double)(clock_ns() - begin) / (double)SECOND_NS;
    pthread_mutex_unlock(&load->lock);
}

static bool open_channels(struct load *load)
{
    const struct load_options *options = load->options;
    struct grpc_c_channel_options own = {.own_connection = true, .lean = true};
    for (unsigned i = 0; i < options->connections; i++) {
        struct error error;
        load->channels[i] = grpc_c_channel_new(options->target, &own, &error);
        if (!load->channels[i]) {
            fprintf(stderr, "maskline-bench: %s\n", error.message);
            return false;
        }
    }
    for (unsigned i = 0; i < load->slot_count; i++) {
        load->slots[i].load = load;
        load->slots[i].channel = load->channels[i % options->connections];
        load->slots[i].data = options->data;
        put_free(load, &load->slots[i]);
    }
    return true;
}

bool load_run(const struct load_options *options, struct load_result *ret_result)
{
    struct load load = {.options = options,
                        .slot_count = options->connections * options->in_flight,
                        .result = ret_result};
    *ret_result = (struct load_result){0};
    if (options->connections > LOAD_CONNECTIONS_MOST || load.slot_count == 0 ||
        load.slot_count > LOAD_SLOTS_MOST) {
        fprintf(stderr, "maskline-bench: %u connections with %u calls in flight are too many\n",
                options->connections, options->in_flight);
        return false;
    }
    load.channels = calloc(options->connections, sizeof(struct grpc_c_channel *));
    load.slots = calloc(load.slot_count, sizeof *load.slots);
    pthread_mutex_init(&load.lock, NULL);
    pthread_cond_init(&load.changed, NULL);
    bool ok = load.channels && load.slots && open_channels(&load);
    if (ok)
        run(&load);
    for (unsigned i = 0; load.channels && i < options->connections; i++)
        grpc_c_channel_free(load.channels[i]);
    pthread_cond_destroy(&load.changed);
    pthread_mutex_destroy(&load.lock);
    free(load.slots);
    free(load.channels);
    return ok;
}
