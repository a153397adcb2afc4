#include "server/masking/numbers/pools.h"
#include "tests/unit/server/masking/calls.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* What it costs to choose a number, counted in a whole session's creation: rows that the decision reads, and numbers that it looks at. The
 * linker puts these before what they count. */

static atomic_uint rows_read, numbers_seen;

enum kv_found __real_txn_get(struct txn *txn, enum kv_family family, struct bytes key,
                             struct kv_value *ret_value, struct error *error);
enum kv_found __wrap_txn_get(struct txn *txn, enum kv_family family, struct bytes key,
                             struct kv_value *ret_value, struct error *error);
void __real_scan_next(struct scan *scan);
void __wrap_scan_next(struct scan *scan);
const char *__real_pool_walk_next(struct pool_walk *walk);
const char *__wrap_pool_walk_next(struct pool_walk *walk);

enum kv_found __wrap_txn_get(struct txn *txn, enum kv_family family, struct bytes key,
                             struct kv_value *ret_value, struct error *error)
{
    atomic_fetch_add(&rows_read, 1);
    return __real_txn_get(txn, family, key, ret_value, error);
}

void __wrap_scan_next(struct scan *scan)
{
    atomic_fetch_add(&rows_read, 1);
    __real_scan_next(scan);
}

const char *__wrap_pool_walk_next(struct pool_walk *walk)
{
    atomic_fetch_add(&numbers_seen, 1);
    return __real_pool_walk_next(walk);
}

#define ANN "+12125550001"

struct cost {
    unsigned rows, numbers;
};

static void added(void *data, const struct number_added *results, const struct error *error)
{
    (void)results;
    waiter_finish(data, error);
}

static void fill(struct world *world, unsigned count)
{
    struct number_draft *drafts = calloc(count, sizeof *drafts);
    char(*texts)[24] = calloc(count, sizeof *texts);
    ck_assert(drafts && texts);
    for (unsigned i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "+1%03u999%04u", 201 + i % 700, i / 700 % 10000);
        drafts[i] = number_draft(world, texts[i]);
    }
    struct waiter waiter;
    waiter_init(&waiter);
    numbers_add_many(world->masking, world->service, drafts, count, added, &waiter);
    waiter_wait(&waiter);
    ck_assert_int_eq(waiter.error.code, STATUS_OK);
    free(drafts);
    free(texts);
}

static const Maskline__Store__V1__Session *alone(struct world *world, const char *who)
{
    struct participant_draft draft = person(world, who);
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = &draft, .participant_count = 1});
    ck_done(session);
    return session;
}

static struct cost cost_of(struct world *world, const char *who)
{
    atomic_store(&rows_read, 0);
    atomic_store(&numbers_seen, 0);
    alone(world, who);
    return (struct cost){.rows = atomic_load(&rows_read), .numbers = atomic_load(&numbers_seen)};
}

struct costs {
    struct cost new, ann;
};

/* In a pool of this size, beside so many sessions of others; Ann has had `has` numbers, which rest now and are as little used as any. */
static struct costs costs_in(unsigned pool, unsigned sessions, unsigned has)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.most_unreserved = pool;
    world_service(world, &settings);
    fill(world, pool);
    char who[24];
    for (unsigned i = 0; i < sessions; i++) {
        snprintf(who, sizeof who, "+1310555%04u", i % 10000);
        alone(world, who);
    }
    alone(world, "+13105559999"); /* now the pool is in memory */
    const Maskline__Store__V1__Session *had[8];
    ck_assert_uint_le(has, 8);
    for (unsigned i = 0; i < has; i++)
        had[i] = alone(world, ANN);
    for (unsigned i = 0; i < has; i++)
        ck_done(call_close(world, had[i]));
    struct costs costs = {.new = cost_of(world, "+13105559998"), .ann = cost_of(world, ANN)};
    world_close(world);
    return costs;
}

/* holds: SEL-12 */
START_TEST(it_grows_with_what_the_person_has_alone)
{
    static const unsigned POOLS[] = {10, 1000, 20000}, SESSIONS[] = {0, 3000};
    enum { HAS = 5 };
    struct costs least = costs_in(10, 0, HAS);
    ck_assert_uint_ge(least.new.rows, 1); /* it is counted at all */
    ck_assert_uint_eq(least.new.numbers, 1);
    ck_assert_uint_ge(least.ann.rows, least.new.rows + HAS);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 2; j++) {
            struct costs costs = costs_in(POOLS[i], SESSIONS[j], HAS);
            ck_assert_uint_eq(costs.new.numbers, 1);
            ck_assert_uint_le(costs.ann.numbers, HAS + 1);
            ck_assert_uint_eq(costs.new.rows, least.new.rows);
            ck_assert_uint_eq(costs.ann.rows, least.ann.rows);
        }
    }
    /* Each that the person has adds the same. */
    struct costs none = costs_in(10, 0, 0), one = costs_in(10, 0, 1);
    unsigned each = one.ann.rows - none.ann.rows;
    ck_assert_uint_eq(least.ann.rows, none.ann.rows + HAS * each);
}
END_TEST

SUITE_MAIN("selection cost", it_grows_with_what_the_person_has_alone)
