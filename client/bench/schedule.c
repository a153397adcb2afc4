#include "client/bench/schedule.h"

#include <math.h>

void schedule_init(struct schedule *schedule, enum arrivals arrivals, double rate, uint64_t seed)
{
    *schedule = (struct schedule){.arrivals = arrivals, .rate = rate, .chance = {seed}};
}

double schedule_next(struct schedule *schedule)
{
    /* Multiplied rather than added up, so that errors of rounding do not add up either. */
    if (schedule->arrivals == ARRIVALS_CONSTANT)
        return (double)schedule->count++ / schedule->rate;
    schedule->count++;
    return schedule->last -= log(chance_unit(&schedule->chance)) / schedule->rate;
}
