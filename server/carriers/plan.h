/*
 * Copies of what a carrier is to do with a call, in one piece of memory or in an arena.
 */
#ifndef MASKLINE_SERVER_CARRIERS_PLAN_H
#define MASKLINE_SERVER_CARRIERS_PLAN_H

#include "proto/c/arena.h"
#include "server/masking/ingress.h"

struct plan {
    struct call_plan plan; /* NULL texts have become empty ones */
    size_t bytes;          /* how much memory it takes */
    void *memory;
};

/* False when there is no memory. */
bool plan_copy(struct plan *ret_plan, const struct call_plan *plan);
void plan_done(struct plan *plan);

/* Copies all of it into the arena; false when that is full. */
bool plan_to_arena(const struct call_plan *plan, struct arena *arena, struct call_plan *ret_plan);

#endif
