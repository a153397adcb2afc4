/*
 * What is read of the subject against the model, and against rules that need no model.
 */
#ifndef MASKLINE_TESTS_MODEL_COMPARE_H
#define MASKLINE_TESTS_MODEL_COMPARE_H

#include "tests/model/model.h"
#include "tests/model/subject.h"

/* Everything that lists show; what else is asked for changes with `turn`. What is wrong is told by model_wrong. */
void compare_all(struct model *model, struct subject *subject, unsigned turn);

#endif
