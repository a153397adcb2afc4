#include "client/bench/chance.h"

/* SplitMix64: an odd step, then two rounds of mixing. */
uint64_t chance_next(struct chance *chance)
{
    uint64_t mixed = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t chance_below(struct chance *chance, uint64_t count)
{
    return count == 0 ? 0 : (uint64_t)(((unsigned __int128)chance_next(chance) * count) >> 64);
}

double chance_unit(struct chance *chance)
{
    return (double)((chance_next(chance) >> 11) + 1) * 0x1p-53;
}
