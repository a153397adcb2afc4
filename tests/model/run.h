/*
 * Runs: operations done by the subject and judged by the model, and what is read compared after each.
 */
#ifndef MASKLINE_TESTS_MODEL_RUN_H
#define MASKLINE_TESTS_MODEL_RUN_H

#include "tests/model/model.h"
#include "tests/model/subject.h"

enum { RUN_OPS = 128, RUN_WRONG = 1200 };

struct script {
    struct op ops[RUN_OPS];
    int count;
};

struct finding {
    int at; /* the operation after which it was wrong */
    char wrong[RUN_WRONG];
};

/* How many operations were really done, and compared, by kind; and how many of those were accepted. */
struct run_counts {
    uint64_t steps;
    uint64_t done[OP_KINDS], accepted[OP_KINDS];
};
const struct run_counts *run_counted(void);

/* Does one operation and compares; false: *ret_wrong says what is wrong. */
bool run_step(struct model *model, struct subject *subject, const struct op *op, unsigned turn,
              char ret_wrong[RUN_WRONG]);

/* Prints what happens in each step from now on. */
void run_trace(bool on);

/* Does a script in a new store (in `folder`, which is emptied first, or in memory). False: it went wrong. */
bool run_script(const struct script *script, const char *folder, struct finding *ret_finding);

/* Makes up `count` operations from the seed and does them in this world; true, or the script that went wrong, as if the world had
 * begun at WORLD_BEGIN. */
bool run_random(struct subject *subject, const struct world *world, uint64_t seed, int count,
                struct script *ret_script, struct finding *ret_finding);

#endif
