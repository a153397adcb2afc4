#include "server/masking/masking.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"
#include "server/masking/bars/bars.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/rows/kept.h"
#include "server/masking/rows/known.h"
#include "server/masking/outbox/outbox.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/messages/recent.h"
#include "server/masking/services/rates_internal.h"
#include "server/masking/timers/timers.h"
#include "server/masking/warned.h"

#include <pthread.h>
#include <stdlib.h>

static void appended(void *data, const struct log_id *log, uint64_t position, struct bytes entry)
{
    const struct masking *masking = data;
    if (masking->options.appended)
        masking->options.appended(masking->options.grown_data, log, position, entry);
}

static void rewritten(void *data, const struct log_id *log, uint64_t position)
{
    const struct masking *masking = data;
    if (masking->options.rewritten)
        masking->options.rewritten(masking->options.grown_data, log, position);
}

static void grown(void *data, const struct log_id *log, uint64_t last_position, unsigned logs)
{
    const struct masking *masking = data;
    if (masking->options.grown)
        masking->options.grown(masking->options.grown_data, log, last_position, logs);
}

static bool rebuild(void *data, struct view *view, struct error *error)
{
    struct masking *masking = data;
    pools_clear(masking->pools);
    warned_forget(masking->warned, NULL);
    bars_clear(masking->bars);
    calls_rebuild(masking->calls);
    return known_rebuild(masking->known, view, error) &&
           timers_rebuild(masking->timers, view, error) &&
           rates_rebuild(masking->rates, view, masking->store, error) &&
           outbox_rebuild(masking->outbox, view, error);
}

/* Numbers and their loads are told to pools as they are derived, and within a decision its last bar may seem to be gone; the rest of memory
 * is the wider for it, but never wrong. */
static void undone(void *data, const struct log_id *log)
{
    const struct masking *masking = data;
    if (!MUTANT("bars_of_refused_change_stay"))
        bars_forget(masking->bars, log_service(log));
    if (!MUTANT("refused_change_stays_in_pools"))
        pools_forget(masking->pools, log_service(log));
    warned_forget(masking->warned, log_service(log));
}

/* ---- tenants ---- */

struct tenants {
    pthread_mutex_t lock;
    struct tenant {
        struct masking masking;
        struct tenant *next;
    } * first;
};

static struct tenants *tenants_new(void)
{
    struct tenants *tenants = calloc(1, sizeof *tenants);
    if (tenants)
        pthread_mutex_init(&tenants->lock, NULL);
    return tenants;
}

static void tenants_free(struct tenants *tenants)
{
    if (!tenants)
        return;
    while (tenants->first) {
        struct tenant *tenant = tenants->first;
        tenants->first = tenant->next;
        free(tenant);
    }
    pthread_mutex_destroy(&tenants->lock);
    free(tenants);
}

/* With the lock. */
static struct tenant *find_tenant(struct masking *masking, uint32_t number)
{
    struct tenant *tenant = masking->tenants->first;
    while (tenant && tenant->masking.tenant != number)
        tenant = tenant->next;
    if (tenant)
        return tenant;
    tenant = calloc(1, sizeof *tenant);
    if (!tenant)
        return NULL;
    tenant->masking = *masking;
    tenant->masking.tenant = number;
    tenant->next = masking->tenants->first;
    masking->tenants->first = tenant;
    return tenant;
}

struct masking *masking_of_tenant(struct masking *masking, uint32_t number)
{
    masking = masking->whole;
    if (number == masking->tenant)
        return masking;
    pthread_mutex_lock(&masking->tenants->lock);
    struct tenant *tenant = find_tenant(masking, number);
    pthread_mutex_unlock(&masking->tenants->lock);
    return tenant ? &tenant->masking : NULL;
}

struct view *masking_view(struct masking *masking)
{
    return view_open_for(masking->store, masking->tenant);
}

