#include "server/api/ticker.h"
#include "tests/unit/suite.h"

#include <pthread.h>

struct watch {
    struct tick tick;
    unsigned woken;
};

static void wake(void *data)
{
    struct watch *watch = data;
    watch->woken++;
}

static void add(struct ticker *ticker, struct watch *watch, int64_t interval, int64_t now)
{
    watch->tick.interval_us = interval;
    watch->tick.wake = wake;
    watch->tick.data = watch;
    watch->woken = 0;
    ck_assert(ticker_add(ticker, &watch->tick, now));
}

START_TEST(test_silence_wakes_again_and_again)
{
    struct ticker *ticker = ticker_new_manual();
    ck_assert_ptr_nonnull(ticker);
    struct watch watch;
    ck_assert_int_eq(ticker_run(ticker, 0), INT64_MAX);
    add(ticker, &watch, 10, 100);
    ck_assert_int_eq(ticker_run(ticker, 109), 110);
    ck_assert_uint_eq(watch.woken, 0);
    ck_assert_int_eq(ticker_run(ticker, 110), 120);
    ck_assert_uint_eq(watch.woken, 1);
    ck_assert(tick_due(&watch.tick, 110));
    ck_assert_int_eq(ticker_run(ticker, 135), 145);
    ck_assert_uint_eq(watch.woken, 2);
    ticker_remove(ticker, &watch.tick);
    ticker_free(ticker);
}
END_TEST

START_TEST(test_what_was_heard_puts_it_off)
{
    struct ticker *ticker = ticker_new_manual();
    ck_assert_ptr_nonnull(ticker);
    struct watch watch;
    add(ticker, &watch, 10, 0);
    tick_heard(&watch.tick, 7);
    ck_assert(!tick_due(&watch.tick, 16));
    ck_assert_int_eq(ticker_run(ticker, 10), 17);
    ck_assert_uint_eq(watch.woken, 0);
    ck_assert_int_eq(ticker_run(ticker, 17), 27);
    ck_assert_uint_eq(watch.woken, 1);
    ticker_remove(ticker, &watch.tick);
    ticker_free(ticker);
}
END_TEST

START_TEST(test_many_come_in_order_and_go_in_any)
{
    enum { COUNT = 300 };
    static struct watch watches[COUNT];
    struct ticker *ticker = ticker_new_manual();
    ck_assert_ptr_nonnull(ticker);
    for (unsigned i = 0; i < COUNT; i++)
        add(ticker, &watches[i], 1 + (i * 7919) % 1000, 0);
    for (unsigned i = 0; i < COUNT; i += 3)
        ticker_remove(ticker, &watches[i].tick);
    int64_t next = 1;
    for (int64_t now = 0; now <= 1000; now = next) {
        next = ticker_run(ticker, now);
        ck_assert_int_gt(next, now);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned wanted = i % 3 == 0 ? 0 : (unsigned)(1000 / watches[i].tick.interval_us);
        ck_assert_uint_eq(watches[i].woken, wanted);
        if (i % 3 != 0)
            ticker_remove(ticker, &watches[i].tick);
    }
    ck_assert_int_eq(ticker_run(ticker, 5000), INT64_MAX);
    ticker_free(ticker);
}
END_TEST

struct latch {
    struct tick tick;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned woken;
};

static void wake_latch(void *data)
{
    struct latch *latch = data;
    pthread_mutex_lock(&latch->lock);
    latch->woken++;
    pthread_cond_signal(&latch->changed);
    pthread_mutex_unlock(&latch->lock);
}

START_TEST(test_thread_wakes_by_itself)
{
    struct ticker *ticker = ticker_new();
    ck_assert_ptr_nonnull(ticker);
    struct latch latch = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    latch.tick.interval_us = 1000;
    latch.tick.wake = wake_latch;
    latch.tick.data = &latch;
    ck_assert(ticker_add(ticker, &latch.tick, ticker_now()));
    pthread_mutex_lock(&latch.lock);
    while (latch.woken < 3)
        pthread_cond_wait(&latch.changed, &latch.lock);
    pthread_mutex_unlock(&latch.lock);
    ticker_remove(ticker, &latch.tick);
    ticker_free(ticker);
}
END_TEST

SUITE_MAIN("ticker", test_silence_wakes_again_and_again, test_what_was_heard_puts_it_off,
           test_many_come_in_order_and_go_in_any, test_thread_wakes_by_itself)
