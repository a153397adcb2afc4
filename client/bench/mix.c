#include "client/bench/mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_MOST = 1000000 };

static const char *const names[KINDS] = {"message", "send", "create-session", "get-session",
                                         "events"};

const char *kind_name(enum kind kind)
{
    return names[kind];
}

static bool find(const char *name, size_t size, enum kind *ret_kind)
{
    for (unsigned i = 0; i < KINDS; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            *ret_kind = (enum kind)i;
            return true;
        }
    return false;
}

/* One "kind" or "kind:weight" of `size` bytes. */
static bool take(struct mix *mix, const char *text, size_t size, char *ret_why, size_t why_size)
{
    const char *colon = memchr(text, ':', size);
    size_t name_size = colon ? (size_t)(colon - text) : size;
    enum kind kind;
    if (!find(text, name_size, &kind)) {
        snprintf(ret_why, why_size, "there is no workload '%.*s'", (int)name_size, text);
        return false;
    }
    unsigned long weight = 1;
    if (colon) {
        char *end;
        weight = colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
        if (weight == 0 || weight > WEIGHT_MOST || end != text + size) {
            snprintf(ret_why, why_size, "'%.*s': the share is a number from 1 to %d", (int)size,
                     text, WEIGHT_MOST);
            return false;
        }
    }
    if (mix->weights[kind] > 0) {
        snprintf(ret_why, why_size, "%s stands there twice", names[kind]);
        return false;
    }
    mix->weights[kind] = (unsigned)weight;
    mix->sum += (unsigned)weight;
    return true;
}

bool mix_parse(const char *text, struct mix *ret_mix, char *ret_why, size_t why_size)
{
    struct mix mix = {0};
    if (strlen(text) >= MIX_NAME) {
        snprintf(ret_why, why_size, "a mix has less than %d characters", MIX_NAME);
        return false;
    }
    memcpy(mix.name, text, strlen(text) + 1);
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, ",");
        if (!take(&mix, at, size, ret_why, why_size))
            return false;
        at += size;
        if (*at == '\0')
            break;
    }
    if (mix.weights[KIND_EVENTS] > 0 && mix.weights[KIND_EVENTS] != mix.sum) {
        snprintf(ret_why, why_size, "events is measured by itself, not in a mix");
        return false;
    }
    *ret_mix = mix;
    return true;
}

enum kind mix_pick(const struct mix *mix, struct chance *chance)
{
    uint64_t at = chance_below(chance, mix->sum);
    unsigned kind = 0;
    while (kind + 1 < KINDS && at >= mix->weights[kind])
        at -= mix->weights[kind++];
    return (enum kind)kind;
}
