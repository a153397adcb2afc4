#include "tests/unit/storage/rig.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static bool write_now(struct kv *kv, struct kv_batch *batch, struct error *error)
{
    return kv_write(kv, batch, false, error);
}

static enum seam_mode choose(struct seam *seam)
{
    if (seam->fails_one_in && dice_roll(&seam->dice, seam->fails_one_in) == 0)
        return dice_roll(&seam->dice, 2) ? SEAM_FAILS_BEFORE : SEAM_FAILS_AFTER;
    return seam->mode;
}

static void seam_commit(void *data, struct kv *kv, struct kv_batch *batch,
                        void (*committed)(void *group, const struct error *failure), void *group)
{
    struct seam *seam = data;
    struct error error;
    bool ok = true;
    pthread_mutex_lock(&seam->lock);
    enum seam_mode mode = choose(seam);
    seam->commits++;
    seam->failures += mode == SEAM_FAILS_BEFORE || mode == SEAM_FAILS_AFTER;
    if (mode == SEAM_HOLDS) {
        seam->kv = kv;
        seam->batch = batch;
        seam->committed = committed;
        seam->group = group;
        pthread_cond_broadcast(&seam->held_changed);
    }
    pthread_mutex_unlock(&seam->lock);
    if (mode == SEAM_HOLDS)
        return;
    if (mode != SEAM_FAILS_BEFORE)
        ok = write_now(kv, batch, &error);
    if (mode != SEAM_WRITES && ok)
        ok = error_set(&error, STATUS_UNAVAILABLE, "TEST", 0, "The test wants it so.");
    committed(group, ok ? NULL : &error);
}

void seam_set(struct seam *seam, enum seam_mode mode)
{
    pthread_mutex_lock(&seam->lock);
    seam->mode = mode;
    pthread_mutex_unlock(&seam->lock);
}

void seam_wait_held(struct seam *seam)
{
    pthread_mutex_lock(&seam->lock);
    while (!seam->committed)
        pthread_cond_wait(&seam->held_changed, &seam->lock);
    pthread_mutex_unlock(&seam->lock);
}

void seam_release(struct seam *seam)
{
    struct error error;
    pthread_mutex_lock(&seam->lock);
    void (*committed)(void *group, const struct error *failure) = seam->committed;
    seam->committed = NULL;
    pthread_mutex_unlock(&seam->lock);
    bool ok = write_now(seam->kv, seam->batch, &error);
    committed(seam->group, ok ? NULL : &error);
}

bool rig_try(struct rig *rig, const struct store_options *given,
             const struct pipeline_options *pipeline_given)
{
    struct store_options options = given ? *given : (struct store_options){0};
    struct pipeline_options pipeline_options =
        pipeline_given ? *pipeline_given : (struct pipeline_options){0};
    pthread_mutex_init(&rig->seam.lock, NULL);
    pthread_cond_init(&rig->seam.held_changed, NULL);
    rig->durability = (struct durability){&rig->seam, seam_commit};
    if (!options.path)
        options.path = ":memory:";
    if (!options.clock.now_us)
        options.clock = clock_manual(&rig->clock);
    if (!pipeline_options.durability)
        pipeline_options.durability = &rig->durability;
    struct pipeline_domain domain = world_domain(&rig->world);
    rig->pipeline = NULL;
    rig->store = NULL;
    error_clear(&rig->error);
    if (!store_open(&options, &rig->store, &rig->error))
        return false;
    if (pipeline_start(rig->store, &domain, &pipeline_options, &rig->pipeline, &rig->error))
        return true;
    store_close(rig->store);
    rig->store = NULL;
    return false;
}

void rig_open(struct rig *rig, const struct store_options *options,
              const struct pipeline_options *pipeline_options)
{
    ck_assert_msg(rig_try(rig, options, pipeline_options), "%s", rig->error.message);
}

void rig_close(struct rig *rig)
{
    pipeline_free(rig->pipeline);
    store_close(rig->store);
    pthread_mutex_destroy(&rig->seam.lock);
    pthread_cond_destroy(&rig->seam.held_changed);
}

void rig_check(struct rig *rig, uint64_t ret_last[WORLD_LOGS])
{
    struct view *view = view_open(rig->store);
    ck_assert_ptr_nonnull(view);
    world_check(view, ret_last);
    view_close(view);
}

struct append rig_append(unsigned log)
{
    struct append append = {.log = log};
    append.entry.steps[0] = (struct step){STEP_ADD, 0, 0, 10, 0};
    append.entry.steps[1] = (struct step){STEP_ADD, 1, 1, 10, 0};
    return append;
}

static bool probe_decide(struct command *command, struct txn *txn)
{
    struct probe *probe = (struct probe *)command;
    return probe->decide(probe, txn);
}

static void probe_done(struct command *command, enum command_outcome outcome,
                       const struct error *error)
{
    struct probe *probe = (struct probe *)command;
    probe->outcome = outcome;
    if (error)
        probe->error = *error;
    atomic_store(&probe->done, true);
}

void probe_start(struct rig *rig, struct probe *probe,
                 bool (*decide)(struct probe *probe, struct txn *txn))
{
    probe->command = (struct command){.decide = probe_decide, .done = probe_done};
    probe->decide = decide;
    atomic_store(&probe->done, false);
    pipeline_submit(rig->pipeline, &probe->command);
}

enum command_outcome probe_run(struct rig *rig, struct probe *probe,
                               bool (*decide)(struct probe *probe, struct txn *txn))
{
    probe_start(rig, probe, decide);
    while (!atomic_load(&probe->done))
        sched_yield();
    return probe->outcome;
}
