/*
 * Allocations of this project's own code that fail when a test says so. The linker puts these functions between our objects and
 * the C library (see BUILD); shared libraries keep the real ones.
 *
 * A scenario is run again and again: the first allocation fails, then the second, and so on until it comes to its end without
 * meeting the one that would have failed.
 */
#ifndef MASKLINE_TESTS_STRESS_ALLOCATION_FAILING_H
#define MASKLINE_TESTS_STRESS_ALLOCATION_FAILING_H

#include <stdbool.h>

/* The nth allocation from now on fails, counted over all threads; with `lasting` all that follow fail, too. */
void failing_start(long nth, bool lasting);

/* From now on all goes well. Whether the nth was come to. */
bool failing_end(void);

/* How many there were since the start, when the nth was not come to. */
long failing_count(void);

/* Between these two the calling thread's allocations go well and are not counted: what tests do for themselves. */
void failing_pause(void);
void failing_resume(void);

/* Check allocates for each assertion. */
#define failing_assert(condition) \
    do {                          \
        failing_pause();          \
        ck_assert(condition);     \
        failing_resume();         \
    } while (0)

#endif
