#include "server/masking/warned.h"

#include "proto/c/fault.h"
#include "proto/c/sid.h"
#include "server/masking/rows/table.h"

#include <stdlib.h>
#include <string.h>

struct told {
    struct table_link link;
    struct told *newer, *older;
    int64_t time;
    uint8_t service[SID_BYTES];
    char text[]; /* the reason, a zero byte, what it is about */
};

struct warned {
    struct table table;
    struct told *newest, *oldest;
};

struct warned *warned_new(void)
{
    return calloc(1, sizeof(struct warned));
}

static void drop(struct warned *warned, struct told *told)
{
    *(told->newer ? &told->newer->older : &warned->newest) = told->older;
    *(told->older ? &told->older->newer : &warned->oldest) = told->newer;
    table_remove(&warned->table, &told->link);
    free(told);
}

void warned_forget(struct warned *warned, const uint8_t *service)
{
    struct told *older;
    for (struct told *told = warned->newest; told; told = older) {
        older = told->older;
        if (!service || !memcmp(told->service, service, SID_BYTES))
            drop(warned, told);
    }
}

void warned_free(struct warned *warned)
{
    if (!warned)
        return;
    warned_forget(warned, NULL);
    table_clear(&warned->table, NULL);
    free(warned);
}

static uint64_t hash_of(const uint8_t *service, const char *reason, const char *about)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < SID_BYTES; i++)
        hash = (hash ^ service[i]) * UINT64_C(0x100000001b3);
    for (; *reason; reason++)
        hash = (hash ^ (uint8_t)*reason) * UINT64_C(0x100000001b3);
    hash *= UINT64_C(0x100000001b3);
    for (; *about; about++)
        hash = (hash ^ (uint8_t)*about) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static bool knows(const struct warned *warned, const uint8_t *service, const char *reason,
                  const char *about, uint64_t hash)
{
    struct table_link *link = NULL;
    while ((link = table_find(&warned->table, hash, link))) {
        const struct told *told = (const struct told *)link;
        if (!memcmp(told->service, service, SID_BYTES) && !strcmp(told->text, reason) &&
            !strcmp(told->text + strlen(reason) + 1, about))
            return true;
    }
    return false;
}

/* Those of more than a minute ago say nothing any more. */
static void forget_old(struct warned *warned, int64_t now)
{
    while (warned->oldest && warned->oldest->time + WARNED_QUIET <= now)
        drop(warned, warned->oldest);
}

bool warned_now(struct warned *warned, const uint8_t *service, const char *reason,
                const char *about, int64_t now)
{
    uint64_t hash = hash_of(service, reason, about);
    size_t reason_size = strlen(reason) + 1, about_size = strlen(about) + 1;
    forget_old(warned, now);
    if (knows(warned, service, reason, about, hash) && !MUTANT("refusals_fill_the_log"))
        return false;
    struct told *told = calloc(1, sizeof *told + reason_size + about_size);
    if (!told)
        return false;
    if (!table_add(&warned->table, &told->link, hash)) {
        free(told);
        return false;
    }
    told->time = now;
    memcpy(told->service, service, SID_BYTES);
    memcpy(told->text, reason, reason_size);
    memcpy(told->text + reason_size, about, about_size);
    told->older = warned->newest;
    *(warned->newest ? &warned->newest->newer : &warned->oldest) = told;
    warned->newest = told;
    if (warned->table.count > WARNED_MOST)
        drop(warned, warned->oldest);
    return true;
}

size_t warned_kept(const struct warned *warned)
{
    return warned->table.count;
}
