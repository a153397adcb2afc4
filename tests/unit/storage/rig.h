/*
 * A store with its pipeline and the small domain, and a durability step that does what the test wants.
 */
#ifndef MASKLINE_TESTS_UNIT_STORAGE_RIG_H
#define MASKLINE_TESTS_UNIT_STORAGE_RIG_H

#include "tests/unit/storage/tools.h"
#include "tests/unit/storage/world.h"

#include <pthread.h>

enum seam_mode {
    SEAM_WRITES,       /* without sync: memory has none */
    SEAM_FAILS_BEFORE, /* says that it failed, and wrote nothing */
    SEAM_FAILS_AFTER,  /* wrote, and says that it failed */
    SEAM_HOLDS,        /* writes and answers when it is released, on the thread that does it */
};

struct seam {
    pthread_mutex_t lock;
    pthread_cond_t held_changed;
    enum seam_mode mode;
    struct dice dice;
    unsigned fails_one_in; /* at random; 0: as the mode says */
    unsigned commits;
    unsigned failures;
    /* What is held. */
    struct kv *kv;
    struct kv_batch *batch;
    void (*committed)(void *group, const struct error *failure);
    void *group;
};

struct rig {
    struct store *store;
    struct pipeline *pipeline;
    struct world world;
    struct manual_clock clock;
    struct seam seam;
    struct durability durability;
    struct dice dice;
    struct error error;
};

/* `options` and `pipeline_options` may be NULL; the path is then in memory, the clock the rig's own, and the durability step the
 * seam. */
void rig_open(struct rig *rig, const struct store_options *options,
              const struct pipeline_options *pipeline_options);
/* The same without aborting the test. */
bool rig_try(struct rig *rig, const struct store_options *options,
             const struct pipeline_options *pipeline_options);
void rig_close(struct rig *rig);

/* Checks everything in a new view. */
void rig_check(struct rig *rig, uint64_t ret_last[WORLD_LOGS]);

/* An append that adds 10 to a row that is written with the entry and to one that is written later. */
struct append rig_append(unsigned log);

/* A command whose decision is the test's own. */
struct probe {
    struct command command; /* first */
    bool (*decide)(struct probe *probe, struct txn *txn);
    uint64_t value;
    uint8_t sid[16];
    struct error error;
    enum command_outcome outcome;
    _Atomic bool done;
};
void probe_start(struct rig *rig, struct probe *probe,
                 bool (*decide)(struct probe *probe, struct txn *txn));
/* Waits for its end. */
enum command_outcome probe_run(struct rig *rig, struct probe *probe,
                               bool (*decide)(struct probe *probe, struct txn *txn));

void seam_set(struct seam *seam, enum seam_mode mode);
/* Waits until a group is held. */
void seam_wait_held(struct seam *seam);
void seam_release(struct seam *seam);

#endif
