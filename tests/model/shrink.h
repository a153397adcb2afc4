/*
 * From a script that goes wrong to a short one that does.
 */
#ifndef MASKLINE_TESTS_MODEL_SHRINK_H
#define MASKLINE_TESTS_MODEL_SHRINK_H

#include "tests/model/run.h"

/* Whether a script goes wrong, and how. */
typedef bool (*script_fails)(void *data, const struct script *script, struct finding *ret_finding);

/* Takes operations out as long as it still goes wrong, with at most `tries` runs. True when the script went wrong at all; then it is the
 * shortest that was found, and *ret_finding what is wrong with it. */
bool shrink(struct script *script, script_fails fails, void *data, int tries,
            struct finding *ret_finding);

#endif
