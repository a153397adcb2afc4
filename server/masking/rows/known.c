#include "server/masking/rows/known.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/table.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST = 20000, /* in memory; beyond that all are forgotten */
    ARENA = 64 * 1024 * 1024,
    SET_FIRST = 1024,
    ROUTES = 32768,   /* slots */
    ROUTE_BYTES = 80, /* of a key; longer ones are not kept */
};

/* A number or a Service in memory; in the arena. */
struct fact {
    struct table_link link;
    struct address proxy; /* in the form that is compared; empty: of a Service */
    struct holding holding;
};

/* A route in memory. */
struct kept_route {
    uint8_t size; /* of the key; 0: empty */
    uint8_t key[ROUTE_BYTES];
    struct route_fact fact;
};

struct known {
    struct table facts;
    struct arena *arena;
    bool stale;
    /* Hashes of all numbers that are claimed, and of some that were: who is not in it holds no number. Open addressing; 0 is
     * empty. */
    uint64_t *claimed;
    size_t room; /* a power of two */
    size_t count;
    struct kept_route *routes;
    bool all; /* there was no memory: everybody may be in it */
};

static uint64_t hash_bytes(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

static void leave(struct table_link *link)
{
    (void)link; /* the arena's */
}

void known_free(struct known *known)
{
    if (!known)
        return;
    table_clear(&known->facts, leave);
    arena_free(known->arena);
    free(known->claimed);
    free(known->routes);
    free(known);
}

struct known *known_new(void)
{
    struct known *known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->arena = arena_new(ARENA);
    known->all = true;
    known->routes = calloc(ROUTES, sizeof *known->routes);
    if (known->arena && known->routes)
        return known;
    known_free(known);
    return NULL;
}

void known_forget(struct known *known)
{
    known->stale = true;
}

void known_begin(struct known *known)
{
    if (!known->stale && known->facts.count < MOST)
        return;
    table_clear(&known->facts, leave);
    arena_reset(known->arena);
    known->stale = false;
}

/* ---- who is claimed ---- */

static bool in_set(const struct known *known, uint64_t hash)
{
    for (size_t i = hash & (known->room - 1);; i = (i + 1) & (known->room - 1)) {
        if (known->claimed[i] == hash || !known->claimed[i])
            return known->claimed[i] == hash;
    }
}

static void put_in_set(struct known *known, uint64_t hash)
{
    size_t i = hash & (known->room - 1);
    while (known->claimed[i] && known->claimed[i] != hash)
        i = (i + 1) & (known->room - 1);
    known->count += !known->claimed[i];
    known->claimed[i] = hash;
}

static bool grow_set(struct known *known)
{
    struct known larger = {.room = known->room ? known->room * 2 : SET_FIRST};
    larger.claimed = calloc(larger.room, sizeof *larger.claimed);
    if (!larger.claimed)
        return false;
    for (size_t i = 0; i < known->room; i++) {
        if (known->claimed[i])
            put_in_set(&larger, known->claimed[i]);
    }
    free(known->claimed);
    known->claimed = larger.claimed;
    known->room = larger.room;
    return true;
}

static void add_to_set(struct known *known, const void *text, size_t size)
{
    if (known->count * 2 >= known->room && !grow_set(known)) {
        known->all = true;
        return;
    }
    put_in_set(known, hash_bytes(text, size));
}

bool known_rebuild(struct known *known, struct view *view, struct error *error)
{
    known->stale = true;
    for (size_t i = 0; i < ROUTES; i++) {
        if (known->routes[i].size)
            known->routes[i].size = 0;
    }
    struct key from = key_claim(""), to = from;
    to.data[to.size - 1]++;
    struct scan *scan = view_scan(view, KV_META, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    known->all = false;
    for (; scan_valid(scan); scan_next(scan)) {
        struct bytes key = scan_key(scan);
        add_to_set(known, (const uint8_t *)key.data + from.size, key.size - from.size);
    }
    bool ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

void known_changed(struct known *known, const Maskline__Store__V1__Entry *entry)
{
    known->stale = known->stale || !MUTANT("changed_number_still_known");
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED)
        return;
    struct address form = proxy_form(entry->number_added->number->phone_number);
    add_to_set(known, form.text, strlen(form.text));
}

enum kv_found known_held(struct known *known, struct rows *rows, const char *address,
                         struct error *error)
{
    struct address form = proxy_form(address);
    if (!known->all && known->room && !in_set(known, hash_bytes(form.text, strlen(form.text))))
        return KV_ABSENT;
    Maskline__Store__V1__NumberClaim *claim;
    enum kv_found found = rows_claim(rows, form.text, &claim, error);
    if (found == KV_FOUND &&
        claim->state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED)
        return KV_ABSENT;
    return found;
}

/* ---- numbers and Services ---- */

static struct fact *find_number(const struct known *known, const struct address *form,
                                uint64_t hash)
{
    struct table_link *link = NULL;
    while ((link = table_find(&known->facts, hash, link))) {
        struct fact *fact = (struct fact *)link;
        if (!strcmp(fact->proxy.text, form->text))
            return fact;
    }
    return NULL;
}

static struct fact *find_service(const struct known *known, const uint8_t *sid, uint64_t hash)
{
    struct table_link *link = NULL;
    while ((link = table_find(&known->facts, hash, link))) {
        struct fact *fact = (struct fact *)link;
        if (!*fact->proxy.text && !memcmp(fact->holding.service->sid.data, sid, SID_BYTES))
            return fact;
    }
    return NULL;
}

/* Keeps what was found, if there is room; it is found again in the store otherwise. */
static void keep(struct known *known, const struct address *form, const struct holding *holding,
                 uint64_t hash)
{
    struct fact *fact = known->stale ? NULL : arena_alloc(known->arena, sizeof *fact);
    if (!fact)
        return;
    fact->proxy = *form;
    fact->holding = *holding;
    (void)table_add(&known->facts, &fact->link, hash);
}

/* Where records go that are kept. */
static struct rows lasting(struct known *known, const struct rows *rows)
{
    struct rows own = *rows;
    own.kept = NULL; /* what is kept there lives for a group */
    if (arena_used(known->arena) > ARENA / 2)
        known->stale = true;
    if (!known->stale)
        own.arena = known->arena;
    return own;
}

enum kv_found known_service(struct known *known, struct rows *rows, const uint8_t *sid,
                            const Maskline__Store__V1__Service **ret_service, struct error *error)
{
    uint64_t hash = hash_bytes(sid, SID_BYTES);
    struct fact *fact = find_service(known, sid, hash);
    if (!fact || known->stale) {
        struct rows own = lasting(known, rows);
        Maskline__Store__V1__Service *service;
        enum kv_found found = rows_service(&own, sid, &service, error);
        if (found != KV_FOUND)
            return found;
        struct holding holding = {.service = service};
        keep(known, &(struct address){.text = ""}, &holding, hash);
        rows->service = service;
        *ret_service = service;
        return KV_FOUND;
    }
    rows->service = fact->holding.service;
    *ret_service = fact->holding.service;
    return KV_FOUND;
}

/* Whatever else the decision is about: the number's rows are those of its holder's tenant. */
static enum kv_found read_holding(struct known *known, const struct rows *rows, const char *form,
                                  struct holding *ret_holding, struct error *error)
{
    struct rows holders = *rows;
    Maskline__Store__V1__NumberClaim *claim;
    *ret_holding = (struct holding){.service = NULL};
    enum kv_found found = rows_claim(&holders, form, &claim, error);
    if (found != KV_FOUND)
        return found;
    holders.tenant = claim->tenant;
    ret_holding->tenant = claim->tenant;
    ret_holding->state = claim->state;
    found = known_service(known, &holders, claim->service.data, &ret_holding->service, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? KV_FOUND : KV_FAILED;
    struct rows own = lasting(known, &holders);
    Maskline__Store__V1__PhoneNumber *number;
    found = rows_number(&own, ret_holding->service->pool.data, form, &number, error);
    if (found == KV_FOUND)
        ret_holding->number = number;
    return found == KV_FAILED ? KV_FAILED : KV_FOUND;
}

enum kv_found known_number(struct known *known, struct rows *rows, const char *proxy,
                           struct holding *ret_holding, struct error *error)
{
    struct address form = proxy_form(proxy);
    uint64_t hash = hash_bytes(form.text, strlen(form.text));
    struct fact *fact = find_number(known, &form, hash);
    if (fact && !known->stale) {
        rows->service = fact->holding.service;
        *ret_holding = fact->holding;
        return KV_FOUND;
    }
    enum kv_found found = read_holding(known, rows, form.text, ret_holding, error);
    if (found == KV_FOUND && ret_holding->service)
        rows->service = ret_holding->service;
    /* A quarantine ends by itself: that is not kept. */
    if (found == KV_FOUND && ret_holding->number &&
        ret_holding->state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_HELD)
        keep(known, &form, ret_holding, hash);
    return found;
}

/* ---- routes ---- */

static struct kept_route *slot_of(const struct known *known, const struct key *key)
{
    return &known->routes[hash_bytes(key->data, key->size) % ROUTES];
}

static bool is_kept(const struct kept_route *slot, const struct key *key)
{
    return slot->size == key->size && !memcmp(slot->key, key->data, key->size);
}

void known_route_changed(struct known *known, const struct key *key)
{
    struct kept_route *slot = slot_of(known, key);
    if (slot->size && is_kept(slot, key))
        slot->size = 0;
}

enum kv_found known_route(struct known *known, struct rows *rows, const uint8_t *pool,
                          const struct person *person, const char *proxy,
                          struct route_fact *ret_fact, struct error *error)
{
    struct address form = proxy_form(proxy);
    struct key key = key_route(rows->tenant, pool, person, form.text);
    struct kept_route *slot = slot_of(known, &key);
    if (slot->size && is_kept(slot, &key)) {
        *ret_fact = slot->fact;
        return KV_FOUND;
    }
    Maskline__Store__V1__Route *route;
    enum kv_found found = rows_route(rows, pool, person, proxy, &route, error);
    if (found != KV_FOUND)
        return found;
    if (route->session.len != SID_BYTES || route->participant.len != SID_BYTES) {
        refuse(error, REFUSED_RECORD_UNREADABLE);
        return KV_FAILED;
    }
    memcpy(ret_fact->session, route->session.data, SID_BYTES);
    memcpy(ret_fact->participant, route->participant.data, SID_BYTES);
    ret_fact->generation = route->generation;
    ret_fact->until_time = route->until_time;
    if (key.size <= ROUTE_BYTES) {
        slot->size = (uint8_t)key.size;
        memcpy(slot->key, key.data, key.size);
        slot->fact = *ret_fact;
    }
    return KV_FOUND;
}
