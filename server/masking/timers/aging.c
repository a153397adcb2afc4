/*
 * Interactions that a Service does not keep any more. No index has them by age: a walk goes through those of all sessions, each session's from
 * its oldest on, which is the order of their keys. It reads by views, beside the writer, and gives it some to drop at a time. It is begun
 * anew each time that logs are looked at, and where it is lost it is simply begun again. Readers do not wait for it (policies/age.h).
 *
 * The rows are deleted without an entry. One that had not been written out when a crash came is there again after the replay, to be dropped
 * by the next walk.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/policies/age.h"
#include "server/masking/timers/timers_internal.h"

#include <string.h>

enum {
    AGE_LOOKED = 4096, /* rows that one piece looks at */
    AGE_MOST = 128,    /* that it drops */
    AGE_STEPS = 16,    /* rows that are gone over one by one, where a session has younger ones */
    AGE_MEMORY = 64 * 1024,
};

/* What is to be dropped, if the writer agrees; and where the walk was then. */
struct dropping {
    struct command command;
    struct masking *masking;
    struct log_id log;
    struct aging found[AGE_MOST];
    unsigned count;
    unsigned dropped;
    unsigned stuck; /* which could not be dropped; `count`: none */
    bool decided;
    struct error error;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_finished;
};

/* ---- the walk ---- */

struct walk {
    struct rows rows;
    const uint8_t *service;
    struct aging *at;
    uint8_t limit[6]; /* SIDs that begin below it were minted before */
    struct scan *scan;
    unsigned looked;
};

/* Goes on at this place. */
static bool seek(struct walk *walk, struct error *error)
{
    struct key from =
        key_interaction(walk->rows.tenant, walk->service, walk->at->session, walk->at->interaction);
    struct key all = key_all_interactions(walk->rows.tenant, walk->service), to = all;
    to.data[to.size - 1]++;
    scan_free(walk->scan);
    walk->scan = rows_scan(&walk->rows, KV_LIVE, key_bytes(&from), key_bytes(&to), false);
    return walk->scan || refuse(error, REFUSED_NO_MEMORY);
}

static void after_session(struct aging *place)
{
    memset(place->interaction, 0xff, sizeof place->interaction);
}

/* To the next one that may be too old. False at the end, or after as many as a piece looks at. */
static bool find(struct walk *walk, unsigned *steps, bool *ret_more, struct error *error)
{
    while (scan_valid(walk->scan)) {
        if (walk->looked++ == AGE_LOOKED) {
            *ret_more = true;
            return false;
        }
        if (key_interaction_sids(scan_key(walk->scan), walk->at->session, walk->at->interaction) &&
            memcmp(walk->at->interaction, walk->limit, sizeof walk->limit) <= 0)
            return true;
        if (++*steps < AGE_STEPS) {
            scan_next(walk->scan);
            continue;
        }
        *steps = 0;
        after_session(walk->at);
        if (!seek(walk, error))
            return false;
    }
    return false;
}

static bool walk_on(struct walk *walk, struct dropping *dropping, bool *ret_more)
{
    unsigned steps = 0;
    *ret_more = false;
    if (!seek(walk, &dropping->error))
        return false;
    error_clear(&dropping->error);
    while (find(walk, &steps, ret_more, &dropping->error)) {
        if (dropping->count == AGE_MOST) {
            *ret_more = true;
            break;
        }
        dropping->found[dropping->count++] = *walk->at;
        steps = 0;
        scan_next(walk->scan);
    }
    bool ok =
        dropping->error.code == STATUS_OK && (*ret_more || scan_ok(walk->scan, &dropping->error));
    scan_free(walk->scan);
    return ok;
}

