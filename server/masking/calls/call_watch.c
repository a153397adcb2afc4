#include "server/masking/calls/call_watch.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_check.h"
#include "server/masking/calls/call_take.h"
#include "server/masking/errors.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/rows/known.h"
#include "server/masking/timers/timers_due.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of all that live so many are noted before they are begun: for each that comes all that are noted are gone through. */
enum { NOTED_MOST = 64 };

struct goodbye {
    const struct carrier_port *carrier;
    char key[CALL_KEY_SIZE];
};

/* One look at a session's calls: at all that live, or at one. What cannot be found out of one call holds up none of the others: that one
 * is left out, and gets a look of its own. */
struct look {
    struct command command;
    struct look *next;
    struct calls *calls;
    struct log_id log;
    sid_bytes session;
    bool one;     /* only at `call` */
    bool held_up; /* by `call`, of all */
    sid_bytes call;
    sid_bytes left_out[CALLS_LIVE_MOST];
    unsigned left_out_count;
    bool started; /* the process has: what it had in hand before is gone */
    bool tells;   /* it is to tell alone; nothing is looked at */
    bool decided;
    bool follows; /* it has changed what the next one is to look at */
    unsigned count;
    struct goodbye goodbyes[CALLS_LIVE_MOST];
    struct error error;
};

struct calls {
    struct masking *masking;
    struct look *deciding; /* the writer's; NULL: none is */
    pthread_mutex_t lock;  /* for all below */
    pthread_cond_t idle;
    struct look *noted, **last;
    unsigned noted_count;
    struct look *put_off; /* what could not be decided */
    unsigned running, done;
    bool all; /* that live are to be looked at */
    bool started;
};

struct calls *calls_new(struct masking *masking)
{
    struct calls *calls = calloc(1, sizeof *calls);
    if (!calls)
        return NULL;
    calls->masking = masking;
    calls->last = &calls->noted;
    pthread_mutex_init(&calls->lock, NULL);
    pthread_cond_init(&calls->idle, NULL);
    return calls;
}

static void free_looks(struct look *look)
{
    for (struct look *next; look; look = next) {
        next = look->next;
        free(look);
    }
}

void calls_free(struct calls *calls)
{
    if (!calls)
        return;
    free_looks(calls->noted);
    free_looks(calls->put_off);
    pthread_cond_destroy(&calls->idle);
    pthread_mutex_destroy(&calls->lock);
    free(calls);
}

/* ---- deciding ---- */

static void say_goodbye(struct look *look, const struct call_id *id, const char *carrier)
{
    struct masking *masking = look->calls->masking;
    struct port *port = ports_find(masking->ports, carrier);
    if (!port || !port->carrier->calls || look->count == CALLS_LIVE_MOST)
        return;
    struct goodbye *goodbye = &look->goodbyes[look->count++];
    goodbye->carrier = port->carrier;
    call_key_write(id, store_hash_key(masking->store), carrier, goodbye->key);
}

/* Whether the call went with the process that carried it, or that had not handed it to its carrier yet. */
static bool is_lost(const struct look *look, const struct call_sides *sides)
{
    struct port *port = ports_find(look->calls->masking->ports, sides->call->carrier);
    if (!look->started || MUTANT("lost_calls_live_on"))
        return false;
    bool begun = sides->first->status != MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_INITIATED;
    return !port || !port->carrier->calls || port->carrier->forgets || (sides->placed && !begun);
}

