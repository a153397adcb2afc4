#include "proto/c/fault.h"
#include "server/masking/derive/derive.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/pools.h"

#include <string.h>

static bool put_number(struct deriving *d, const Maskline__Store__V1__PhoneNumber *number)
{
    struct address form = proxy_form(number->phone_number);
    struct key key = key_number(d->tenant, d->service, form.text);
    pools_number(d->masking->pools, d->service, number);
    return derive_record(d, KV_LIVE, &key, &number->base, 0, ROW_WITH_ENTRY);
}

static bool added(struct deriving *d, const Maskline__Store__V1__PhoneNumber *number)
{
    struct address form = proxy_form(number->phone_number);
    struct key by_sid = key_number_sid(d->tenant, d->service, number->sid.data);
    struct key claimed = key_claim(form.text);
    Maskline__Store__V1__NumberClaim claim = MASKLINE__STORE__V1__NUMBER_CLAIM__INIT;
    claim.tenant = d->tenant;
    claim.service = number->service;
    claim.number = number->sid;
    claim.state = MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_HELD;
    return put_number(d, number) &&
           derive_text(d, KV_IDX, &by_sid, (struct bytes){form.text, strlen(form.text)},
                       ROW_LATER) &&
           derive_record(d, KV_META, &claimed, &claim.base, 0, ROW_WITH_ENTRY);
}

/* A removal that goes on is found again after a crash. */
static bool updated(struct deriving *d, const Maskline__Store__V1__PhoneNumber *number)
{
    struct key removal = key_removal(d->tenant, d->service, number->sid.data);
    return put_number(d, number) &&
           (!number->removal_time || MUTANT("removal_forgotten") ||
            derive_text(d, KV_IDX, &removal, (struct bytes){"", 0}, ROW_LATER));
}

static bool same(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/* The claim goes into quarantine, unless somebody else of the same tenant has taken it over already. */
static bool release_claim(struct deriving *d, const Maskline__Store__V1__NumberRemoved *removed,
                          const char *form)
{
    struct key key = key_claim(form);
    Maskline__Store__V1__NumberClaim *claim;
    enum row_state old =
        derive_old_record(d, KV_META, &key, &maskline__store__v1__number_claim__descriptor, &claim);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    if (!same(&claim->number, &removed->number->sid))
        return true;
    claim->state = MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED;
    claim->free_time = removed->free_time;
    claim->rest_time = removed->rest_time;
    return derive_record(d, KV_META, &key, &claim->base, removed->free_time, ROW_WITH_ENTRY);
}

static bool removed(struct deriving *d, const Maskline__Store__V1__NumberRemoved *change)
{
    const Maskline__Store__V1__PhoneNumber *number = change->number;
    struct address form = proxy_form(number->phone_number);
    struct key key = key_number(d->tenant, d->service, form.text);
    struct key by_sid = key_number_sid(d->tenant, d->service, number->sid.data);
    struct key use = key_use(d->tenant, d->service, form.text);
    struct key removal = key_removal(d->tenant, d->service, number->sid.data);
    pools_number_gone(d->masking->pools, d->service, number->phone_number);
    if (number->removal_time &&
        !derive_delete(d->derivation, KV_IDX, key_bytes(&removal), ROW_LATER))
        return false;
    return derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_WITH_ENTRY) &&
           derive_delete(d->derivation, KV_IDX, key_bytes(&by_sid), ROW_LATER) &&
           derive_delete(d->derivation, KV_LIVE, key_bytes(&use), ROW_LATER) &&
           release_claim(d, change, form.text);
}

bool derive_numbers(struct deriving *d)
{
    switch (d->entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED:
        return added(d, d->entry->number_added->number);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED:
        return updated(d, d->entry->number_updated->number);
    default:
        return removed(d, d->entry->number_removed);
    }
}
