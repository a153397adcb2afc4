/*
 * The server's time when all carriers are simulated: the real clock, and what it was moved forward by. It never goes back
 * by itself. The move is not kept; but the next server's time begins no earlier than the latest that the store has.
 */
#ifndef MASKLINE_SERVER_CARRIERS_SIMULATOR_TEST_CLOCK_H
#define MASKLINE_SERVER_CARRIERS_SIMULATOR_TEST_CLOCK_H

#include "proto/c/clock.h"
#include "proto/c/error.h"

struct test_clock;

/* NULL when there is no memory. */
struct test_clock *test_clock_new(struct clock real);
/* After all copies of its clock have been used. NULL is fine. */
void test_clock_free(struct test_clock *test_clock);

struct clock test_clock_clock(struct test_clock *test_clock);

/* Who is told, on the mover's thread and without locks, when time has moved: timers are looked at again. Before the first move. */
void test_clock_on_move(struct test_clock *test_clock, void (*moved)(void *data), void *data);

/* Moves it forward by more than 0 and at most 3,660 days; with the return the new time holds for everything. INVALID_ARGUMENT with
 * the field `advance`; OUT_OF_RANGE CLOCK_TOO_FAR when the year 9000 would be passed. */
bool test_clock_move(struct test_clock *test_clock, int64_t by_us, int64_t *ret_now,
                     struct error *error);

#endif
