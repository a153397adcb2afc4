/*
 * The rows that follow from entries: what the files of derivation share. The law is in storage/txn.h: a row's new value is a function of
 * the entry and of its own old value. So no function here looks at one row to write another, and a row that is not there any more
 * (replay begins before the entry that deleted it) is passed over.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_DERIVE_H
#define MASKLINE_SERVER_MASKING_DERIVE_DERIVE_H

#include "server/masking/internal.h"

struct deriving {
    struct masking *masking;
    struct derivation *derivation;
    struct arena *arena;
    uint32_t tenant;
    const uint8_t *service; /* whose log it is; also its pool */
    const Maskline__Store__V1__Entry *entry;
    struct bytes packed; /* the entry as it stands in the log */
};

/* All return false when the derivation must end. */

bool derive_services(struct deriving *d);
bool derive_numbers(struct deriving *d);
bool derive_sessions(struct deriving *d);
bool derive_messages(struct deriving *d);
bool derive_bars(struct deriving *d);

/* ---- derive_messages.c ---- */

/* A notice that the entry makes; NULL: none. */
bool derive_notice(struct deriving *d, const Maskline__Store__V1__Interaction *notice);
/* What a repeat of a carrier's message will find; nothing when it has no key. */
bool derive_dedupe(struct deriving *d, const ProtobufCBinaryData *hash,
                   const Maskline__Store__V1__Dedupe *dedupe);

/* ---- derive_calls.c ---- */

/* All that a call has beside what every interaction has; its session's row, too. */
bool derive_call_created(struct deriving *d, const Maskline__Store__V1__InteractionCreated *change);
bool derive_call_changed(struct deriving *d, const Maskline__Store__V1__CallChanged *change);
bool derive_calls_orphaned(struct deriving *d, const Maskline__Store__V1__SessionDeleted *deleted);
/* Something has changed by which the calls of this session that live may have to end. */
void derive_calls_look(struct deriving *d, const uint8_t *session);

/* ---- derive_routes.c ---- */

bool derive_taken(struct deriving *d, const uint8_t *session, int64_t release_time,
                  Maskline__Store__V1__RouteChange **taken, size_t count);
bool derive_released(struct deriving *d, const uint8_t *session, int64_t release_time,
                     Maskline__Store__V1__RouteChange **released, size_t count);
bool derive_peers(struct deriving *d, const uint8_t *session,
                  Maskline__Store__V1__RouteChange **changed, size_t count);
bool derive_forgotten(struct deriving *d, const Maskline__Store__V1__SessionDeleted *deleted);
/* How many sessions use a number, and that this one does or does no more. `is_new`: the session begins with this entry. */
bool derive_uses(struct deriving *d, const uint8_t *session, bool is_new,
                 Maskline__Store__V1__UseChange **uses, size_t count);

/* ---- derive_rows.c ---- */

/* What stands in the entry's change as field `number`: of that, a row has the same bytes, and nothing is packed twice. False: it stands
 * there not at all, or more than once. */
bool derive_packed(const struct deriving *d, uint64_t number, struct bytes *ret_packed);

bool derive_record(struct deriving *d, enum kv_family family, const struct key *key,
                   const ProtobufCMessage *record, int64_t purge_after, enum row_timing timing);
/* For a key that no row ever had before (derive_put_new). */
bool derive_new_record(struct deriving *d, enum kv_family family, const struct key *key,
                       const ProtobufCMessage *record);
/* Bytes as they are. */
bool derive_text(struct deriving *d, enum kv_family family, const struct key *key,
                 struct bytes value, enum row_timing timing);
/* The row's old value as a record in the arena, which may be changed and written. FAILED also when it cannot be read. */
enum row_state derive_old_record(struct deriving *d, enum kv_family family, const struct key *key,
                                 const ProtobufCMessageDescriptor *kind, void *ret_record);
/* Deletes the row of a name if it still names this one. */
bool derive_name_gone(struct deriving *d, enum kv_family family, const struct key *key,
                      const uint8_t *sid);

/* A person as an entry has it. False: it has none. */
bool derive_person(const ProtobufCBinaryData *bytes, struct person *ret_person);

#endif
