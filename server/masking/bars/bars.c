#include "server/masking/bars/bars.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4096 };

enum { UNKNOWN, NONE, SOME };

/* A slot is simply overwritten by the next Service that falls into it. */
struct slot {
    sid_bytes service;
    uint8_t has[BAR_KINDS];
};

struct bars {
    struct slot slots[SLOTS];
};

struct bars *bars_new(void)
{
    return calloc(1, sizeof(struct bars));
}

void bars_free(struct bars *bars)
{
    free(bars);
}

void bars_clear(struct bars *bars)
{
    memset(bars, 0, sizeof *bars);
}

/* SIDs end in random bits. */
static struct slot *slot_of(struct bars *bars, const uint8_t *service)
{
    uint32_t hash;
    memcpy(&hash, service + SID_BYTES - sizeof hash, sizeof hash);
    return &bars->slots[hash % SLOTS];
}

void bars_put(struct bars *bars, enum bar_kind kind, const uint8_t *service)
{
    struct slot *slot = slot_of(bars, service);
    if (!memcmp(slot->service, service, SID_BYTES))
        slot->has[kind] = SOME;
}

static struct key all_of(const struct rows *rows, enum bar_kind kind, const uint8_t *service)
{
    (void)kind;
    return key_opt_outs(rows->tenant, service);
}

static bool look(struct rows *rows, enum bar_kind kind, const uint8_t *service, uint8_t *ret_has,
                 struct error *error)
{
    struct key prefix = all_of(rows, kind, service);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool some = scan_valid(scan);
    bool ok = some || scan_ok(scan, error);
    scan_free(scan);
    *ret_has = some ? SOME : NONE;
    return ok;
}

/* Whether the Service has any; FOUND may be said of one that had. */
static enum kv_found has_any(struct bars *bars, struct rows *rows, enum bar_kind kind,
                             const uint8_t *service, struct error *error)
{
    struct slot *slot = slot_of(bars, service);
    if (memcmp(slot->service, service, SID_BYTES) != 0) {
        memset(slot, 0, sizeof *slot);
        memcpy(slot->service, service, SID_BYTES);
    }
    if (slot->has[kind] == UNKNOWN && !look(rows, kind, service, &slot->has[kind], error)) {
        slot->has[kind] = UNKNOWN;
        return KV_FAILED;
    }
    return slot->has[kind] == SOME ? KV_FOUND : KV_ABSENT;
}

enum kv_found bars_opted_out(struct bars *bars, struct rows *rows, const uint8_t *pool,
                             const struct person *person, const char *proxy, struct error *error)
{
    enum kv_found found = has_any(bars, rows, BAR_OPT_OUT, pool, error);
    if (found != KV_FOUND)
        return found;
    struct kv_value value;
    struct key all = key_opt_out(rows->tenant, pool, person, "");
    found = rows_get(rows, KV_LIVE, &all, &value, error);
    if (found != KV_ABSENT)
        return found;
    struct address form = proxy_form(proxy);
    struct key one = key_opt_out(rows->tenant, pool, person, form.text);
    return rows_get(rows, KV_LIVE, &one, &value, error);
}
