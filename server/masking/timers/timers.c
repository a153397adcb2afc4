#include "proto/c/fault.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/errors.h"
#include "server/masking/timers/timers_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WAIT_REFUSED = 1000000, /* until a piece that failed is tried again */
    /* A clock that is not the machine's may have moved without a kick. */
    WAIT_MOST = 1000000,
};

/* ---- all Services ---- */

static bool note_service(struct timers *timers, struct rows *rows, struct bytes key, bool known_too,
                         struct error *error)
{
    sid_bytes sid;
    Maskline__Store__V1__Service *service;
    int64_t due;
    if (!key_service_sid(key, sid))
        return true;
    struct log_id log = key_log(rows->tenant, sid);
    pthread_mutex_lock(&timers->lock);
    bool known = timer_find(timers, &log) != NULL;
    pthread_mutex_unlock(&timers->lock);
    if (known && !known_too)
        return true;
    enum kv_found found = rows_service(rows, sid, &service, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    if (!piece_first_due(rows, service, &due, error))
        return false;
    pthread_mutex_lock(&timers->lock);
    struct timer *timer = timer_of(timers, &log);
    if (timer) {
        timer->floor = 0;
        if (due < timer->due)
            timer_set(timers, timer, due);
    }
    pthread_mutex_unlock(&timers->lock);
    return timer || refuse(error, REFUSED_NO_MEMORY);
}

static bool note_services(struct timers *timers, struct view *view, bool known_too,
                          struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(64 * 1024);
    struct key prefix = key_all_services(), to = prefix;
    to.data[to.size - 1]++;
    struct scan *scan =
        arena ? view_scan(view, KV_META, key_bytes(&prefix), key_bytes(&to), false) : NULL;
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; scan_valid(scan) && ok; scan_next(scan)) {
        struct rows rows = rows_of_view(view, timers->masking->store, arena);
        rows.tenant = key_service_tenant(scan_key(scan));
        ok = note_service(timers, &rows, scan_key(scan), known_too, error);
        arena_reset(arena);
    }
    if (ok)
        ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool timers_rebuild(struct timers *timers, struct view *view, struct error *error)
{
    return note_services(timers, view, true, error);
}

static void discover(struct timers *timers, int64_t now)
{
    struct error error;
    struct view *view = view_open(timers->masking->store);
    bool ok = view && note_services(timers, view, false, &error);
    view_close(view);
    pthread_mutex_lock(&timers->lock);
    timers->discover = now + (ok ? LOOK_AT_LOGS : WAIT_REFUSED);
    pthread_mutex_unlock(&timers->lock);
}

/* ---- running ---- */

static void piece_done(struct command *command, enum command_outcome outcome,
                       const struct error *error)
{
    (void)error; /* it is tried again */
    struct piece *piece = (struct piece *)command;
    pthread_mutex_lock(&piece->lock);
    if (outcome != COMMAND_DURABLE)
        piece->decided = false;
    piece->is_finished = true;
    pthread_cond_signal(&piece->finished);
    pthread_mutex_unlock(&piece->lock);
}

/* With the lock. While the piece ran, something else may have become due. */
static void piece_apply(struct timers *timers, const struct piece *piece, int64_t now)
{
    struct timer *timer = timer_find(timers, &piece->log);
    if (!timer)
        return;
    if (piece->decided && piece->gone) {
        table_remove(&timers->table, &timer->link);
        free(timer);
        return;
    }
    int64_t next = piece->decided ? piece->next : now + WAIT_REFUSED;
    int64_t floor = piece->decided ? piece->new_floor : piece->floor;
    if (timer->floor == INT64_MAX || floor < timer->floor)
        timer->floor = floor;
    if (next < timer->due)
        timer_set(timers, timer, next);
}

static void run_command(struct piece *piece)
{
    piece->is_finished = false;
    pipeline_submit(piece->masking->pipeline, &piece->command);
    pthread_mutex_lock(&piece->lock);
    while (!piece->is_finished)
        pthread_cond_wait(&piece->finished, &piece->lock);
    pthread_mutex_unlock(&piece->lock);
}

/* One piece of a Service; waits for it. Returns how many things it did. */
static unsigned run_piece(struct timers *timers, const struct log_id *log, int64_t floor,
                          int64_t now)
{
    struct piece piece = {
        .command = {.prefetch = piece_prefetch, .decide = piece_decide, .done = piece_done},
        .masking = timers->masking,
        .log = *log,
        .floor = floor,
    };
    pthread_mutex_init(&piece.lock, NULL);
    pthread_cond_init(&piece.finished, NULL);
    FAILPOINT("timers_before_piece");
    run_command(&piece);
    if (!piece.decided && piece.stuck.there && !MUTANT("stuck_hint_holds_up_all")) {
        piece.moves = true;
        run_command(&piece);
    }
    pthread_cond_destroy(&piece.finished);
    pthread_mutex_destroy(&piece.lock);
    pthread_mutex_lock(&timers->lock);
    FAILPOINT("timers_after_piece");
    piece_apply(timers, &piece, now);
    pthread_mutex_unlock(&timers->lock);
    return piece.decided ? piece.ran : 0;
}

/* What a Service does not keep any more: of its log at once, and of its interactions a piece. */
static unsigned run_retention(struct timers *timers, struct job *job, int64_t now)
{
    static const struct aging beginning;
    unsigned ran = 0, dropped = 0;
    if (!memcmp(&job->aging, &beginning, sizeof beginning))
        ran = log_retain(timers->masking, &job->log);
    enum aging_result result = interactions_age(timers->masking, &job->log, &job->aging, &dropped);
    pthread_mutex_lock(&timers->lock);
    struct timer *timer = timer_find(timers, &job->log);
    if (timer) {
        timer->aging = job->aging;
        if (result != AGING_DONE)
            timer->trim_time = result == AGING_MORE ? now : now + WAIT_REFUSED;
        if (timer->trim_time < timers->next)
            timers->next = timer->trim_time;
    }
    pthread_mutex_unlock(&timers->lock);
    return ran + dropped;
}

/* One thing. False when nothing is due. */
static bool run_one(struct timers *timers, unsigned *ran)
{
    int64_t now = store_now(timers->masking->store);
    struct job job;
    pthread_mutex_lock(&timers->lock);
    bool look = timers->discover <= now && !timers->stopping;
    bool due = !look && !timers->stopping && timers_take_due(timers, now, &job);
    pthread_mutex_unlock(&timers->lock);
    if (look)
        discover(timers, now);
    else if (due && job.piece)
        *ran += run_piece(timers, &job.log, job.floor, now);
    else if (due)
        *ran += run_retention(timers, &job, now);
    return look || due;
}

unsigned timers_run_due(struct timers *timers)
{
    unsigned ran = 0;
    pthread_mutex_lock(&timers->running);
    while (run_one(timers, &ran))
        ;
    pthread_mutex_unlock(&timers->running);
    return ran;
}

/* With the lock. */
static void wait_for_due(struct timers *timers)
{
    int64_t now = store_now(timers->masking->store);
    int64_t next = timers->next < timers->discover ? timers->next : timers->discover;
    int64_t wait = next > now ? next - now : 0;
    if (wait > WAIT_MOST)
        wait = WAIT_MOST;
    if (!wait || timers->kicked || timers->stopping)
        return;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait / 1000000;
    until.tv_nsec += wait % 1000000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&timers->wake, &timers->lock, &until);
}

static void *run(void *data)
{
    struct timers *timers = data;
    pthread_mutex_lock(&timers->lock);
    while (!timers->stopping) {
        timers->kicked = false;
        pthread_mutex_unlock(&timers->lock);
        calls_tend(timers->masking->calls);
        timers_run_due(timers);
        pthread_mutex_lock(&timers->lock);
        wait_for_due(timers);
    }
    pthread_mutex_unlock(&timers->lock);
    return NULL;
}

bool timers_start(struct timers *timers, struct error *error)
{
    if (timers->masking->options.manual_timers)
        return true;
    if (pthread_create(&timers->thread, NULL, run, timers))
        return refuse(error, REFUSED_NO_THREAD);
    timers->threaded = true;
    return true;
}

void timers_stop(struct timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    timers->stopping = true;
    pthread_cond_signal(&timers->wake);
    pthread_mutex_unlock(&timers->lock);
    if (timers->threaded)
        pthread_join(timers->thread, NULL);
    timers->threaded = false;
}
