/*
 * Places where a test makes the program worse than it is: it dies there, or a rule is switched off.
 *
 * Only a build with --config=faults has them. In every other build both are constants, and nothing of them is left in the program.
 * Names are lower_snake, unique in the tree; tests/fault/mutants.tsv lists the mutants, and which tests must catch each.
 */
#ifndef MASKLINE_PROTO_C_FAULT_H
#define MASKLINE_PROTO_C_FAULT_H

#include <stdbool.h>

#ifdef MASKLINE_FAULTS

/* Whether MASKLINE_MUTANT in the environment names this one. It is read once. Any thread. */
bool fault_mutant(const char *name);

/* The process dies as by kill -9 when it comes by here for the Nth time and MASKLINE_FAILPOINT says `name:N`; N counts from 1. It is read
 * once. Any thread. */
void fault_point(const char *name);

#define MUTANT(name)    fault_mutant(name)
#define FAILPOINT(name) fault_point(name)

#else

#define MUTANT(name)    false
#define FAILPOINT(name) ((void)0)

#endif

#endif