/* False: the store cannot be read now. */
static bool collect(struct dropping *dropping, struct view *view, struct aging *aging,
                    bool *ret_more)
{
    static const struct aging beginning;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(AGE_MEMORY);
    *ret_more = false;
    if (!arena)
        return refuse(&dropping->error, REFUSED_NO_MEMORY);
    struct walk walk = {.rows = rows_of_view(view, dropping->masking->store, arena),
                        .service = log_service(&dropping->log),
                        .at = aging};
    walk.rows.tenant = log_tenant(&dropping->log);
    Maskline__Store__V1__Service *service;
    enum kv_found found = rows_service(&walk.rows, walk.service, &service, &dropping->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    int64_t since = interactions_since(service->settings, walk.rows.now);
    if (service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE || since < 0)
        return true;
    /* Notices, which belong to the session of zeroes, go by themselves. */
    if (!memcmp(aging, &beginning, sizeof beginning))
        after_session(aging);
    struct key none = {.size = 0}, limit = key_minted(&none, since);
    memcpy(walk.limit, limit.data, sizeof walk.limit);
    return walk_on(&walk, dropping, ret_more);
}

/* ---- the writer's side ---- */

static bool drop(struct dropping *dropping, struct rows *rows,
                 const Maskline__Store__V1__Service *service, const struct aging *place)
{
    Maskline__Store__V1__Interaction *interaction;
    enum kv_found found = rows_interaction(rows, service->sid.data, place->session,
                                           place->interaction, &interaction, &dropping->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    if (interaction_kept(service->settings, interaction, rows->now))
        return true;
    struct key key =
        key_interaction(rows->tenant, service->sid.data, place->session, place->interaction);
    dropping->dropped++;
    return MUTANT("old_interactions_stay") || txn_delete(rows->txn, KV_LIVE, key_bytes(&key)) ||
           refuse(&dropping->error, REFUSED_NO_MEMORY);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct dropping *dropping = (struct dropping *)command;
    struct rows rows = rows_of_txn(txn, dropping->masking->store);
    rows.tenant = log_tenant(&dropping->log);
    dropping->dropped = 0;
    Maskline__Store__V1__Service *service;
    enum kv_found found =
        rows_service(&rows, log_service(&dropping->log), &service, &dropping->error);
    if (found == KV_FAILED)
        return false;
    bool active = found == KV_FOUND &&
                  service->state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE;
    for (unsigned i = 0; active && i < dropping->count; i++) {
        if (drop(dropping, &rows, service, &dropping->found[i]))
            continue;
        dropping->stuck = i;
        return false;
    }
    dropping->decided = true;
    return true;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error; /* it is tried again */
    struct dropping *dropping = (struct dropping *)command;
    pthread_mutex_lock(&dropping->lock);
    if (outcome != COMMAND_DURABLE)
        dropping->decided = false;
    dropping->is_finished = true;
    pthread_cond_signal(&dropping->finished);
    pthread_mutex_unlock(&dropping->lock);
}

static bool run(struct dropping *dropping)
{
    pthread_mutex_init(&dropping->lock, NULL);
    pthread_cond_init(&dropping->finished, NULL);
    dropping->command.decide = decide;
    dropping->command.done = done;
    dropping->stuck = dropping->count;
    dropping->is_finished = false;
    pipeline_submit(dropping->masking->pipeline, &dropping->command);
    pthread_mutex_lock(&dropping->lock);
    while (!dropping->is_finished)
        pthread_cond_wait(&dropping->finished, &dropping->lock);
    pthread_mutex_unlock(&dropping->lock);
    pthread_cond_destroy(&dropping->finished);
    pthread_mutex_destroy(&dropping->lock);
    return dropping->decided;
}

/* What cannot be read stays, until the next walk, and the others go. */
static bool run_all(struct dropping *dropping)
{
    while (dropping->count && !run(dropping)) {
        if (dropping->stuck == dropping->count || MUTANT("unread_keeps_all_old"))
            return false;
        dropping->found[dropping->stuck] = dropping->found[--dropping->count];
    }
    return true;
}

enum aging_result interactions_age(struct masking *masking, const struct log_id *log,
                                   struct aging *aging, unsigned *ret_ran)
{
    struct dropping dropping = {.masking = masking, .log = *log};
    struct aging began = *aging;
    bool more = false;
    *ret_ran = 0;
    struct view *view = view_open(masking->store);
    bool ok = view && collect(&dropping, view, aging, &more);
    view_close(view);
    if (!ok || !run_all(&dropping)) {
        *aging = began;
        return AGING_FAILED;
    }
    *ret_ran = dropping.count ? dropping.dropped : 0;
    if (more)
        return AGING_MORE;
    *aging = (struct aging){.session = {0}};
    return AGING_DONE;
}
