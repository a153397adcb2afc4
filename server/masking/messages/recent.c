#include "server/masking/messages/recent.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A slot holds 24 bits of a hash and 8 of the time at which it was noted, in periods. Slots are simply overwritten. */
enum { SLOTS = 1 << 18, PERIOD = 32 * 1000000 /* microseconds */ };

struct recent {
    _Atomic uint32_t slots[SLOTS];
};

struct recent *recent_new(void)
{
    return calloc(1, sizeof(struct recent));
}

void recent_free(struct recent *recent)
{
    free(recent);
}

static uint32_t mark(uint64_t hash, int64_t now)
{
    return (uint32_t)(hash >> 40) << 8 | (uint32_t)(uint8_t)(now / PERIOD);
}

void recent_note(struct recent *recent, uint64_t hash, int64_t now)
{
    _Atomic uint32_t *slot = &recent->slots[hash % SLOTS];
    uint32_t noted = mark(hash, now);
    if (atomic_load_explicit(slot, memory_order_relaxed) != noted)
        atomic_store_explicit(slot, noted, memory_order_relaxed);
}

bool recent_has(const struct recent *recent, uint64_t hash, int64_t now)
{
    uint32_t noted = atomic_load_explicit(&recent->slots[hash % SLOTS], memory_order_relaxed);
    return noted && (noted == mark(hash, now) || noted == mark(hash, now - PERIOD));
}
