#include "server/masking/derive/derive.h"
#include "server/masking/derive/fields.h"

#include "proto/c/wire_check.h"
#include "proto/c/wire_write.h"

#include <string.h>

bool derive_packed(const struct deriving *d, uint64_t number, struct bytes *ret_packed)
{
    struct bytes change;
    return field_find(d->packed, d->entry->change_case, &change) &&
           field_find(change, number, ret_packed);
}

static bool pack(struct deriving *d, const ProtobufCMessage *record, struct bytes *ret_packed)
{
    ret_packed->data = wire_pack(record, d->arena, &ret_packed->size);
    return ret_packed->data != NULL;
}

bool derive_record(struct deriving *d, enum kv_family family, const struct key *key,
                   const ProtobufCMessage *record, int64_t purge_after, enum row_timing timing)
{
    struct bytes packed;
    return pack(d, record, &packed) &&
           derive_put(d->derivation, family, key_bytes(key), packed, purge_after, timing);
}

bool derive_new_record(struct deriving *d, enum kv_family family, const struct key *key,
                       const ProtobufCMessage *record)
{
    struct bytes packed;
    return pack(d, record, &packed) &&
           derive_put_new(d->derivation, family, key_bytes(key), packed, 0);
}

bool derive_text(struct deriving *d, enum kv_family family, const struct key *key,
                 struct bytes value, enum row_timing timing)
{
    return derive_put(d->derivation, family, key_bytes(key), value, 0, timing);
}

enum row_state derive_old_record(struct deriving *d, enum kv_family family, const struct key *key,
                                 const ProtobufCMessageDescriptor *kind, void *ret_record)
{
    struct kv_value old;
    enum row_state state = derive_old(d->derivation, family, key_bytes(key), &old);
    if (state != ROW_PRESENT)
        return state;
    void *record = message_unpack_own(kind, old.bytes.data, old.bytes.size, d->arena);
    if (!record)
        return ROW_FAILED;
    memcpy(ret_record, &record, sizeof record);
    return ROW_PRESENT;
}

bool derive_name_gone(struct deriving *d, enum kv_family family, const struct key *key,
                      const uint8_t *sid)
{
    struct kv_value old;
    enum row_state state = derive_old(d->derivation, family, key_bytes(key), &old);
    if (state != ROW_PRESENT)
        return state != ROW_FAILED;
    if (old.bytes.size != SID_BYTES || memcmp(old.bytes.data, sid, SID_BYTES) != 0)
        return true;
    return derive_delete(d->derivation, family, key_bytes(key), ROW_LATER);
}

bool derive_person(const ProtobufCBinaryData *bytes, struct person *ret_person)
{
    if (bytes->len != PERSON_SIZE)
        return false;
    memcpy(ret_person->bytes, bytes->data, PERSON_SIZE);
    return true;
}
