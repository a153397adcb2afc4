/*
 * Records at rest: the header of values, keys, legs inside packed interactions. What is damaged is refused; what can be read is read the same
 * way as protobuf-c reads the whole.
 *
 * Input: which leg, the new time, then an Interaction's bytes; the same bytes also stand for a value and a key.
 */
#include "maskline/store/v1/records.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/wire_check.h"
#include "server/masking/derive/leg_bytes.h"
#include "storage/keys.h"
#include "storage/kv_internal.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024, HEAD = 1 + 8 };

#define INTERACTION maskline__store__v1__interaction__descriptor

typedef Maskline__Store__V1__Interaction interaction_type;

/* ---- legs ---- */

static uint8_t *pack(struct arena *arena, const ProtobufCMessage *message, size_t *ret_size)
{
    uint8_t *bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    if (!bytes)
        abort();
    *ret_size = protobuf_c_message_pack(message, bytes);
    return bytes;
}

static void must_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    size_t a_size, b_size;
    const uint8_t *a_bytes = pack(arena, a, &a_size), *b_bytes = pack(arena, b, &b_size);
    must(a_size == b_size && !memcmp(a_bytes, b_bytes, a_size), "two readings of a %s differ",
         a->descriptor->name);
}

static void check_replaced(struct arena *arena, interaction_type *whole, uint32_t index,
                           int64_t time, struct bytes replaced, const Maskline__Store__V1__Leg *leg)
{
    ProtobufCMessage *read;
    struct error error;
    must(message_unpack(&INTERACTION, replaced.data, replaced.size, NULL, arena, &read, &error),
         "the changed interaction cannot be read: %s", error.message);
    whole->outbound[index] = (Maskline__Store__V1__Leg *)(uintptr_t)leg;
    whole->update_time = time;
    must_equal(arena, &whole->base, read);
}

static void check_leg(struct bytes packed, uint32_t index, int64_t time)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(MEMORY);
    if (!arena)
        abort();
    ProtobufCMessage *message;
    struct error error;
    bool sound =
        message_unpack(&INTERACTION, packed.data, packed.size, NULL, arena, &message, &error);
    interaction_type *whole = (interaction_type *)(void *)message;
    struct leg_bytes found = {.leg = NULL};
    bool read = leg_bytes_read(packed, index, arena, &found);
    must(read || !sound, "a sound interaction's leg cannot be read");
    must(!found.leg || read, "a leg comes with a yes only");
    if (sound) {
        must(found.expire_time == whole->expire_time, "expire_time");
        must((found.leg != NULL) == (index < whole->n_outbound), "leg %u of %zu", index,
             whole->n_outbound);
        if (found.leg)
            must_equal(arena, &found.leg->base, &whole->outbound[index]->base);
    }
    Maskline__Store__V1__Leg leg = MASKLINE__STORE__V1__LEG__INIT;
    leg.update_time = time;
    leg.carrier = (char *)(uintptr_t) "another";
    uint8_t leg_packed[64];
    struct bytes its = {leg_packed, maskline__store__v1__leg__pack(&leg, leg_packed)};
    struct bytes replaced;
    bool done = leg_bytes_replace(packed, index, its, time, arena, &replaced);
    must(done == (found.leg != NULL) || !sound, "what can be read can be replaced");
    if (done && sound)
        check_replaced(arena, whole, index, time, replaced, &leg);
    /* Done again, it changes nothing: rows do not grow with each receipt. */
    struct bytes again;
    if (done)
        must(leg_bytes_replace(replaced, index, its, time, arena, &again) &&
                 again.size == replaced.size && !memcmp(again.data, replaced.data, again.size),
             "%zu bytes became %zu", replaced.size, again.size);
}

/* ---- values and keys ---- */

static void check_value(const uint8_t *bytes, size_t size)
{
    struct kv_value value;
    if (!kv_value_read((const char *)bytes, size, &value))
        return;
    must(value.bytes.size + VALUE_HEADER == size, "%zu of %zu bytes", value.bytes.size, size);
    uint8_t again[VALUE_HEADER] = {VALUE_FORMAT};
    put_u64(again + 1, (uint64_t)value.purge_after);
    put_u64(again + 9, value.sequence);
    must(!memcmp(again, bytes, VALUE_HEADER), "a header has one form");
}

static void check_any_key(struct bytes key)
{
    uint64_t position;
    sid_bytes a, b;
    uint32_t leg;
    int64_t time;
    struct bytes proxy;
    if (key_log_position(key, &position)) {
        struct log_id log;
        memcpy(log.bytes, key.data, sizeof log.bytes);
        struct key again = key_log_entry(&log, position);
        must(again.size == key.size && !memcmp(again.data, key.data, key.size), "a log's key");
    }
    if (key_attempt_leg(key, a, b, &leg)) {
        const uint8_t *data = key.data;
        uint32_t tenant =
            (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
        struct key again = key_attempt(tenant, data + 4, a, b, leg);
        must(again.size == key.size && !memcmp(again.data, key.data, key.size), "an attempt's key");
    }
    if (key_route_proxy(key, &proxy))
        must(proxy.size > 0 &&
                 (const uint8_t *)proxy.data + proxy.size == (const uint8_t *)key.data + key.size,
             "a proxy identifier stands at the end");
    key_time(key, &time);
    key_last_sid(key, a);
    key_service_sid(key, a);
}

/* Times sort as keys do, from 1970 on. */
static void check_order(const uint8_t *sid, int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return;
    struct key first = key_expiry(TENANT_DEFAULT, sid, a, sid),
               second = key_expiry(TENANT_DEFAULT, sid, b, sid);
    int order = memcmp(first.data, second.data, first.size);
    must(first.size == second.size && (order < 0) == (a < b) && (order > 0) == (a > b), "order");
    int64_t read;
    sid_bytes last;
    must(key_time(key_bytes(&first), &read) && read == a, "a key's time");
    must(key_last_sid(key_bytes(&first), last) && !memcmp(last, sid, sizeof last), "its SID");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    uint32_t index = feed_byte(&feed) % 8u;
    int64_t time = (int64_t)feed_number(&feed, 8);
    size_t count;
    uint8_t *bytes = feed_rest(&feed, &count);
    check_leg((struct bytes){bytes, count}, index, time);
    check_value(bytes, count);
    check_any_key((struct bytes){bytes, count});
    if (count >= 24)
        check_order(bytes + 8, (int64_t)get_u64(bytes), time);
    free(bytes);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    if (size < HEAD || most < 2 * HEAD || seed % 4 == 0)
        return LLVMFuzzerMutate(data, size, most);
    return HEAD + message_mutate(&INTERACTION, data + HEAD, size - HEAD, most - HEAD, seed, NULL);
}
