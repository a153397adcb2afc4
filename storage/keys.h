/*
 * The layout of every key but the store's own (those begin with a zero byte in KV_META). Nothing else builds or takes apart a
 * key.
 *
 * A key begins with its tenant (4 bytes) and its Service or pool (the 16 bytes of a SID), so that what belongs together lies
 * together, and a record never mixes two pools. Numbers are big-endian, so that they sort. Then one letter says what it is:
 *
 *   KV_LOG   t s L position              entry                         (written by the pipeline)
 *   KV_LIVE  t s S session               session with its participants
 *            t s I session interaction   interaction with its legs
 *            t s D hash                  what was answered to a carrier's message id
 *            t s Q hash                  what was answered to a request_id
 *            t s A session interaction leg   attempt begun
 *            t p R person proxy          route
 *            t p N proxy                 number
 *            t p U proxy                 a number's use count
 *            t p O person [proxy]        who opted out, of all or of one number
 *            t p B person [person]       who does not reach whom; alone: nobody
 *            t p C person                what of its cap a person has used
 *            t s T hash                  what somebody was told lately
 *   KV_IDX   t s e time session          sessions by when they end
 *            t s o time interaction leg  outbound legs by when they are due
 *            t s u name                  session by unique name (hash); the newest of that name
 *            t s r name session          sessions by unique name (hash), each that ever had it, once the Service lets names be taken again
 *            t s i person session        sessions by a person who is or was in them
 *            t s x time session          closed sessions by when they are purged
 *            t s c time session interaction  calls by when they are looked at
 *            t p n number                proxy identifier by number SID
 *            t p w proxy 0 session       active sessions by a number that they use
 *            t p d number                numbers whose removal goes on
 *            t p k number                how far a removal has looked through sessions that have no row of the kind w
 *   KV_META  V t s                       Service
 *            v t name                    Service by unique name (hash); the newest of that name
 *            q t hash                    what was answered to a request_id that made a Service
 *            C proxy                     claim of a number, in the whole store
 */
#ifndef MASKLINE_STORAGE_KEYS_H
#define MASKLINE_STORAGE_KEYS_H

#include "storage/kv.h"
#include "storage/txn.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEY_SIZE = 128, TENANT_DEFAULT = 1, PERSON_SIZE = 17, HASH_SIZE = 16 };

struct key {
    size_t size;
    uint8_t data[KEY_SIZE];
};

/* A SID's bytes: of a Service, pool, session, interaction or number. */
typedef uint8_t sid_bytes[16];

/* A person: the version of the canonical form, and a keyed hash of it. */
struct person {
    uint8_t bytes[PERSON_SIZE];
};

/* Hashes with the store's key (store_hash_key). `address` is in canonical form (proto/c/address.h). */
struct person person_of(const uint8_t *hash_key, const char *canonical_address);

/* A keyed hash of some texts and bytes, for names, message ids and request ids. The pieces cannot run together: ("ab", "c") and
 * ("a", "bc") differ. */
void key_hash(const uint8_t *hash_key, const struct bytes *pieces, size_t count,
              uint8_t ret_hash[HASH_SIZE]);

struct bytes key_bytes(const struct key *key);

struct log_id key_log(uint32_t tenant, const uint8_t *service);
/* The Service of a log. */
const uint8_t *log_service(const struct log_id *log);
uint32_t log_tenant(const struct log_id *log);
/* [key_log_entry(from), ...) is how a log is read; the pipeline writes it. */
struct key key_log_entry(const struct log_id *log, uint64_t position);
bool key_log_position(struct bytes key, uint64_t *ret_position);

struct key key_session(uint32_t tenant, const uint8_t *service, const uint8_t *session);
struct key key_sessions(uint32_t tenant, const uint8_t *service); /* the prefix of all */
struct key key_interaction(uint32_t tenant, const uint8_t *service, const uint8_t *session,
                           const uint8_t *interaction);
struct key key_interactions(uint32_t tenant, const uint8_t *service, const uint8_t *session);
struct key key_all_interactions(uint32_t tenant, const uint8_t *service);
/* Which interaction a key is of. */
bool key_interaction_sids(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction);
struct key key_dedupe(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE]);
struct key key_request(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE]);
struct key key_attempt(uint32_t tenant, const uint8_t *service, const uint8_t *session,
                       const uint8_t *interaction, uint32_t leg);
struct key key_attempts(uint32_t tenant, const uint8_t *service);
/* Which leg an attempt's key is of. */
bool key_attempt_leg(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction,
                     uint32_t *ret_leg);
struct key key_route(uint32_t tenant, const uint8_t *pool, const struct person *person,
                     const char *proxy);
