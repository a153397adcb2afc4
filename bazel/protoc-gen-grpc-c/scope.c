#include "bazel/protoc-gen-grpc-c/scope.h"

#include "bazel/protoc-gen-grpc-c/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A hash table with open addressing, at most half full; its size is a power of two. */

static size_t hash(const char *name)
{
    uint64_t value = 14695981039346656037u;
    for (; *name; name++)
        value = (value ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

/* Where the name stands, or where it would stand. */
static const char **slot_of(const struct scope *scope, const char *name)
{
    size_t i = hash(name);
    for (;; i++) {
        const char **slot = &scope->slots[i & (scope->capacity - 1)];
        if (!*slot || strcmp(*slot, name) == 0)
            return slot;
    }
}

static void add(struct scope *scope, const char *name)
{
    if (2 * scope->count >= scope->capacity) {
        struct scope larger = {.pool = scope->pool};
        larger.capacity = scope->capacity ? 2 * scope->capacity : 128;
        larger.slots = pool_get(scope->pool, larger.capacity, sizeof *larger.slots);
        for (size_t i = 0; i < scope->capacity; i++)
            if (scope->slots[i])
                *slot_of(&larger, scope->slots[i]) = scope->slots[i];
        larger.count = scope->count;
        *scope = larger;
    }
    const char **slot = slot_of(scope, name);
    if (!*slot) {
        *slot = pool_copy(scope->pool, name, strlen(name));
        scope->count++;
    }
}

static const char *fill_in(struct text *text, const char *pattern, const char *stem)
{
    size_t before = strcspn(pattern, "%");
    text->size = 0;
    text_add_bytes(text, pattern, before);
    text_add(text, stem);
    text_add(text, pattern + before + 1);
    return text->bytes;
}

static bool is_free(const struct scope *scope, struct text *scratch, const char *stem,
                    const char *const *patterns)
{
    for (; scope->capacity && *patterns; patterns++)
        if (*slot_of(scope, fill_in(scratch, *patterns, stem)))
            return false;
    return true;
}

const char *scope_claim(struct scope *scope, const char *stem, const char *const *patterns)
{
    struct text scratch = {.pool = scope->pool};
    const char *candidate = stem;
    for (unsigned number = 2; !is_free(scope, &scratch, candidate, patterns); number++)
        candidate = pool_format(scope->pool, "%s_%u", stem, number);
    for (; *patterns; patterns++)
        add(scope, fill_in(&scratch, *patterns, candidate));
    return candidate;
}
