/*
 * What carriers are made of: waking those who may go, a way that can be shut, what is due.
 */
#include "server/carriers/gate.h"
#include "server/carriers/text.h"
#include "server/carriers/waker.h"
#include "server/carriers/worker.h"
#include "tests/unit/suite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- waker ---- */

struct woken {
    pthread_mutex_t lock;
    struct waker waker;
    unsigned calls;
    unsigned depth;
    bool closes;
    bool close_said;
    bool inner_said;
    atomic_bool entered;
    atomic_bool go_on;
};

static void set_up(struct woken *woken)
{
    memset(woken, 0, sizeof *woken);
    pthread_mutex_init(&woken->lock, NULL);
    waker_init(&woken->waker);
    pthread_mutex_lock(&woken->lock);
}

static void tear_down(struct woken *woken)
{
    pthread_mutex_unlock(&woken->lock);
    waker_done(&woken->waker);
    pthread_mutex_destroy(&woken->lock);
}

/* Calls itself as deep as asked, and closes innermost. */
static void call(void *data)
{
    struct woken *woken = data;
    pthread_mutex_lock(&woken->lock);
    woken->calls++;
    if (woken->calls < woken->depth)
        woken->inner_said = waker_call(&woken->waker, &woken->lock, call, woken);
    else if (woken->closes)
        woken->close_said = waker_close(&woken->waker, &woken->lock);
    pthread_mutex_unlock(&woken->lock);
}

START_TEST(test_a_call_runs_without_the_lock)
{
    struct woken woken;
    set_up(&woken);
    ck_assert(!waker_call(&woken.waker, &woken.lock, call, &woken));
    ck_assert_uint_eq(woken.calls, 1);
    ck_assert(waker_close(&woken.waker, &woken.lock));
    ck_assert(!waker_call(&woken.waker, &woken.lock, call, &woken));
    ck_assert_uint_eq(woken.calls, 1);
    tear_down(&woken);
}
END_TEST

START_TEST(test_who_closes_from_within_is_freed_by_the_outermost_call)
{
    for (unsigned depth = 1; depth <= 3; depth++) {
        struct woken woken;
        set_up(&woken);
        woken.depth = depth;
        woken.closes = true;
        ck_assert(waker_call(&woken.waker, &woken.lock, call, &woken));
        ck_assert(!woken.close_said);
        ck_assert(!woken.inner_said);
        ck_assert_uint_eq(woken.calls, depth);
        tear_down(&woken);
    }
}
END_TEST

static void call_slowly(void *data)
{
    struct woken *woken = data;
    atomic_store(&woken->entered, true);
    while (!atomic_load(&woken->go_on))
        sched_yield();
    woken->calls++;
}

static void *call_from_thread(void *data)
{
    struct woken *woken = data;
    pthread_mutex_lock(&woken->lock);
    ck_assert(!waker_call(&woken->waker, &woken->lock, call_slowly, woken));
    pthread_mutex_unlock(&woken->lock);
    return NULL;
}

static void *let_go_on(void *data)
{
    struct woken *woken = data;
    /* Once the lock is free the one that closes waits. */
    pthread_mutex_lock(&woken->lock);
    pthread_mutex_unlock(&woken->lock);
    atomic_store(&woken->go_on, true);
    return NULL;
}

START_TEST(test_who_closes_waits_for_other_threads)
{
    struct woken woken;
    pthread_t caller, helper;
    set_up(&woken);
    pthread_mutex_unlock(&woken.lock);
    ck_assert_int_eq(pthread_create(&caller, NULL, call_from_thread, &woken), 0);
    while (!atomic_load(&woken.entered))
        sched_yield();
    pthread_mutex_lock(&woken.lock);
    ck_assert_int_eq(pthread_create(&helper, NULL, let_go_on, &woken), 0);
    ck_assert(waker_close(&woken.waker, &woken.lock));
    ck_assert_uint_eq(woken.calls, 1);
    pthread_mutex_unlock(&woken.lock);
    pthread_join(caller, NULL);
    pthread_join(helper, NULL);
    pthread_mutex_lock(&woken.lock);
    tear_down(&woken);
}
END_TEST

/* ---- gate ---- */

struct passing {
    struct gate gate;
    atomic_uint inside;
    atomic_bool closed;
    atomic_bool late;
};

static void *pass(void *data)
{
    struct passing *passing = data;
    while (gate_enter(&passing->gate)) {
        atomic_fetch_add(&passing->inside, 1);
        if (atomic_load(&passing->closed))
            atomic_store(&passing->late, true);
        atomic_fetch_sub(&passing->inside, 1);
        gate_leave(&passing->gate);
    }
    return NULL;
}

START_TEST(test_nobody_is_in_a_gate_that_is_closed)
{
    struct passing passing = {.late = false};
    pthread_t threads[3];
    gate_init(&passing.gate);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pass, &passing), 0);
    gate_close(&passing.gate);
    ck_assert_uint_eq(atomic_load(&passing.inside), 0);
    atomic_store(&passing.closed, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!atomic_load(&passing.late));
    ck_assert(!gate_enter(&passing.gate));
    gate_close(&passing.gate);
    gate_done(&passing.gate);
}
END_TEST

/* ---- worker ---- */

struct chores {
    struct worker *worker;
    struct manual_clock clock;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t times[100]; /* when something is to be done, in order */
    size_t count, done;
};

