#include "storage/key_parts.h"

struct bytes key_bytes(const struct key *key)
{
    return (struct bytes){key->data, key->size};
}

struct person person_of(const uint8_t *hash_key, const char *canonical_address)
{
    struct person person;
    person.bytes[0] = 1; /* of the canonical form: ADDRESS_VERSION when this was written */
    crypto_generichash(person.bytes + 1, PERSON_SIZE - 1, (const unsigned char *)canonical_address,
                       strlen(canonical_address), hash_key, 32);
    return person;
}

enum { SIZE_BYTES = 8, GATHERED = 512 };

static void put_size(uint8_t to[SIZE_BYTES], uint64_t size)
{
    for (int i = SIZE_BYTES - 1; i >= 0; i--, size >>= 8)
        to[i] = (uint8_t)size;
}

/* All pieces, one behind the other. The same as if they were hashed one after the other, and a third of the calls. */
static void hash_gathered(const uint8_t *hash_key, const struct bytes *pieces, size_t count,
                          uint8_t ret_hash[HASH_SIZE])
{
    uint8_t whole[GATHERED];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        put_size(whole + used, pieces[i].size);
        used += SIZE_BYTES;
        if (pieces[i].size)
            memcpy(whole + used, pieces[i].data, pieces[i].size);
        used += pieces[i].size;
    }
    crypto_generichash(ret_hash, HASH_SIZE, whole, used, hash_key, 32);
}

void key_hash(const uint8_t *hash_key, const struct bytes *pieces, size_t count,
              uint8_t ret_hash[HASH_SIZE])
{
    size_t room = GATHERED;
    size_t short_pieces = 0;
    while (short_pieces < count && room >= SIZE_BYTES &&
           pieces[short_pieces].size <= room - SIZE_BYTES)
        room -= SIZE_BYTES + pieces[short_pieces++].size;
    if (short_pieces == count) {
        hash_gathered(hash_key, pieces, count, ret_hash);
        return;
    }
    crypto_generichash_state state;
    crypto_generichash_init(&state, hash_key, 32, HASH_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t size[SIZE_BYTES];
        put_size(size, pieces[i].size);
        crypto_generichash_update(&state, size, sizeof size);
        if (pieces[i].size)
            crypto_generichash_update(&state, pieces[i].data, pieces[i].size);
    }
    crypto_generichash_final(&state, ret_hash, HASH_SIZE);
}

struct log_id key_log(uint32_t tenant, const uint8_t *service)
{
    struct key key = {.size = 0};
    add_u32(&key, tenant);
    add(&key, service, SID_SIZE);
    struct log_id log;
    memcpy(log.bytes, key.data, sizeof log.bytes);
    return log;
}

const uint8_t *log_service(const struct log_id *log)
{
    return log->bytes + 4;
}

uint32_t log_tenant(const struct log_id *log)
{
    return read_u32(log->bytes);
}

struct key key_log_entry(const struct log_id *log, uint64_t position)
{
    struct key key = {.size = 0};
    add(&key, log->bytes, sizeof log->bytes);
    add_byte(&key, 'L');
    add_u64(&key, position);
    return key;
}

bool key_log_position(struct bytes key, uint64_t *ret_position)
{
    const uint8_t *data = key.data;
    if (key.size != SCOPE_SIZE + 9 || data[SCOPE_SIZE] != 'L')
        return false;
    *ret_position = read_u64(data + SCOPE_SIZE + 1);
    return true;
}

struct key key_sessions(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'S');
}

struct key key_session(uint32_t tenant, const uint8_t *service, const uint8_t *session)
{
    struct key key = key_sessions(tenant, service);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_all_interactions(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'I');
}

bool key_interaction_sids(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction)
{
    const uint8_t *data = key.data;
    if (key.size != SCOPE_SIZE + 1 + 2 * SID_SIZE || data[SCOPE_SIZE] != 'I')
        return false;
    memcpy(ret_session, data + SCOPE_SIZE + 1, SID_SIZE);
    memcpy(ret_interaction, data + SCOPE_SIZE + 1 + SID_SIZE, SID_SIZE);
    return true;
}

struct key key_interactions(uint32_t tenant, const uint8_t *service, const uint8_t *session)
{
    struct key key = key_all_interactions(tenant, service);
    add(&key, session, SID_SIZE);
    return key;
}

struct key key_interaction(uint32_t tenant, const uint8_t *service, const uint8_t *session,
                           const uint8_t *interaction)
{
    struct key key = key_interactions(tenant, service, session);
    add(&key, interaction, SID_SIZE);
    return key;
}

struct key key_dedupe(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE])
{
    struct key key = scoped(tenant, service, 'D');
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_request(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE])
{
    struct key key = scoped(tenant, service, 'Q');
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_attempts(uint32_t tenant, const uint8_t *service)
{
    return scoped(tenant, service, 'A');
}

struct key key_attempt(uint32_t tenant, const uint8_t *service, const uint8_t *session,
                       const uint8_t *interaction, uint32_t leg)
{
    struct key key = key_attempts(tenant, service);
    add(&key, session, SID_SIZE);
    add(&key, interaction, SID_SIZE);
    add_u32(&key, leg);
    return key;
}

bool key_attempt_leg(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction,
                     uint32_t *ret_leg)
{
    const uint8_t *data = key.data;
    if (key.size != SCOPE_SIZE + 1 + 2 * SID_SIZE + 4 || data[SCOPE_SIZE] != 'A')
        return false;
    data += SCOPE_SIZE + 1;
    memcpy(ret_session, data, SID_SIZE);
    memcpy(ret_interaction, data + SID_SIZE, SID_SIZE);
    data += 2 * SID_SIZE;
    *ret_leg = read_u32(data);
    return true;
}

_Static_assert(SCOPE_SIZE == (int)KV_GROUP_AT && SCOPE_SIZE + 1 + PERSON_SIZE == (int)KV_GROUP_SIZE,
               "a person's routes are a group");

struct key key_routes(uint32_t tenant, const uint8_t *pool, const struct person *person)
{
    struct key key = scoped(tenant, pool, KV_GROUP_LETTER);
    add(&key, person->bytes, PERSON_SIZE);
    return key;
}

struct key key_all_routes(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'R');
}