struct key key_routes(uint32_t tenant, const uint8_t *pool, const struct person *person);
struct key key_all_routes(uint32_t tenant, const uint8_t *pool);
/* The person of a route's key: PERSON_SIZE bytes in it; NULL when it is none. */
const uint8_t *key_route_person(struct bytes key);
/* The proxy identifier of a route's key; it need not be NUL-terminated there. */
bool key_route_proxy(struct bytes key, struct bytes *ret_proxy);
struct key key_number(uint32_t tenant, const uint8_t *pool, const char *proxy);
struct key key_numbers(uint32_t tenant, const uint8_t *pool);
struct key key_use(uint32_t tenant, const uint8_t *pool, const char *proxy);

/* `proxy` in the form that is compared; "": of the whole Service. */
struct key key_opt_out(uint32_t tenant, const uint8_t *pool, const struct person *person,
                       const char *proxy);
struct key key_opt_outs(uint32_t tenant, const uint8_t *pool);
struct key key_opt_outs_of(uint32_t tenant, const uint8_t *pool, const struct person *person);

/* `to` NULL: of everybody. */
struct key key_block(uint32_t tenant, const uint8_t *pool, const struct person *person,
                     const struct person *to);
struct key key_blocks(uint32_t tenant, const uint8_t *pool);
struct key key_blocks_of(uint32_t tenant, const uint8_t *pool, const struct person *person);
struct key key_cap(uint32_t tenant, const uint8_t *pool, const struct person *person);
struct key key_caps(uint32_t tenant, const uint8_t *pool);
struct key key_told(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE]);

struct key key_expiry(uint32_t tenant, const uint8_t *service, int64_t time,
                      const uint8_t *session);
struct key key_expiries(uint32_t tenant, const uint8_t *service);
struct key key_outbox(uint32_t tenant, const uint8_t *service, int64_t time,
                      const uint8_t *interaction, uint32_t leg);
struct key key_outboxes(uint32_t tenant, const uint8_t *service);
struct key key_session_name(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE]);
struct key key_name_session(uint32_t tenant, const uint8_t *service, const uint8_t hash[HASH_SIZE],
                            const uint8_t *session);
struct key key_name_sessions(uint32_t tenant, const uint8_t *service,
                             const uint8_t hash[HASH_SIZE]);
struct key key_person_session(uint32_t tenant, const uint8_t *service, const struct person *person,
                              const uint8_t *session);
struct key key_person_sessions(uint32_t tenant, const uint8_t *service,
                               const struct person *person);
struct key key_purge(uint32_t tenant, const uint8_t *service, int64_t time, const uint8_t *session);
struct key key_purges(uint32_t tenant, const uint8_t *service);
struct key key_call(uint32_t tenant, const uint8_t *service, int64_t time, const uint8_t *session,
                    const uint8_t *interaction);
struct key key_calls(uint32_t tenant, const uint8_t *service);
/* Which call it is. */
bool key_call_sids(struct bytes key, sid_bytes ret_session, sid_bytes ret_interaction);
struct key key_number_sid(uint32_t tenant, const uint8_t *pool, const uint8_t *number);
struct key key_number_sids(uint32_t tenant, const uint8_t *pool);
struct key key_number_session(uint32_t tenant, const uint8_t *pool, const char *proxy,
                              const uint8_t *session);
struct key key_number_sessions(uint32_t tenant, const uint8_t *pool, const char *proxy);
struct key key_removal(uint32_t tenant, const uint8_t *pool, const uint8_t *number);
struct key key_removals(uint32_t tenant, const uint8_t *pool);
struct key key_removal_place(uint32_t tenant, const uint8_t *pool, const uint8_t *number);

/* The time in an expiry, outbox, purge or call key; the SID at the end of a session, expiry, purge, person-session, number-session or
 * removal key. */
bool key_time(struct bytes key, int64_t *ret_time);
bool key_last_sid(struct bytes key, sid_bytes ret_sid);
/* Where, among keys that have only a SID behind this prefix, those that were minted at this time or later begin. */
struct key key_minted(const struct key *prefix, int64_t time);

struct key key_service(uint32_t tenant, const uint8_t *service);
struct key key_services(uint32_t tenant);
struct key key_all_services(void); /* of all tenants */
/* The Service of its key, and its tenant. */
bool key_service_sid(struct bytes key, sid_bytes ret_service);
uint32_t key_service_tenant(struct bytes key);
struct key key_service_name(uint32_t tenant, const uint8_t hash[HASH_SIZE]);
struct key key_service_request(uint32_t tenant, const uint8_t hash[HASH_SIZE]);
struct key key_claim(const char *proxy);

#endif
