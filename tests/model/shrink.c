#include "tests/model/shrink.h"

#include <string.h>

struct shrinking {
    script_fails fails;
    void *data;
    int tries;
    struct script best;
    struct finding finding;
};

/* Keeps the script when it goes wrong; what stands after the wrong operation is of no use. */
static bool try_script(struct shrinking *shrinking, const struct script *script)
{
    struct finding finding;
    if (shrinking->tries-- <= 0 || !shrinking->fails(shrinking->data, script, &finding))
        return false;
    shrinking->best = *script;
    shrinking->best.count = finding.at + 1;
    shrinking->finding = finding;
    return true;
}

static struct script without(const struct script *script, int from, int count)
{
    struct script less = *script;
    if (count > script->count - from)
        count = script->count - from;
    memmove(&less.ops[from], &less.ops[from + count],
            sizeof(less.ops[0]) * (size_t)(script->count - from - count));
    less.count -= count;
    return less;
}

/* All pieces of this size, from the last to the first: what is late depends on what is early. */
static bool take_out(struct shrinking *shrinking, int size)
{
    bool shorter = false;
    for (int from = shrinking->best.count - size; from > -size; from -= size) {
        struct script less = without(&shrinking->best, from < 0 ? 0 : from, size);
        if (try_script(shrinking, &less)) {
            shorter = true;
            if (from > shrinking->best.count)
                from = shrinking->best.count;
        }
    }
    return shorter;
}

bool shrink(struct script *script, script_fails fails, void *data, int tries,
            struct finding *ret_finding)
{
    struct shrinking shrinking = {.fails = fails, .data = data, .tries = tries};
    if (!try_script(&shrinking, script))
        return false;
    int size = shrinking.best.count / 2;
    while (size >= 1 && shrinking.tries > 0) {
        bool shorter = take_out(&shrinking, size);
        if (!shorter || size > 1)
            size = size > 1 ? size / 2 : shorter ? 1 : 0;
    }
    *script = shrinking.best;
    *ret_finding = shrinking.finding;
    return true;
}
