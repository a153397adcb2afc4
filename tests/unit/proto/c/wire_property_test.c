/*
 * Damaged messages: whatever wire_check lets through, protobuf-c unpacks, within bounds, and every text in it is whole. What was unpacked
 * is packed by wire_write as protobuf-c packs it.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/c/arena.h"
#include "proto/c/wire_check.h"
#include "proto/c/wire_read.h"
#include "proto/c/wire_write.h"
#include "tests/unit/proto/c/samples.h"
#include "tests/unit/proto/c/strict.pb-c.h"
#include "tests/unit/suite.h"

enum { ROUNDS = 40000, LARGEST = 4096 };

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) % bound);
}

struct bytes {
    uint8_t at[LARGEST];
    size_t size;
};

static void insert(struct bytes *bytes, size_t at, const uint8_t *from, size_t size)
{
    if (bytes->size + size > LARGEST)
        return;
    uint8_t copy[LARGEST];
    memcpy(copy, from, size);
    memmove(bytes->at + at + size, bytes->at + at, bytes->size - at);
    memcpy(bytes->at + at, copy, size);
    bytes->size += size;
}

static void cut(struct bytes *bytes, size_t at, size_t size)
{
    memmove(bytes->at + at, bytes->at + at + size, bytes->size - at - size);
    bytes->size -= size;
}

/* One change, of a kind that finds its way past checks: single bits and bytes, doubled and lost pieces, odd numbers. */
static void damage(struct bytes *bytes)
{
    static const uint8_t odd[][6] = {{0x00},
                                     {0x80, 0x00},
                                     {0xFF, 0xFF, 0xFF, 0xFF, 0x0F},
                                     {0xFB, 0xFF, 0xFF, 0xFF, 0x0F},
                                     {0x8A, 0x01, 0x00},
                                     {0xE2, 0x02, 0x02, 0x08, 0x01},
                                     {0xEA, 0x02, 0x02, 0x1A, 0x00},
                                     {0x1A, 0x02, 0x20, 0x01}};
    if (bytes->size == 0)
        return;
    size_t at = random_below((uint32_t)bytes->size);
    size_t some = 1 + random_below(16);
    if (some > bytes->size - at)
        some = bytes->size - at;
    switch (random_below(7)) {
    case 0:
        bytes->at[at] ^= (uint8_t)(1u << random_below(8));
        break;
    case 1:
        bytes->at[at] = (uint8_t)random_below(256);
        break;
    case 2:
        bytes->at[at] = (uint8_t)(bytes->at[at] + (random_below(2) ? 1 : -1));
        break;
    case 3:
        cut(bytes, at, some);
        break;
    case 4:
        insert(bytes, random_below((uint32_t)bytes->size + 1), bytes->at + at, some);
        break;
    case 5:
        insert(bytes, at, odd[random_below(8)], 1 + random_below(5));
        break;
    default:
        bytes->size = random_below(8) ? bytes->size : at;
        break;
    }
}

/* An allocator of single pieces, so that a wrong read or write inside the library's memory is seen; each knows its size. */
struct counted {
    _Alignas(16) size_t size;
    size_t allocated;
};

static void *counted_alloc(void *data, size_t size)
{
    size_t *total = data;
    struct counted *counted = malloc(sizeof(*counted) + size);
    ck_assert_ptr_nonnull(counted);
    counted->size = size;
    *total += size;
    return counted + 1;
}

static void counted_free(void *data, void *pointer)
{
    (void)data;
    if (pointer)
        free((struct counted *)pointer - 1);
}

static size_t counted_length(const char *text)
{
    return ((const struct counted *)(const void *)text - 1)->size - 1;
}

/* Packs in room that is enough, in just enough, and in too little. */
static void pack_all_ways(const ProtobufCMessage *message, const uint8_t *packed, size_t size)
{
    bool old = message->descriptor == &strict__strict__descriptor; /* proto2 */
    size_t rooms[] = {size + random_below(100), size, size ? random_below((uint32_t)size) : 0};
    for (unsigned i = 0; i < 3; i++) {
        size_t written = SIZE_MAX;
        uint8_t *room = malloc(rooms[i] + 1);
        ck_assert_ptr_nonnull(room);
        const uint8_t *bytes = wire_write(message, room, rooms[i], &written);
        ck_assert(old || (bytes != NULL) == (rooms[i] >= size));
        if (bytes) {
            ck_assert_uint_eq(written, size);
            ck_assert_ptr_eq(bytes + written, room + rooms[i]);
            ck_assert_mem_eq(bytes, packed, size);
        }
        free(room);
    }
    /* Whether or not there is a quick way. */
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(size + 64);
    size_t written = SIZE_MAX;
    const uint8_t *bytes = wire_pack(message, arena, &written);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(written, size);
    ck_assert_mem_eq(bytes, packed, size);
}