static bool look_at(struct look *look, struct rows *rows,
                    const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct call_id *id)
{
    struct call_sides sides;
    struct call_people people;
    const char *reason;
    enum kv_found found = call_row(rows, id, &sides, &look->error);
    if (found != KV_FOUND || sides.call->end_time)
        return found != KV_FAILED;
    int64_t due = sides.call->due_time;
    if (is_lost(look, &sides)) {
        say_goodbye(look, id, sides.call->carrier);
        (void)call_wish_end(&sides, "CALL_LOST", rows->now);
        call_lose(&sides, rows->now);
        return call_append(rows, service->sid.data, &sides, due, true, &look->error);
    }
    if (sides.call->hang_up_time) {
        say_goodbye(look, id, sides.call->carrier);
        return true;
    }
    if (!call_may_live(look->calls->masking, rows, service, session, &sides, &people, &reason,
                       &look->error))
        return false;
    return !reason || !call_wish_end(&sides, reason, rows->now) ||
           call_append(rows, service->sid.data, &sides, due, false, &look->error);
}

static bool is_of(const struct look *look, const uint8_t *call)
{
    if (look->one)
        return !memcmp(look->call, call, SID_BYTES);
    for (unsigned i = 0; i < look->left_out_count; i++) {
        if (!memcmp(look->left_out[i], call, SID_BYTES))
            return false;
    }
    return true;
}