static int64_t do_chores(void *data, int64_t now, unsigned *done)
{
    struct chores *chores = data;
    pthread_mutex_lock(&chores->lock);
    for (; chores->done < chores->count && chores->times[chores->done] <= now; ++*done)
        chores->done++;
    int64_t next = chores->done < chores->count ? chores->times[chores->done] : WORKER_NEVER;
    pthread_cond_signal(&chores->changed);
    pthread_mutex_unlock(&chores->lock);
    return next;
}

static void chores_begin(struct chores *chores)
{
    memset(chores, 0, sizeof *chores);
    pthread_mutex_init(&chores->lock, NULL);
    pthread_cond_init(&chores->changed, NULL);
    chores->worker = worker_new(clock_manual(&chores->clock), do_chores, chores);
    ck_assert_ptr_nonnull(chores->worker);
}

static void chores_end(struct chores *chores)
{
    worker_stop(chores->worker);
    worker_stop(chores->worker);
    worker_free(chores->worker);
    worker_free(NULL);
    pthread_cond_destroy(&chores->changed);
    pthread_mutex_destroy(&chores->lock);
}

START_TEST(test_by_hand_all_that_is_due_is_done)
{
    struct chores chores;
    chores_begin(&chores);
    for (chores.count = 0; chores.count < 10; chores.count++)
        chores.times[chores.count] = (int64_t)chores.count;
    ck_assert_uint_eq(worker_run_due(chores.worker), 0);
    worker_by(chores.worker, 50);
    worker_by(chores.worker, 0);
    ck_assert_uint_eq(worker_run_due(chores.worker), 1);
    ck_assert_uint_eq(worker_run_due(chores.worker), 0);
    manual_clock_set(&chores.clock, 4);
    ck_assert_uint_eq(worker_run_due(chores.worker), 4);
    worker_stop(chores.worker);
    manual_clock_set(&chores.clock, 9);
    ck_assert_uint_eq(worker_run_due(chores.worker), 0);
    chores_end(&chores);
}
END_TEST

static void chores_await(struct chores *chores, size_t done)
{
    pthread_mutex_lock(&chores->lock);
    while (chores->done < done)
        pthread_cond_wait(&chores->changed, &chores->lock);
    pthread_mutex_unlock(&chores->lock);
}

START_TEST(test_the_thread_does_what_is_due_when_the_clock_moves)
{
    struct chores chores;
    struct error error;
    chores_begin(&chores);
    for (chores.count = 0; chores.count < 10; chores.count++)
        chores.times[chores.count] = (int64_t)chores.count * 3600 * MICROSECONDS;
    ck_assert(worker_start(chores.worker, &error));
    worker_by(chores.worker, 0);
    chores_await(&chores, 1);
    for (size_t i = 1; i < 10; i++) {
        manual_clock_set(&chores.clock, (int64_t)i * 3600 * MICROSECONDS);
        worker_kick(chores.worker);
        chores_await(&chores, i + 1);
    }
    chores_end(&chores);
}
END_TEST

START_TEST(test_the_thread_looks_at_the_clock_by_itself)
{
    struct chores chores;
    struct error error;
    chores_begin(&chores);
    chores.count = 1;
    chores.times[0] = 3600LL * MICROSECONDS;
    ck_assert(worker_start(chores.worker, &error));
    worker_by(chores.worker, chores.times[0]);
    manual_clock_set(&chores.clock, chores.times[0]);
    chores_await(&chores, 1);
    chores_end(&chores);
}
END_TEST

/* ---- text ---- */

START_TEST(test_texts_are_copied_whole)
{
    char first[] = "first", url[] = "https://example.com", type[] = "a/b";
    const char *strings[] = {first, NULL, "third"};
    struct ingress_media media[] = {{url, type}, {"u", NULL}};
    struct text text, again;
    ck_assert(text_copy(&text, strings, 3, media, 2));
    memset(first, '!', sizeof first - 1);
    memset(url, '!', sizeof url - 1);
    memset(type, '!', sizeof type - 1);
    struct arena *arena = arena_new(4096);
    ck_assert(text_to_arena(&text, arena, &again));
    text_done(&text);
    ck_assert_str_eq(again.strings[0], "first");
    ck_assert_str_eq(again.strings[1], "");
    ck_assert_str_eq(again.strings[2], "third");
    ck_assert_str_eq(again.strings[4], "");
    ck_assert_uint_eq(again.media_count, 2);
    ck_assert_str_eq(again.media[0].url, "https://example.com");
    ck_assert_str_eq(again.media[0].content_type, "a/b");
    ck_assert_str_eq(again.media[1].content_type, "");
    for (size_t bound = 0; bound < 400; bound += 16) {
        struct arena *small = arena_new(bound);
        ck_assert(text_copy(&text, strings, 3, media, 2));
        bool fits = text_to_arena(&text, small, &again);
        ck_assert(fits == !arena_full(small));
        text_done(&text);
        arena_free(small);
    }
    arena_free(arena);
}
END_TEST

SUITE_MAIN("parts", test_a_call_runs_without_the_lock,
           test_who_closes_from_within_is_freed_by_the_outermost_call,
           test_who_closes_waits_for_other_threads, test_nobody_is_in_a_gate_that_is_closed,
           test_by_hand_all_that_is_due_is_done,
           test_the_thread_does_what_is_due_when_the_clock_moves,
           test_the_thread_looks_at_the_clock_by_itself, test_texts_are_copied_whole)
