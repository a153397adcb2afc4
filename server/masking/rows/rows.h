/*
 * The domain's records, read the same way by decisions (of a transaction) and by reads (of a view).
 *
 * Records live in the arena of the `struct rows`. In a transaction they may be changed in place before they are written
 * into an entry: nobody else holds them.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_ROWS_H
#define MASKLINE_SERVER_MASKING_ROWS_ROWS_H

#include "maskline/store/v1/entry.pb-c.h"
#include "maskline/store/v1/records.pb-c.h"
#include "proto/c/address.h"
#include "proto/c/sid.h"
#include "server/masking/numbers/numbers.h"
#include "storage/keys.h"
#include "storage/store.h"
#include "storage/txn.h"

struct kept;

struct rows {
    struct view *view; /* one of these two is set */
    struct txn *txn;
    struct arena *arena;
    const uint8_t *hash_key;
    uint32_t tenant;
    int64_t now;
    const Maskline__Store__V1__Service *service; /* the last one that was read */
    /* Where Services, and in a decision sessions and numbers, may be as records already; or NULL. Then only a record's own fields may be
     * changed, nothing that they point to. */
    struct kept *kept;
};

/* Of the tenant whose view or command it is. */
struct rows rows_of_view(struct view *view, const struct store *store, struct arena *arena);
struct rows rows_of_txn(struct txn *txn, const struct store *store);

enum kv_found rows_get(struct rows *rows, enum kv_family family, const struct key *key,
                       struct kv_value *ret_value, struct error *error);
struct scan *rows_scan(struct rows *rows, enum kv_family family, struct bytes from, struct bytes to,
                       bool backwards);

/* A row's bytes as a record in the arena. NULL, and an error: they cannot be read. */
void *rows_record(struct rows *rows, const ProtobufCMessageDescriptor *kind, struct bytes bytes,
                  struct error *error);
/* The error of a record that cannot be read: damaged, or the arena is full. Returns false. */
bool rows_unreadable(const struct rows *rows, struct error *error);

/* One record by key. ABSENT is no error; FAILED sets `error` (a record that cannot be read is DATA_LOSS). */
enum kv_found rows_service(struct rows *rows, const uint8_t *service,
                           Maskline__Store__V1__Service **ret_service, struct error *error);
enum kv_found rows_session(struct rows *rows, const uint8_t *service, const uint8_t *session,
                           Maskline__Store__V1__Session **ret_session, struct error *error);
/* What rows_session does after reading, for sessions that were read by a scan: an active one's effective expire time as the Service's
 * present settings have it. ABSENT: its Service is gone. */
enum kv_found rows_session_settle(struct rows *rows, const uint8_t *service,
                                  Maskline__Store__V1__Session *session, struct error *error);
/* Proxy identifiers are looked up by their canonical form, whichever form they are given in. */
enum kv_found rows_number(struct rows *rows, const uint8_t *pool, const char *proxy,
                          Maskline__Store__V1__PhoneNumber **ret_number, struct error *error);
enum kv_found rows_claim(struct rows *rows, const char *proxy,
                         Maskline__Store__V1__NumberClaim **ret_claim, struct error *error);
enum kv_found rows_use(struct rows *rows, const uint8_t *pool, const char *proxy,
                       int64_t *ret_count, struct error *error);
enum kv_found rows_route(struct rows *rows, const uint8_t *pool, const struct person *person,
                         const char *proxy, Maskline__Store__V1__Route **ret_route,
                         struct error *error);
enum kv_found rows_interaction(struct rows *rows, const uint8_t *service, const uint8_t *session,
                               const uint8_t *interaction,
                               Maskline__Store__V1__Interaction **ret_interaction,
                               struct error *error);

/* As a client names them. False: NOT_FOUND or INVALID_ARGUMENT with the original's code, or another error. A Service that is DELETING or
 * DELETED is found by rows_find_service; rows_find_active_service says NOT_FOUND (SERVICE_DELETED) to it. A session that is to be purged
 * is not found. */
bool rows_find_service(struct rows *rows, const char *name,
                       Maskline__Store__V1__Service **ret_service, struct error *error);
bool rows_find_active_service(struct rows *rows, const char *name,
                              Maskline__Store__V1__Service **ret_service, struct error *error);
bool rows_find_session(struct rows *rows, const Maskline__Store__V1__Service *service,
                       const char *name, Maskline__Store__V1__Session **ret_session,
                       struct error *error);
