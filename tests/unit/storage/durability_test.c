/*
 * The durability step that stands when no other is asked for. The test stands between the store and kv_write (by the linker), so that it
 * sees what is synced.
 */
#include "storage/kv.h"
#include "tests/unit/storage/rig.h"

static struct rig rig;
static _Atomic unsigned synced; /* writes that were, and have ended well */
static _Atomic unsigned others;

bool __real_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);
bool __wrap_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);

bool __wrap_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error)
{
    bool ok = __real_kv_write(kv, batch, sync, error);
    atomic_fetch_add(sync ? &synced : &others, ok);
    return ok;
}

static unsigned synced_when_done;

static void note_synced(struct append *append)
{
    synced_when_done = atomic_load(&synced);
    atomic_store(&append->done, true);
}

/* A group is on the disk before anybody is told. */
/* holds: INV-01 MSG-12 */
START_TEST(what_is_answered_is_synced)
{
    struct store_options options = {.path = ":memory:",
                                    .clock = clock_manual(&rig.clock),
                                    .flush_after_us = INT64_C(3600) * 1000000};
    const struct pipeline_domain domain = world_domain(&rig.world);
    ck_assert(store_open(&options, &rig.store, &rig.error));
    ck_assert(pipeline_start(rig.store, &domain, NULL, &rig.pipeline, &rig.error));
    for (unsigned i = 0; i < 10; i++) {
        unsigned before = atomic_load(&synced);
        struct append append = rig_append(i % WORLD_LOGS);
        append.then = note_synced;
        append_start(rig.pipeline, &append);
        append_wait(&append);
        ck_assert_uint_eq(synced_when_done, before + 1);
    }
    ck_assert_uint_eq(atomic_load(&others), 0);
    pipeline_free(rig.pipeline);
    store_close(rig.store);
}
END_TEST

SUITE_MAIN("durability", what_is_answered_is_synced)
