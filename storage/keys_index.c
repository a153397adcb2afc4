/* The keys of KV_IDX. */
#include "storage/key_parts.h"

static struct key timed(uint32_t tenant, const uint8_t *owner, char kind, int64_t time)
{
    struct key key = scoped(tenant, owner, kind);
    add_u64(&key, time > 0 ? (uint64_t)time : 0);
    return key;
}

struct key key_expiries(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'e');
}

struct key key_expiry(uint32_t tenant, const uint8_t *service, int64_t time, const uint8_t *session)
{
    struct key key = timed(tenant, service, 'e', time);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_outboxes(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'o');
}

struct key key_outbox(uint32_t tenant, const uint8_t *service, int64_t time,
                      const uint8_t *interaction, uint32_t leg)
{
    struct key key = timed(tenant, service, 'o', time);
    add(&key, interaction, SID_SIZE);
    add_u32(&key, leg);
    return key;
}

struct key key_session_name(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE])
{
    struct key key = scoped(tenant, service, 'u');
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_name_sessions(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE])
{
    struct key key = scoped(tenant, service, 'r');
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_name_session(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE],
                            const uint8_t *session)
{
    struct key key = key_name_sessions(tenant, service, hash);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_person_sessions(uint32_t tenant, const uint8_t *service, const struct person *person)
{
    struct key key = scoped(tenant, service, 'i');
    add(&key, person->bytes, PERSON_SIZE);
    return key;
}

struct key key_person_session(uint32_t tenant, const uint8_t *service, const struct person *person,
                              const uint8_t *session)
{
    struct key key = key_person_sessions(tenant, service, person);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_purges(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'x');
}

struct key key_purge(uint32_t tenant, const uint8_t *service, int64_t time, const uint8_t *session)
{
    struct key key = timed(tenant, service, 'x', time);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_calls(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'c');
}

struct key key_call(uint32_t tenant, const uint8_t *service, int64_t time, const uint8_t *session,
                    const uint8_t *interaction)
{
    struct key key = timed(tenant, service, 'c', time);
    add(&key, session, SID_SIZE);
    add(&key, interaction, SID_SIZE);
    return key;
}

bool key_call_sids(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction)
{
    const uint8_t *sids = (const uint8_t *)key.data + SCOPE_SIZE + 9;
    if (key.size != SCOPE_SIZE + 9 + 2 * SID_SIZE)
        return false;
    memcpy(ret_session, sids, SID_SIZE);
    memcpy(ret_interaction, sids + SID_SIZE, SID_SIZE);
    return true;
}

struct key key_number_sids(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'n');
}

struct key key_number_sid(uint32_t tenant, const uint8_t *pool, const uint8_t *number)
{
    struct key key = key_number_sids(tenant, pool);
    add(&key, number, SID_SIZE);
    return key;
}

struct key key_number_sessions(uint32_t tenant, const uint8_t *pool, const char *proxy)
{
    struct key key = scoped(tenant, pool, 'w');
    add_proxy(&key, proxy);
    add_byte(&key, 0); /* one number may begin with another */
    return key;
}

struct key key_number_session(uint32_t tenant, const uint8_t *pool, const char *proxy,
                              const uint8_t *session)
{
    struct key key = key_number_sessions(tenant, pool, proxy);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_removals(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'd');
}

struct key key_removal(uint32_t tenant, const uint8_t *pool, const uint8_t *number)
{
    struct key key = key_removals(tenant, pool);
    add(&key, number, SID_SIZE);
    return key;
}

struct key key_removal_place(uint32_t tenant, const uint8_t *pool, const uint8_t *number)
{
    struct key key = scoped(tenant, pool, 'k');
    add(&key, number, SID_SIZE);
    return key;
}

bool key_time(struct bytes key, int64_t *ret_time)
{
    const uint8_t *data = key.data;
    if (key.size < SCOPE_SIZE + 9)
        return false;
    *ret_time = (int64_t)read_u64(data + SCOPE_SIZE + 1);
    return true;
}