/* Read what these will read, so that it is at hand when a decision does, and make nothing of it. A Service's pool has the same SID.
 * False: there is no such Service. */
bool rows_warm_service(struct rows *rows, const char *name, sid_bytes ret_service);
void rows_warm_session(struct rows *rows, const uint8_t *service, const char *name);

bool rows_find_number(struct rows *rows, const Maskline__Store__V1__Service *service,
                      const char *name, Maskline__Store__V1__PhoneNumber **ret_number,
                      struct error *error);

/* Of which kind (numbers.h) a row is. */
enum number_kind number_kind(const Maskline__Store__V1__PhoneNumber *number);
bool rows_find_number_kind(struct rows *rows, const Maskline__Store__V1__Service *service,
                           const char *name, enum number_kind kind,
                           Maskline__Store__V1__PhoneNumber **ret_number, struct error *error);

/* The newest of a name. */
enum kv_found rows_service_named(struct rows *rows, const char *name, sid_bytes ret_service,
                                 struct error *error);
/* The session that took a name last, if it is not deleted; and the newest that has ever had it and is neither deleted nor to be purged,
 * in a Service that lets names be taken again. The name means the first of these that there is: rows_session_named, for which the
 * Service has to have been read just before. */
enum kv_found rows_name_holder(struct rows *rows, const uint8_t *service, const char *name,
                               sid_bytes ret_session, struct error *error);
enum kv_found rows_name_last(struct rows *rows, const uint8_t *service, const char *name,
                             sid_bytes ret_session, struct error *error);
enum kv_found rows_session_named(struct rows *rows, const uint8_t *service, const char *name,
                                 sid_bytes ret_session, struct error *error);
enum kv_found rows_number_by_sid(struct rows *rows, const uint8_t *pool, const uint8_t *number,
                                 Maskline__Store__V1__PhoneNumber **ret_number,
                                 struct error *error);

/* The person behind a parsed address. */
struct person rows_person(const struct rows *rows, const struct address *address);

/* Whether a session's row says that it is OPEN or IN_PROGRESS. */
bool session_open(const Maskline__Store__V1__Session *session);

/* Whether a session has ended so long ago that it is to be purged. */
bool session_purged(const Maskline__Store__V1__Session *session, int64_t now);

/* Whether a session routes at this time: OPEN or IN_PROGRESS, and not past its effective expire time. */
bool session_active(const Maskline__Store__V1__Session *session, int64_t now);

/* Why a session that is past its time ended, and when. */
Maskline__Store__V1__ClosedReason session_expiry(const Maskline__Store__V1__Service *service,
                                                 const Maskline__Store__V1__Session *session,
                                                 int64_t *ret_time);

/* The effective expire time (records.proto) of a session as its fields stand; 0: never. */
int64_t session_expire_time(const Maskline__Store__V1__Service *service,
                            const Maskline__Store__V1__Session *session);

/* The participant whose SID this is and who has not left; NULL when there is none. */
Maskline__Store__V1__Participant *session_participant(const Maskline__Store__V1__Session *session,
                                                      const uint8_t *sid);

/* When the first of the earlier numbers is honoured no more; 0: there is none that is honoured. */
int64_t participant_number_ends(const Maskline__Store__V1__Participant *participant);
int64_t session_number_ends(const Maskline__Store__V1__Session *session);

/* When something is to happen to an open session by itself: it ends, or one of its earlier numbers does; 0: never. */
int64_t session_due(const Maskline__Store__V1__Session *session);

/* The session as a client sees it: one that is past its time has ended, whatever its row says. */
void session_show(const Maskline__Store__V1__Service *service,
                  Maskline__Store__V1__Session *session, int64_t now);

/* Packs an entry and appends it to the Service's log; `entry->time` is set here. */
bool rows_append(struct rows *rows, const uint8_t *service, Maskline__Store__V1__Entry *entry,
                 uint64_t *ret_position, struct error *error);

/* The entry that rows_append is appending on this thread just now, as it was given; NULL: none. */
const Maskline__Store__V1__Entry *rows_appending(void);

/* A page token and what it stands for: the key after which the next page begins, bound to the list and its filter. */
bool page_token_write(const struct key *last, const uint8_t *hash_key, const char *list,
                      char *ret_token);
bool page_token_read(const char *token, const uint8_t *hash_key, const char *list,
                     struct key *ret_last, struct error *error);

#endif
