/*
 * The calls that are measured. Each `begin` is one for load_run; what its `data` is, stands beside it.
 */
#ifndef MASKLINE_CLIENT_BENCH_WORKLOADS_H
#define MASKLINE_CLIENT_BENCH_WORKLOADS_H

#include "client/bench/load.h"
#include "client/bench/mix.h"
#include "client/bench/world.h"

enum { PAYLOAD = 128 };

/* One unary call to the echo: a request and an answer of PAYLOAD bytes; the answer is compared. */
bool begin_echo(struct slot *slot);

/* One to the echo that answers as much as a session that was looked up; the answer's SID and persons are compared. */
bool begin_look(struct slot *slot);

struct work {
    struct world *world;
    const struct mix *mix;
    struct chance chance;
    char body[PAYLOAD + 1];
};

/* `seed` decides which call is which. */
void work_init(struct work *work, struct world *world, const struct mix *mix, uint64_t seed);

/* A call of the mix; `data` is a struct work. */
bool begin_work(struct slot *slot);

#endif
