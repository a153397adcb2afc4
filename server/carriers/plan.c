#include "server/carriers/plan.h"

#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static size_t size_of(const char *text)
{
    return strlen(or_empty(text)) + 1;
}

static size_t party_size(const struct call_party *party)
{
    size_t size = party->count * sizeof *party->targets;
    for (size_t i = 0; i < party->count; i++)
        size += size_of(party->targets[i].caller_id) + size_of(party->targets[i].number);
    return size;
}

static const char *put(char **at, const char *text)
{
    size_t size = size_of(text);
    char *copy = memcpy(*at, or_empty(text), size);
    *at += size;
    return copy;
}

static void put_party(struct call_target **at, char **texts, struct call_party *party)
{
    struct call_target *targets = *at;
    *at += party->count;
    for (size_t i = 0; i < party->count; i++)
        targets[i] = (struct call_target){put(texts, party->targets[i].caller_id),
                                          put(texts, party->targets[i].number)};
    party->targets = targets;
}

bool plan_copy(struct plan *ret_plan, const struct call_plan *plan)
{
    size_t size = party_size(&plan->first) + party_size(&plan->second) + size_of(plan->key) +
                  size_of(plan->announcement) + size_of(plan->whisper) +
                  size_of(plan->consent_notice);
    void *memory = malloc(size);
    if (!memory)
        return false;
    struct call_target *targets = memory;
    char *texts = (char *)(targets + plan->first.count + plan->second.count);
    struct call_plan copy = *plan;
    put_party(&targets, &texts, &copy.first);
    put_party(&targets, &texts, &copy.second);
    copy.key = put(&texts, plan->key);
    copy.announcement = put(&texts, plan->announcement);
    copy.whisper = put(&texts, plan->whisper);
    copy.consent_notice = put(&texts, plan->consent_notice);
    *ret_plan = (struct plan){.plan = copy, .bytes = size, .memory = memory};
    return true;
}

void plan_done(struct plan *plan)
{
    free(plan->memory);
    plan->memory = NULL;
}

static bool party_to_arena(struct call_party *party, struct arena *arena)
{
    struct call_target *targets = arena_array(arena, party->count, sizeof *targets);
    for (size_t i = 0; targets && i < party->count; i++) {
        targets[i].caller_id = arena_string(arena, or_empty(party->targets[i].caller_id));
        targets[i].number = arena_string(arena, or_empty(party->targets[i].number));
    }
    party->targets = targets;
    return !arena_full(arena);
}

bool plan_to_arena(const struct call_plan *plan, struct arena *arena, struct call_plan *ret_plan)
{
    struct call_plan copy = *plan;
    copy.key = arena_string(arena, or_empty(plan->key));
    copy.announcement = arena_string(arena, or_empty(plan->announcement));
    copy.whisper = arena_string(arena, or_empty(plan->whisper));
    copy.consent_notice = arena_string(arena, or_empty(plan->consent_notice));
    if (!party_to_arena(&copy.first, arena) || !party_to_arena(&copy.second, arena))
        return false;
    *ret_plan = copy;
    return true;
}