/* Unpacks what was accepted: into pieces, then into arenas, one of which ends too early. */
static void unpack_all_ways(const struct sample *sample, const struct bytes *bytes)
{
    size_t total = 0;
    ProtobufCAllocator allocator = {
        .alloc = counted_alloc, .free = counted_free, .allocator_data = &total};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(sample->descriptor, &allocator, bytes->size, bytes->at);
    /* Only a required field may be missing. */
    ck_assert(message || sample->descriptor == &strict__strict__descriptor);
    static uint8_t packed[8 * LARGEST], again[8 * LARGEST];
    size_t size = 0;
    if (message) {
        message_visit(message, counted_length);
        size = protobuf_c_message_get_packed_size(message);
        ck_assert_uint_le(size, sizeof(packed));
        protobuf_c_message_pack(message, packed);
        pack_all_ways(message, packed, size);
        protobuf_c_message_free_unpacked(message, &allocator);
    }
    ck_assert_uint_lt(total, 2000 * (bytes->size + 1));

    struct error error;
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(16 << 20);
    bool unpacked =
        message_unpack(sample->descriptor, bytes->at, bytes->size, NULL, arena, &message, &error);
    ck_assert(unpacked || sample->descriptor == &strict__strict__descriptor);
    if (unpacked) {
        message_visit(message, NULL);
        /* The same as from protobuf-c alone. */
        ck_assert_uint_eq(protobuf_c_message_get_packed_size(message), size);
        protobuf_c_message_pack(message, again);
        ck_assert_mem_eq(again, packed, size);
    }
    size_t less = arena_used(arena) ? random_below((uint32_t)arena_used(arena)) : 0;
    __attribute__((cleanup(arena_done))) struct arena *small = arena_new(less);
    if (message_unpack(sample->descriptor, bytes->at, bytes->size, NULL, small, &message, &error))
        message_visit(message, NULL);
}

/* Whether the quick way takes it. */
static bool quick(const ProtobufCMessageDescriptor *descriptor, const uint8_t *at, size_t size)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(16 << 20);
    return wire_read(descriptor, at, size, WIRE_ELEMENTS, WIRE_DEPTH, arena) != NULL;
}

/* It keeps to the same limits. */
static void check_limits(const struct sample *sample, const struct bytes *bytes)
{
    struct error error;
    struct wire_limits limits = {.elements = 1 + random_below(12), .depth = 1 + random_below(3)};
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(16 << 20);
    if (wire_read(sample->descriptor, bytes->at, bytes->size, limits.elements, limits.depth, arena))
        ck_assert(wire_check(sample->descriptor, bytes->at, bytes->size, &limits, &error));
}

START_TEST(test_what_passes_can_be_unpacked)
{
    random_state = UINT64_C(0x9E3779B97F4A7C15);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    struct sample samples[SAMPLES];
    samples_make(arena, samples);
    unsigned passed = 0, refused = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct sample *sample = &samples[random_below(SAMPLES)];
        struct bytes bytes = {.size = sample->size};
        ck_assert_uint_le(sample->size, LARGEST);
        memcpy(bytes.at, sample->bytes, sample->size);
        for (unsigned changes = random_below(4); changes > 0; changes--)
            damage(&bytes);
        /* Of exactly that size, so that a read past it is seen. */
        uint8_t *exact = malloc(bytes.size ? bytes.size : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, bytes.at, bytes.size);
        struct error error;
        bool accepted = wire_check(sample->descriptor, exact, bytes.size, NULL, &error);
        ck_assert(accepted || !quick(sample->descriptor, exact, bytes.size));
        free(exact);
        if (accepted)
            unpack_all_ways(sample, &bytes);
        passed += accepted;
        refused += !accepted;
    }
    /* Both happen often enough to say something. */
    ck_assert_uint_gt(passed, ROUNDS / 10);
    ck_assert_uint_gt(refused, ROUNDS / 10);
}
END_TEST