/* The calls of the session that live, and that it is to look at. */
static bool look_at_calls(struct look *look, struct rows *rows)
{
    struct masking *masking = look->calls->masking;
    look->count = 0;
    look->held_up = false;
    known_begin(masking->known);
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
    enum kv_found found =
        known_service(masking->known, rows, log_service(&look->log), &service, &look->error);
    if (found == KV_FOUND)
        found = rows_session(rows, log_service(&look->log), look->session, &session, &look->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    struct call_id id = {.log = look->log};
    memcpy(id.session, look->session, SID_BYTES);
    for (size_t i = 0; i < session->n_live_calls; i++) {
        if (session->live_calls[i].len != SID_BYTES || !is_of(look, session->live_calls[i].data))
            continue;
        memcpy(id.interaction, session->live_calls[i].data, SID_BYTES);
        if (look_at(look, rows, service, session, &id))
            continue;
        look->held_up = !look->one;
        memcpy(look->call, id.interaction, SID_BYTES);
        return false;
    }
    return true;
}

static bool decide(struct command *command, struct txn *txn)
{
    struct look *look = (struct look *)command;
    struct rows rows = rows_of_txn(txn, look->calls->masking->store);
    rows.tenant = log_tenant(&look->log);
    look->follows = false;
    look->calls->deciding = look;
    look->decided = look->tells || look_at_calls(look, &rows);
    look->calls->deciding = NULL;
    return look->decided;
}

/* ---- noting and running ---- */

/* With the lock. */
static void add(struct calls *calls, struct look *look)
{
    look->next = NULL;
    *calls->last = look;
    calls->last = &look->next;
    calls->noted_count++;
}

static void finish(struct command *command, enum command_outcome outcome,
                   const struct error *error);

static struct look *look_new(struct calls *calls, const struct log_id *log, const uint8_t *session)
{
    struct look *look = calloc(1, sizeof *look);
    if (!look)
        return NULL;
    look->command = (struct command){.decide = decide, .done = finish};
    look->calls = calls;
    look->log = *log;
    memcpy(look->session, session, SID_BYTES);
    return look;
}

/* With the lock. */
static void put_off(struct calls *calls, struct look *look)
{
    look->next = calls->put_off;
    calls->put_off = look;
}

static bool is_same(const struct look *a, const struct look *b)
{
    return a->one == b->one && a->tells == b->tells && a->started == b->started &&
           !memcmp(&a->log, &b->log, sizeof a->log) && !memcmp(a->session, b->session, SID_BYTES) &&
           (!a->one || !memcmp(a->call, b->call, SID_BYTES));
}

/* The call that held it up is looked at by itself, later. False: it cannot be left out. */
static bool leave_out(struct look *look)
{
    struct calls *calls = look->calls;
    if (!look->held_up || look->left_out_count == CALLS_LIVE_MOST ||
        MUTANT("one_call_holds_up_all"))
        return false;
    struct look *its = look_new(calls, &look->log, look->session);
    if (!its)
        return false;
    its->one = true;
    its->started = look->started;
    memcpy(its->call, look->call, SID_BYTES);
    memcpy(look->left_out[look->left_out_count++], look->call, SID_BYTES);
    look->held_up = false;
    pthread_mutex_lock(&calls->lock);
    const struct look *there = calls->put_off;
    while (there && !is_same(there, its))
        there = there->next;
    if (!there)
        put_off(calls, its);
    pthread_mutex_unlock(&calls->lock);
    if (there)
        free(its);
    return true;
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error; /* what was not to be had now is tried again */
    struct look *look = (struct look *)command;
    struct calls *calls = look->calls;
    /* Of what was not decided, or not written, nothing counts. */
    bool holds = outcome == COMMAND_DURABLE && look->decided;
    bool again = !holds && !MUTANT("undecided_look_is_lost");
    if (again && leave_out(look)) {
        pipeline_submit(calls->masking->pipeline, command);
        return;
    }
    if (holds && look->follows)
        call_watch_note(calls, &look->log, look->session);
    FAILPOINT("call_before_hang_up");
    for (unsigned i = 0; i < look->count && !again && !MUTANT("hang_up_is_not_told"); i++) {
        const struct carrier_port *carrier = look->goodbyes[i].carrier;
        carrier->calls->hang_up(carrier->data, look->goodbyes[i].key);
    }
    pthread_mutex_lock(&calls->lock);
    calls->running--;
    calls->done += !again || outcome == COMMAND_UNKNOWN;
    if (again)
        put_off(calls, look);
    if (!calls->running)
        pthread_cond_broadcast(&calls->idle);
    pthread_mutex_unlock(&calls->lock);
    if (!again)
        free(look);
}

static bool note(struct calls *calls, const struct log_id *log, const uint8_t *session,
                 bool started)
{
    pthread_mutex_lock(&calls->lock);
    bool there = false;
    for (const struct look *look = calls->noted; look && !there; look = look->next)
        there = !look->tells && !look->one && !look->left_out_count && look->started == started &&
                !memcmp(&look->log, log, sizeof *log) && !memcmp(look->session, session, SID_BYTES);
    struct look *look = there ? NULL : look_new(calls, log, session);
    if (look) {
        look->started = started;
        add(calls, look);
    }
    pthread_mutex_unlock(&calls->lock);
    return look || there;
}

void call_watch_note(struct calls *calls, const struct log_id *log, const uint8_t *session)
{
    if (!note(calls, log, session, false))
        calls_look_at_all(calls);
}

void call_watch_derived(struct calls *calls, const struct log_id *log, const uint8_t *session)
{
    struct look *look = calls->deciding;
    /* What a look has changed is looked at when it holds: one that cannot be decided would call for the next without end. */
    if (look && !memcmp(&look->log, log, sizeof *log) && !memcmp(look->session, session, SID_BYTES))
        look->follows = true;
    else
        call_watch_note(calls, log, session);
}

void call_watch_tell(struct calls *calls, const struct call_id *id, const char *carrier)
{
    struct look *look = look_new(calls, &id->log, id->session);
    if (!look)
        return; /* its row is still there, and comes again */
    look->tells = true;
    say_goodbye(look, id, carrier);
    pthread_mutex_lock(&calls->lock);
    add(calls, look);
    pthread_mutex_unlock(&calls->lock);
}

static void want_all(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    calls->all = true;
    pthread_mutex_unlock(&calls->lock);
}

void calls_look_at_all(struct calls *calls)
{
    want_all(calls);
    timers_kick(calls->masking->timers);
}

void calls_flush(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    struct look *look = calls->noted;
    calls->noted = NULL;
    calls->last = &calls->noted;
    calls->noted_count = 0;
    for (const struct look *each = look; each; each = each->next)
        calls->running++;
    pthread_mutex_unlock(&calls->lock);
    for (struct look *next; look; look = next) {
        next = look->next;
        pipeline_submit(calls->masking->pipeline, &look->command);
    }
}

/* ---- all that live ---- */

/* One that is gone, or lost: all that is left is to tell its carrier. Timers do it, too, from time to time. */
static void tell_again(struct calls *calls, struct rows *rows, const struct call_id *id,
                       struct bytes value)
{
    struct call_sides sides;
    struct error ignored;
    const Maskline__Store__V1__CallDue *due =
        rows_record(rows, &maskline__store__v1__call_due__descriptor, value, &ignored);
    enum kv_found found = call_row(rows, id, &sides, &ignored);
    bool left = found == KV_ABSENT || (found == KV_FOUND && sides.call->lost);
    if (due && left && rows->now < due->until_time)
        call_watch_tell(calls, id, due->carrier);
}

static bool are_many_noted(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    bool many = calls->noted_count >= NOTED_MOST;
    pthread_mutex_unlock(&calls->lock);
    return many;
}

static bool note_service(struct calls *calls, struct rows *rows, struct bytes key, bool started,
                         struct error *error)
{
    sid_bytes service;
    if (!key_service_sid(key, service))
        return true;
    struct call_id id = {.log = key_log(rows->tenant, service)};
    struct key from = key_calls(rows->tenant, service), to = from;
    to.data[to.size - 1]++; /* the letter */
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; ok && scan_valid(scan); scan_next(scan)) {
        if (are_many_noted(calls))
            calls_flush(calls);
        if (!key_call_sids(scan_key(scan), id.session, id.interaction))
            continue;
        ok = note(calls, &id.log, id.session, started) || refuse(error, REFUSED_NO_MEMORY);
        if (!started)
            tell_again(calls, rows, &id, scan_value(scan).bytes);
        arena_reset(rows->arena);
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

static bool note_all(struct calls *calls, bool started, struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(64 * 1024);
    struct view *view = arena ? view_open(calls->masking->store) : NULL;
    struct key from = key_all_services(), to = from;
    to.data[to.size - 1]++;
    struct scan *scan =
        view ? view_scan(view, KV_META, key_bytes(&from), key_bytes(&to), false) : NULL;
    bool ok = scan || refuse(error, REFUSED_NO_MEMORY);
    for (; ok && scan_valid(scan); scan_next(scan)) {
        struct rows rows = rows_of_view(view, calls->masking->store, arena);
        rows.tenant =
            MUTANT("calls_of_one_tenant") ? TENANT_DEFAULT : key_service_tenant(scan_key(scan));
        ok = note_service(calls, &rows, scan_key(scan), started, error);
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    view_close(view);
    return ok;
}

bool calls_start(struct calls *calls, struct error *error)
{
    if (!note_all(calls, true, error))
        return false;
    pthread_mutex_lock(&calls->lock);
    calls->started = true;
    pthread_mutex_unlock(&calls->lock);
    calls_flush(calls);
    return true;
}

void calls_rebuild(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    bool started = calls->started;
    pthread_mutex_unlock(&calls->lock);
    if (started && !MUTANT("calls_of_failed_write_live_on"))
        calls_look_at_all(calls);
}

void calls_tend(struct calls *calls)
{
    struct error ignored;
    pthread_mutex_lock(&calls->lock);
    bool all = calls->all;
    calls->all = false;
    while (calls->put_off) {
        struct look *look = calls->put_off;
        calls->put_off = look->next;
        add(calls, look);
    }
    pthread_mutex_unlock(&calls->lock);
    /* When the timers come by again: at once it could not be read, either. */
    if (all && !note_all(calls, false, &ignored))
        want_all(calls);
    calls_flush(calls);
}

unsigned calls_run_due(struct calls *calls)
{
    calls_tend(calls);
    pthread_mutex_lock(&calls->lock);
    while (calls->running)
        pthread_cond_wait(&calls->idle, &calls->lock);
    unsigned done = calls->done;
    calls->done = 0;
    pthread_mutex_unlock(&calls->lock);
    return done;
}