struct view *masking_view_begin(struct masking *masking)
{
    struct view *view = masking_view(masking);
    if (view)
        view_set_data(view, kept_borrow(masking->shelf));
    return view;
}

void masking_view_end(struct masking *masking, struct view *view)
{
    kept_return(masking->shelf, view_data(view));
    view_close(view);
}

/* ---- parts ---- */

static void free_parts(struct masking *masking)
{
    tenants_free(masking->tenants);
    timers_free(masking->timers);
    warned_free(masking->warned);
    rates_free(masking->rates);
    calls_free(masking->calls);
    outbox_free(masking->outbox);
    ports_free(masking->ports);
    recent_free(masking->recent);
    pools_free(masking->pools);
    bars_free(masking->bars);
    known_free(masking->known);
    kept_free(masking->kept);
    kept_shelf_free(masking->shelf);
    free(masking);
}

static struct masking *new_parts(const struct masking_options *options)
{
    static const struct outbox_limits standard;
    struct masking *masking = calloc(1, sizeof *masking);
    if (!masking)
        return NULL;
    masking->options = *options;
    masking->store = options->store;
    masking->kept = kept_new();
    masking->shelf = kept_shelf_new();
    masking->known = known_new();
    masking->bars = bars_new();
    masking->pools = pools_new();
    masking->recent = recent_new();
    masking->ports = ports_new();
    masking->outbox = outbox_new(masking, &standard);
    masking->timers = timers_new(masking);
    masking->rates = rates_new();
    masking->warned = warned_new();
    masking->tenant = TENANT_DEFAULT;
    masking->whole = masking;
    masking->tenants = tenants_new();
    masking->calls = calls_new(masking);
    if (masking->kept && masking->shelf && masking->known && masking->bars && masking->pools &&
        masking->recent && masking->ports && masking->outbox && masking->timers && masking->rates &&
        masking->warned && masking->tenants && masking->calls)
        return masking;
    free_parts(masking);
    return NULL;
}

static void completing(void *data, bool begins)
{
    struct masking *masking = data;
    /* Who drives by hand finds at once what was told before. */
    if (!masking->options.manual_timers)
        outbox_completing(masking->outbox, begins);
    if (!begins)
        kept_group_ends(masking->kept);
    if (!begins)
        calls_flush(masking->calls);
}

bool masking_new(const struct masking_options *options, struct masking **ret_masking,
                 struct error *error)
{
    struct masking *masking = new_parts(options);
    if (!masking)
        return refuse(error, REFUSED_NO_MEMORY);
    const struct pipeline_domain domain = {
        .data = masking,
        .derive = derive_entry,
        .appended = appended,
        .rewritten = rewritten,
        .grown = grown,
        .rebuild = rebuild,
        .undone = undone,
        .completing = completing,
    };
    if (!pipeline_start(masking->store, &domain, &options->pipeline, &masking->pipeline, error)) {
        free_parts(masking);
        return false;
    }
    *ret_masking = masking;
    return true;
}

bool masking_start(struct masking *masking, struct error *error)
{
    return outbox_start(masking->outbox, error) && calls_start(masking->calls, error) &&
           timers_start(masking->timers, error);
}

void masking_free(struct masking *masking)
{
    if (!masking)
        return;
    masking = masking->whole;
    timers_stop(masking->timers);
    outbox_stop(masking->outbox);
    pipeline_free(masking->pipeline);
    free_parts(masking);
}

struct pipeline *masking_pipeline(struct masking *masking)
{
    return masking->pipeline;
}

struct store *masking_store(struct masking *masking)
{
    return masking->store;
}

void masking_kick(struct masking *masking)
{
    timers_kick(masking->timers);
    outbox_kick(masking->outbox);
}

unsigned masking_run_due(struct masking *masking)
{
    unsigned all = 0, ran;
    do {
        ran = timers_run_due(masking->timers) + outbox_run_due(masking->outbox) +
              calls_run_due(masking->calls);
        all += ran;
    } while (ran);
    return all;
}
