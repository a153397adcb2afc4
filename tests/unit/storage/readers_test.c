#include "storage/pipeline.h"
#include "tests/unit/storage/tools.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static _Atomic unsigned ran;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(void *data)
{
    (void)data;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    atomic_fetch_add(&ran, 1);
}

START_TEST(all_that_was_taken_is_run)
{
    struct readers *readers = readers_new(3);
    unsigned taken = 0;
    pthread_mutex_lock(&gate);
    while (readers_run(readers, wait_at_gate, NULL)) {
        taken++;
        ck_assert_uint_lt(taken, 1000000);
    }
    /* Those that run do not wait any more: the queue is bounded, not the total. */
    ck_assert_uint_ge(taken, 1000);
    ck_assert_uint_eq(atomic_load(&ran), 0);
    pthread_mutex_unlock(&gate);
    readers_free(readers);
    ck_assert_uint_eq(atomic_load(&ran), taken);
}
END_TEST

SUITE_MAIN("readers", all_that_was_taken_is_run)
