/* That a call which is refused changes nothing. */
#ifndef MASKLINE_TESTS_FUZZ_API_UNCHANGED_H
#define MASKLINE_TESTS_FUZZ_API_UNCHANGED_H

#include "tests/fuzz/api_calls.h"

/* How far the logs of all Services that were seen go. */
struct api_ends {
    uint64_t positions[SEEN_MOST]; /* 0: it is gone */
    size_t count;
};

/* Nothing may be under way: what is due has run (api_pull). */
void api_ends_look(struct api_calls *calls, struct api_ends *ret_ends);

/* After a call that was refused, before anything else runs: since then the logs tell of refusals alone. */
void api_unchanged(struct api_calls *calls, const struct api_ends *ends, const char *path);

#endif