struct key key_route(uint32_t tenant, const uint8_t *pool, const struct person *person,
                     const char *proxy)
{
    struct key key = key_routes(tenant, pool, person);
    add_proxy(&key, proxy);
    return key;
}

const uint8_t *key_route_person(struct bytes key)
{
    const uint8_t *data = key.data;
    return key.size > SCOPE_SIZE + 1 + PERSON_SIZE && data[SCOPE_SIZE] == 'R'
               ? data + SCOPE_SIZE + 1
               : NULL;
}

bool key_route_proxy(struct bytes key, struct bytes *ret_proxy)
{
    const uint8_t *data = key.data;
    size_t before = SCOPE_SIZE + 1 + PERSON_SIZE;
    if (key.size <= before || data[SCOPE_SIZE] != 'R')
        return false;
    *ret_proxy = (struct bytes){data + before, key.size - before};
    return true;
}

struct key key_numbers(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'N');
}

struct key key_number(uint32_t tenant, const uint8_t *pool, const char *proxy)
{
    struct key key = key_numbers(tenant, pool);
    add_proxy(&key, proxy);
    return key;
}

struct key key_use(uint32_t tenant, const uint8_t *pool, const char *proxy)
{
    struct key key = scoped(tenant, pool, 'U');
    add_proxy(&key, proxy);
    return key;
}

struct key key_opt_outs(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'O');
}

struct key key_opt_outs_of(uint32_t tenant, const uint8_t *pool, const struct person *person)
{
    struct key key = key_opt_outs(tenant, pool);
    add(&key, person->bytes, PERSON_SIZE);
    return key;
}

struct key key_opt_out(uint32_t tenant, const uint8_t *pool, const struct person *person,
                       const char *proxy)
{
    struct key key = key_opt_outs_of(tenant, pool, person);
    add_proxy(&key, proxy);
    return key;
}

struct key key_blocks(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'B');
}

struct key key_blocks_of(uint32_t tenant, const uint8_t *pool, const struct person *person)
{
    struct key key = key_blocks(tenant, pool);
    add(&key, person->bytes, PERSON_SIZE);
    return key;
}

struct key key_block(uint32_t tenant, const uint8_t *pool, const struct person *person,
                     const struct person *to)
{
    struct key key = key_blocks_of(tenant, pool, person);
    if (to)
        add(&key, to->bytes, PERSON_SIZE);
    return key;
}

struct key key_caps(uint32_t tenant, const uint8_t *pool)
{
    return scoped(tenant, pool, 'C');
}

struct key key_cap(uint32_t tenant, const uint8_t *pool, const struct person *person)
{
    struct key key = key_caps(tenant, pool);
    add(&key, person->bytes, PERSON_SIZE);
    return key;
}

struct key key_told(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE])
{
    struct key key = scoped(tenant, service, 'T');
    add(&key, hash, HASH_SIZE);
    return key;
}

bool key_last_sid(struct bytes key, sid_bytes ret_sid)
{
    if (key.size < SCOPE_SIZE + 1 + SID_SIZE)
        return false;
    memcpy(ret_sid, (const uint8_t *)key.data + key.size - SID_SIZE, SID_SIZE);
    return true;
}

struct key key_minted(const struct key *prefix, int64_t time)
{
    struct key key = *prefix;
    uint64_t milliseconds = time < 0 ? 0 : (uint64_t)time / 1000;
    for (int shift = 40; shift >= 0; shift -= 8) /* a SID begins with them */
        add_byte(&key, (uint8_t)(milliseconds >> shift));
    return key;
}

static struct key meta(char kind)
{
    struct key key = {.size = 0};
    add_byte(&key, (uint8_t)kind);
    return key;
}

struct key key_all_services(void)
{
    return meta('V');
}

struct key key_services(uint32_t tenant)
{
    struct key key = meta('V');
    add_u32(&key, tenant);
    return key;
}

struct key key_service(uint32_t tenant, const uint8_t *service)
{
    struct key key = key_services(tenant);
    add(&key, service, SID_SIZE);
    return key;
}

bool key_service_sid(struct bytes key, sid_bytes ret_service)
{
    const uint8_t *data = key.data;
    if (key.size != 1 + 4 + SID_SIZE || data[0] != 'V')
        return false;
    memcpy(ret_service, data + 5, SID_SIZE);
    return true;
}

uint32_t key_service_tenant(struct bytes key)
{
    const uint8_t *data = key.data;
    sid_bytes ignored;
    return key_service_sid(key, ignored) ? read_u32(data + 1) : 0;
}

struct key key_service_name(uint32_t tenant, const uint8_t hash[HASH_SIZE])
{
    struct key key = meta('v');
    add_u32(&key, tenant);
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_service_request(uint32_t tenant, const uint8_t hash[HASH_SIZE])
{
    struct key key = meta('q');
    add_u32(&key, tenant);
    add(&key, hash, HASH_SIZE);
    return key;
}

struct key key_claim(const char *proxy)
{
    struct key key = meta('C');
    add_proxy(&key, proxy);
    return key;
}
