#include "server/masking/bars/bars.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"

#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4 };

enum { UNKNOWN, NONE, SOME };

struct slot {
    sid_bytes service; /* all zero: empty */
    uint8_t has[BAR_KINDS];
};

/* A set is where a Service falls; of those that fall there the last few have slots. */
struct bars {
    struct slot sets[SETS][WAYS];
    unsigned turn; /* whose slot is taken next */
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
static struct slot *set_of(struct bars *bars, const uint8_t *service)
{
    uint32_t hash;
    memcpy(&hash, service + SID_BYTES - sizeof hash, sizeof hash);
    return bars->sets[hash % SETS];
}

static struct slot *find_slot(struct slot *set, const uint8_t *service)
{
    for (unsigned way = 0; way < WAYS; way++) {
        if (!memcmp(set[way].service, service, SID_BYTES))
            return &set[way];
    }
    return NULL;
}

/* One of its own, be it another's so far. */
static struct slot *take_slot(struct bars *bars, const uint8_t *service)
{
    static const sid_bytes nobody;
    struct slot *set = set_of(bars, service);
    struct slot *slot = find_slot(set, service);
    if (slot)
        return slot;
    slot = find_slot(set, nobody);
    if (!slot)
        slot = &set[bars->turn++ % WAYS];
    memset(slot, 0, sizeof *slot);
    memcpy(slot->service, service, SID_BYTES);
    return slot;
}

void bars_put(struct bars *bars, enum bar_kind kind, const uint8_t *service)
{
    struct slot *slot = find_slot(set_of(bars, service), service);
    if (slot)
        slot->has[kind] = SOME;
}

void bars_forget(struct bars *bars, const uint8_t *service)
{
    struct slot *slot = find_slot(set_of(bars, service), service);
    if (slot)
        memset(slot->has, UNKNOWN, sizeof slot->has);
}

struct key bars_all(const struct rows *rows, enum bar_kind kind, const uint8_t *service)
{
    return kind == BAR_BLOCK ? key_blocks(rows->tenant, service)
                             : key_opt_outs(rows->tenant, service);
}

static bool look(struct rows *rows, enum bar_kind kind, const uint8_t *service, uint8_t *ret_has,
                 struct error *error)
{
    struct key prefix = bars_all(rows, kind, service);
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
    struct slot *slot = take_slot(bars, service);
    if (slot->has[kind] == UNKNOWN && !look(rows, kind, service, &slot->has[kind], error)) {
        slot->has[kind] = UNKNOWN;
        return KV_FAILED;
    }
    return slot->has[kind] == SOME ? KV_FOUND : KV_ABSENT;
}

static enum kv_found has_opted_out(struct rows *rows, const uint8_t *pool,
                                   const struct person *person, const char *proxy,
                                   struct error *error)
{
    struct kv_value value;
    struct key all = key_opt_out(rows->tenant, pool, person, "");
    enum kv_found found = rows_get(rows, KV_LIVE, &all, &value, error);
    if (found != KV_ABSENT)
        return found;
    struct address form = proxy_form(proxy);
    struct key one = key_opt_out(rows->tenant, pool, person, form.text);
    return rows_get(rows, KV_LIVE, &one, &value, error);
}

enum kv_found bars_opted_out(struct bars *bars, struct rows *rows, const uint8_t *pool,
                             const struct person *persons, size_t count, const char *proxy,
                             struct error *error)
{
    enum kv_found found = has_any(bars, rows, BAR_OPT_OUT, pool, error);
    if (found != KV_FOUND)
        return found;
    found = KV_ABSENT;
    for (size_t i = 0; i < count && found == KV_ABSENT; i++)
        found = has_opted_out(rows, pool, &persons[i], proxy, error);
    return found;
}

enum kv_found bars_participant_opted_out(struct bars *bars, struct rows *rows, const uint8_t *pool,
                                         const Maskline__Store__V1__Participant *participant,
                                         const char *proxy, struct error *error)
{
    enum kv_found found = has_any(bars, rows, BAR_OPT_OUT, pool, error);
    if (found != KV_FOUND)
        return found;
    size_t count = MUTANT("opt_out_of_first_phone_only") && participant->n_persons
                       ? 1
                       : participant->n_persons;
    found = KV_ABSENT;
    for (size_t i = 0; i < count && found == KV_ABSENT; i++) {
        struct person person;
        if (participant->persons[i].len != PERSON_SIZE)
            continue;
        memcpy(person.bytes, participant->persons[i].data, PERSON_SIZE);
        found = has_opted_out(rows, pool, &person, proxy, error);
    }
    return found;
}

static enum kv_found has_block(struct rows *rows, const uint8_t *pool,
                               const ProtobufCBinaryData *person, const ProtobufCBinaryData *to,
                               struct error *error)
{
    struct person from, other;
    if (person->len != PERSON_SIZE || (to && to->len != PERSON_SIZE))
        return KV_ABSENT;
    memcpy(from.bytes, person->data, PERSON_SIZE);
    if (to)
        memcpy(other.bytes, to->data, PERSON_SIZE);
    struct key key = key_block(rows->tenant, pool, &from, to ? &other : NULL);
    struct kv_value value;
    return rows_get(rows, KV_LIVE, &key, &value, error);
}

/* Whether one is blocked from everybody. */
static enum kv_found is_shut_out(struct rows *rows, const uint8_t *pool,
                                 const Maskline__Store__V1__Participant *participant,
                                 struct error *error)
{
    enum kv_found found = KV_ABSENT;
    for (size_t i = 0; i < participant->n_persons && found == KV_ABSENT; i++)
        found = has_block(rows, pool, &participant->persons[i], NULL, error);
    return found;
}

enum kv_found bars_blocked(struct bars *bars, struct rows *rows, const uint8_t *pool,
                           const Maskline__Store__V1__Participant *sender,
                           const Maskline__Store__V1__Participant *recipient, struct error *error)
{
    enum kv_found found = has_any(bars, rows, BAR_BLOCK, pool, error);
    if (found != KV_FOUND)
        return found;
    found = is_shut_out(rows, pool, recipient, error);
    if (found == KV_ABSENT && sender)
        found = is_shut_out(rows, pool, sender, error);
    for (size_t i = 0; sender && i < sender->n_persons; i++)
        for (size_t j = 0; j < recipient->n_persons && found == KV_ABSENT; j++)
            found = has_block(rows, pool, &sender->persons[i], &recipient->persons[j], error);
    return found;
}
