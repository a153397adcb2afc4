#include "server/masking/derive/derive.h"
#include "proto/c/fault.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/services/rates_internal.h"

#include <string.h>

static struct key name_key(struct deriving *d, const char *name)
{
    uint8_t hash[HASH_SIZE];
    name_hash(store_hash_key(d->masking->store), name, hash);
    return key_service_name(d->tenant, hash);
}

static bool put_service(struct deriving *d, const Maskline__Store__V1__Service *service)
{
    struct key key = key_service(d->tenant, d->service);
    rates_note(d->masking->rates, service->settings);
    return derive_record(d, KV_META, &key, &service->base, 0, ROW_WITH_ENTRY);
}

static bool put_name(struct deriving *d, const char *name)
{
    struct key key = name_key(d, name);
    return derive_text(d, KV_META, &key, (struct bytes){d->service, SID_BYTES}, ROW_WITH_ENTRY);
}

static bool drop_name(struct deriving *d, const char *name)
{
    struct key key = name_key(d, name);
    return derive_name_gone(d, KV_META, &key, d->service);
}

static bool updated(struct deriving *d, const Maskline__Store__V1__ServiceUpdated *change)
{
    if (!put_service(d, change->service))
        return false;
    if (!*change->previous_name)
        return true;
    return (MUTANT("old_service_name_stays") || drop_name(d, change->previous_name)) &&
           put_name(d, change->service->unique_name);
}

static bool change_state(struct deriving *d, Maskline__Store__V1__ServiceState state)
{
    struct key key = key_service(d->tenant, d->service);
    Maskline__Store__V1__Service *service;
    enum row_state old =
        derive_old_record(d, KV_META, &key, &maskline__store__v1__service__descriptor, &service);
    if (old != ROW_PRESENT)
        return old != ROW_FAILED;
    service->state = state;
    service->update_time = d->entry->time;
    if (state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETING)
        service->delete_time = d->entry->time;
    return derive_record(d, KV_META, &key, &service->base, 0, ROW_WITH_ENTRY);
}

bool derive_services(struct deriving *d)
{
    switch (d->entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED:
        return put_service(d, d->entry->service_created->service) &&
               put_name(d, d->entry->service_created->service->unique_name);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_UPDATED:
        return updated(d, d->entry->service_updated);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETING:
        return change_state(d, MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETING) &&
               drop_name(d, d->entry->service_deleting->unique_name);
    default:
        pools_forget(d->masking->pools, d->service);
        return change_state(d, MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETED);
    }
}