START_TEST(test_noise_does_no_harm)
{
    random_state = UINT64_C(0xD1B54A32D192ED03);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    struct sample samples[SAMPLES];
    samples_make(arena, samples);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct sample *sample = &samples[random_below(SAMPLES)];
        struct bytes bytes = {.size = random_below(24)};
        for (size_t i = 0; i < bytes.size; i++)
            bytes.at[i] = (uint8_t)random_below(random_below(2) ? 256 : 48);
        struct error error;
        if (wire_check(sample->descriptor, bytes.at, bytes.size, NULL, &error))
            unpack_all_ways(sample, &bytes);
        else
            ck_assert(!quick(sample->descriptor, bytes.at, bytes.size));
    }
}
END_TEST

static void put(struct bytes *bytes, const void *from, size_t size)
{
    insert(bytes, bytes->size, from, size);
}

static void put_varint(struct bytes *bytes, uint64_t value)
{
    uint8_t encoded[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        encoded[size++] = (uint8_t)(value | 0x80);
    encoded[size++] = (uint8_t)value;
    put(bytes, encoded, size);
}

static void put_fields(struct bytes *bytes, const ProtobufCMessageDescriptor *descriptor,
                       unsigned depth);

static void put_length_field(struct bytes *bytes, const ProtobufCFieldDescriptor *field,
                             unsigned depth)
{
    struct bytes inside = {.size = 0};
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (depth > 0)
            put_fields(&inside, field->descriptor, depth - 1);
    } else {
        for (unsigned i = random_below(5); i > 0; i--)
            put(&inside, random_below(30) ? "a" : "\0\xFF\xC3" + random_below(3), 1);
    }
    put_varint(bytes, inside.size);
    put(bytes, inside.at, inside.size);
}

/* A number of any kind, packed numbers, or what has a length, mostly as the field wants it. */
static void put_field(struct bytes *bytes, const ProtobufCFieldDescriptor *field, unsigned depth)
{
    unsigned wire_type = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        wire_type = 2;
        break;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        wire_type = 5;
        break;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        wire_type = 1;
        break;
    default:
        break;
    }
    if (random_below(200) == 0)
        wire_type = random_below(8);
    else if (field->label == PROTOBUF_C_LABEL_REPEATED && random_below(2))
        wire_type = 2;
    static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    put_varint(bytes, (uint64_t)field->id << 3 | wire_type);
    if (wire_type == 2)
        put_length_field(bytes, field, depth);
    else if (wire_type == 0)
        put_varint(bytes, (uint64_t)random_below(300) << random_below(56));
    else
        put(bytes, eight, wire_type == 1 ? 8 : 4);
}

static void put_fields(struct bytes *bytes, const ProtobufCMessageDescriptor *descriptor,
                       unsigned depth)
{
    for (unsigned count = random_below(5); count > 0 && descriptor->n_fields; count--) {
        const ProtobufCFieldDescriptor *field =
            &descriptor->fields[random_below(descriptor->n_fields)];
        if (bytes->size < LARGEST / 8)
            put_field(bytes, field, depth);
    }
}

/* Fields in any order and number, the same ones and arms of one oneof again, as no encoder would write them. */
START_TEST(test_odd_but_sound_messages_do_no_harm)
{
    random_state = UINT64_C(0xA0761D6478BD642F);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    struct sample samples[SAMPLES];
    samples_make(arena, samples);
    unsigned passed = 0, refused = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct sample *sample = &samples[random_below(SAMPLES)];
        struct bytes bytes = {.size = 0};
        put_fields(&bytes, sample->descriptor, 3);
        struct error error;
        bool accepted = wire_check(sample->descriptor, bytes.at, bytes.size, NULL, &error);
        if (accepted)
            unpack_all_ways(sample, &bytes);
        else
            ck_assert(!quick(sample->descriptor, bytes.at, bytes.size));
        check_limits(sample, &bytes);
        passed += accepted;
        refused += !accepted;
    }
    ck_assert_uint_gt(passed, ROUNDS / 10);
    ck_assert_uint_gt(refused, ROUNDS / 10);
}
END_TEST

SUITE_MAIN("wire_property", test_what_passes_can_be_unpacked, test_noise_does_no_harm,
           test_odd_but_sound_messages_do_no_harm)
