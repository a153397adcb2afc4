/*
 * Whether a replay makes the same rows as were made when the entries were decided: rows are looked at, the store's memory is thrown away as a
 * failed write does it, and what is there then is compared.
 */
#ifndef MASKLINE_TESTS_FUZZ_ENTRIES_REPLAY_H
#define MASKLINE_TESTS_FUZZ_ENTRIES_REPLAY_H

#include "storage/pipeline.h"

/* The step that makes groups durable; replay_check lets it fail once. */
extern const struct durability replay_durability;

/* What has not been written out by now is replayed. No command may be under way, nor come. Ends the process when a row differs. */
void replay_check(struct store *store, struct pipeline *pipeline);

#endif
