#include "proto/c/wire_check.h"

#include <stdlib.h>
#include <string.h>

#include "proto/c/arena.h"
#include "tests/unit/proto/c/kinds.pb-c.h"
#include "tests/unit/proto/c/samples.h"
#include "tests/unit/proto/c/strict.pb-c.h"
#include "tests/unit/suite.h"

#define KINDS        (&kinds__kinds__descriptor)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Bytes of a string literal, without its NUL. */
#define BYTES(text)  (const uint8_t *)(text), sizeof(text) - 1

static const char *reason_of(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                             size_t size, const struct wire_limits *limits)
{
    static struct error error;
    /* In memory of exactly that size, so that a read past it is seen. */
    uint8_t *exact = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, size);
    bool passed = wire_check(descriptor, exact, size, limits, &error);
    free(exact);
    return passed ? "" : error.reason;
}

#define ck_assert_passes(text) ck_assert_str_eq(reason_of(KINDS, BYTES(text), NULL), "")
#define ck_assert_malformed(text) \
    ck_assert_str_eq(reason_of(KINDS, BYTES(text), NULL), "MALFORMED_MESSAGE")

START_TEST(test_packed_messages_pass)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    struct sample samples[SAMPLES];
    samples_make(arena, samples);
    for (int i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        ck_assert_str_eq(reason_of(sample->descriptor, sample->bytes, sample->size, NULL), "");
    }
    ck_assert_passes("");
    struct error error;
    ck_assert(wire_check(KINDS, NULL, 0, NULL, &error));
}
END_TEST

START_TEST(test_numbers_of_fields)
{
    ck_assert_malformed("\x00\x01");                     /* 0 */
    ck_assert_malformed("\x80\x00\x01");                 /* 0, written long */
    ck_assert_malformed("\x07");                         /* 0, and a wire type that is none */
    ck_assert_passes("\x88\x80\x80\x80\x00\x01");        /* 1, written long */
    ck_assert_malformed("\x88\x80\x80\x80\x80\x00\x01"); /* longer than protobuf-c reads */
    ck_assert_passes("\xFA\xFF\xFF\xFF\x0F\x01\x61");    /* the largest */
    ck_assert_malformed("\xFA\xFF\xFF\xFF\x1F\x01\x61"); /* one bit more */
    ck_assert_malformed("\x88");                         /* does not end */
}
END_TEST

START_TEST(test_numbers)
{
    ck_assert_passes("\x08\x00");
    ck_assert_passes("\x08\x80\x00"); /* longer than needed */
    ck_assert_passes("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
    ck_assert_malformed("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02");
    ck_assert_malformed("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00");
    ck_assert_malformed("\x08");
    ck_assert_malformed("\x08\x80");
    ck_assert_passes("\x1D\x01\x02\x03\x04");
    ck_assert_malformed("\x1D\x01\x02\x03");
    ck_assert_passes("\x31\x01\x02\x03\x04\x05\x06\x07\x08");
    ck_assert_malformed("\x31\x01\x02\x03\x04\x05\x06\x07");
}
END_TEST

START_TEST(test_lengths)
{
    ck_assert_passes("\x82\x01\x02\x00\x01");
    ck_assert_malformed("\x82\x01\x03\x00\x01");
    ck_assert_malformed("\x82\x01");
    ck_assert_malformed("\x82\x01\x80");
    ck_assert_passes("\x82\x01\x81\x80\x80\x80\x00\x01");
    ck_assert_malformed("\x82\x01\x81\x80\x80\x80\x80\x00\x01");
    /* Lengths near 2^32, where a sum of 32 bits begins anew. */
    for (uint8_t low = 0x70; low < 0x80; low++) {
        uint8_t bytes[16] = {0x82, 0x01, (uint8_t)(0x80 | low), 0xFF, 0xFF, 0xFF, 0x0F};
        ck_assert_str_eq(reason_of(KINDS, bytes, sizeof(bytes), NULL), "MALFORMED_MESSAGE");
        bytes[6] = 0x7F;
        ck_assert_str_eq(reason_of(KINDS, bytes, sizeof(bytes), NULL), "MALFORMED_MESSAGE");
        bytes[6] = 0x07;
        ck_assert_str_eq(reason_of(KINDS, bytes, sizeof(bytes), NULL), "MALFORMED_MESSAGE");
    }
    /* A message inside ends where its length says, also when the outer one goes on. */
    ck_assert_passes("\x8A\x01\x02\x08\x01\x08\x01");
    ck_assert_malformed("\x8A\x01\x01\x08\x01");
    ck_assert_malformed("\x8A\x01\x02\x0A\x05\x08\x01\x08\x01\x08\x01");
}
END_TEST

START_TEST(test_wire_types)
{
    ck_assert_malformed("\x0B\x0C");         /* group */
    ck_assert_malformed("\xC3\x3E\xC4\x3E"); /* unknown group */
    ck_assert_malformed("\x0C");
    ck_assert_malformed("\x0E\x01");
    ck_assert_malformed("\x0F\x01");
    ck_assert_malformed("\x0D\x01\x02\x03\x04"); /* int32 as fixed32 */
    ck_assert_malformed("\x0A\x01\x01");         /* int32 packed, though it is not repeated */
    ck_assert_malformed("\x6A\x01\x01");         /* bool with a length */
    ck_assert_malformed("\x6D\x01\x02\x03\x04"); /* bool as fixed32 */
    ck_assert_malformed("\x78\x01");             /* string as a number */
    ck_assert_malformed("\x80\x01\x01");         /* bytes as a number */
    ck_assert_malformed("\x88\x01\x01");         /* message as a number */
    ck_assert_malformed("\xD8\x01\x01");         /* repeated string as a number */
    ck_assert_malformed("\xA8\x01\x01\xAD\x01\x01\x02\x03\x04");
}
END_TEST

START_TEST(test_repeated_numbers)
{
    ck_assert_passes("\xAA\x01\x03\x01\x80\x01"); /* packed */
    ck_assert_passes("\xAA\x01\x00");             /* packed, none */
    ck_assert_passes("\xA8\x01\x01\xAA\x01\x01\x02\xA8\x01\x03");
    ck_assert_passes("\xF2\x01\x02\x01\x02"); /* packed, though declared otherwise */
    ck_assert_malformed("\xAA\x01\x02\x01\x80");
    ck_assert_malformed("\xAA\x01\x0B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
    ck_assert_malformed("\xBA\x01\x03\x01\x02\x03");     /* fixed32 */
    ck_assert_malformed("\xC2\x01\x04\x01\x02\x03\x04"); /* double */
    ck_assert_passes("\xCA\x01\x02\x00\x01");
    ck_assert_malformed("\xCA\x01\x02\x00\x02"); /* bools */
    ck_assert_malformed("\xCA\x01\x02\x80\x01");
}
END_TEST

START_TEST(test_texts)
{
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        {"\x7A\x01\xFF", 3},                     /* not UTF-8 */
        {"\x7A\x03\x61\x00\x62", 5},             /* NUL in the middle */
        {"\x7A\x01\x00", 3},                     /* nothing but NUL */
        {"\xDA\x01\x01\xFF", 4},                 /* repeated */
        {"\xFA\x01\x03\x0A\x01\xFF", 6},         /* key of a map */
        {"\xFA\x01\x03\x12\x01\x00", 6},         /* value of a map */
        {"\xD2\x02\x01\xFF", 4},                 /* in a oneof */
        {"\x8A\x01\x03\x7A\x01\xFF", 6},         /* in a message */
        {"\x82\x02\x05\x12\x03\x7A\x01\xFF", 8}, /* in a message that is the value of a map */
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_str_eq(reason_of(KINDS, (const uint8_t *)bad[i].bytes, bad[i].size, NULL),
                         "INVALID_TEXT");
    ck_assert_passes("\x7A\x03\xE2\x82\xAC");
    ck_assert_passes("\x7A\x00");
    ck_assert_passes("\x82\x01\x03\xFF\x00\xFE"); /* bytes are free */
    ck_assert_passes("\xC2\x3E\x02\xFF\x00");     /* so is what is unknown */
}
END_TEST

START_TEST(test_a_message_field_stands_once)
{
    ck_assert_malformed("\x8A\x01\x00\x8A\x01\x00");
    ck_assert_malformed("\xE2\x02\x00\xD2\x02\x01\x61\xE2\x02\x00"); /* the same arm of a oneof */
    ck_assert_passes("\xE2\x02\x00\xEA\x02\x00");                    /* another arm */
    ck_assert_passes("\xEA\x01\x00\xEA\x01\x00");                    /* repeated */
    ck_assert_passes("\xEA\x01\x03\x8A\x01\x00\xEA\x01\x03\x8A\x01\x00"); /* once in each */
    ck_assert_passes("\x7A\x01\x61\x7A\x01\x62"); /* of texts and numbers the last one counts */
}
END_TEST

/* Field 17 around `depth` - 1 messages, each in the next. */
static size_t nest(uint8_t *bytes, size_t room, unsigned depth)
{
    uint8_t *at = bytes + room;
    for (unsigned level = 1; level < depth; level++) {
        size_t inside = (size_t)(bytes + room - at);
        if (inside >= 0x80)
            *--at = (uint8_t)(inside >> 7);
        *--at = (uint8_t)(inside >= 0x80 ? (inside & 0x7F) | 0x80 : inside);
        *--at = 0x01;
        *--at = 0x8A;
    }
    size_t size = (size_t)(bytes + room - at);
    memmove(bytes, at, size);
    return size;
}

START_TEST(test_depth_is_bounded)
{
    static uint8_t bytes[1024];
    struct wire_limits five = {.depth = 5}, beyond = {.depth = 1000};
    size_t size = nest(bytes, sizeof(bytes), WIRE_DEPTH);
    ck_assert_str_eq(reason_of(KINDS, bytes, size, NULL), "");
    ck_assert_str_eq(reason_of(KINDS, bytes, size, &beyond), "");
    size = nest(bytes, sizeof(bytes), WIRE_DEPTH + 1);
    ck_assert_str_eq(reason_of(KINDS, bytes, size, NULL), "MESSAGE_TOO_COMPLEX");
    ck_assert_str_eq(reason_of(KINDS, bytes, size, &beyond), "MESSAGE_TOO_COMPLEX");
    size = nest(bytes, sizeof(bytes), 5);
    ck_assert_str_eq(reason_of(KINDS, bytes, size, &five), "");
    size = nest(bytes, sizeof(bytes), 6);
    ck_assert_str_eq(reason_of(KINDS, bytes, size, &five), "MESSAGE_TOO_COMPLEX");
}
END_TEST

START_TEST(test_elements_are_bounded)
{
    static const struct {
        const char *bytes;
        size_t size, elements;
    } cases[] = {
        {"\x08\x01\x08\x02", 4, 2},             /* fields, also the same one again */
        {"\xAA\x01\x03\x01\x02\x03", 6, 4},     /* packed */
        {"\xBA\x01\x04\x01\x02\x03\x04", 7, 2}, /* packed, fixed */
        {"\xCA\x01\x02\x01\x01", 5, 3},         /* packed bools */
        {"\xC0\x3E\x01\xC0\x3E\x01", 6, 2},     /* unknown ones */
        {"\xEA\x01\x02\x08\x01", 5, 2},         /* inside a message */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        struct wire_limits limits = {.elements = cases[i].elements};
        ck_assert_str_eq(reason_of(KINDS, bytes, cases[i].size, &limits), "");
        limits.elements--;
        ck_assert_str_eq(reason_of(KINDS, bytes, cases[i].size, &limits), "MESSAGE_TOO_COMPLEX");
    }
    size_t size = 2 * (WIRE_ELEMENTS + 1);
    uint8_t *many = malloc(size);
    ck_assert_ptr_nonnull(many);
    for (size_t i = 0; i < size; i += 2)
        memcpy(many + i, "\x08\x01", 2);
    ck_assert_str_eq(reason_of(KINDS, many, size, NULL), "MESSAGE_TOO_COMPLEX");
    ck_assert_str_eq(reason_of(KINDS, many, size - 2, NULL), "");
    free(many);
    struct error error;
    ck_assert(!wire_check(KINDS, (const uint8_t *)"", (size_t)INT32_MAX + 1, NULL, &error));
    ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
}
END_TEST

START_TEST(test_a_message_of_too_many_fields_is_refused)
{
    enum { FIELDS = 600 };
    static ProtobufCFieldDescriptor fields[FIELDS];
    for (unsigned i = 0; i < FIELDS; i++)
        fields[i] = (ProtobufCFieldDescriptor){.name = "f",
                                               .id = i + 1,
                                               .label = PROTOBUF_C_LABEL_NONE,
                                               .type = PROTOBUF_C_TYPE_MESSAGE,
                                               .descriptor = &kinds__empty__descriptor};
    const ProtobufCMessageDescriptor wide = {.name = "Wide", .n_fields = FIELDS, .fields = fields};
    ck_assert_str_eq(reason_of(&wide, BYTES("\x82\x20\x00"), NULL), ""); /* 512 */
    ck_assert_str_eq(reason_of(&wide, BYTES("\x8A\x20\x00"), NULL), "MESSAGE_TOO_WIDE");
}
END_TEST

START_TEST(test_errors_name_the_field)
{
    struct error error;
    ck_assert(!wire_check(KINDS, BYTES("\x8A\x01\x03\x7A\x01\xFF"), NULL, &error));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(error.message, "The text of field a_text of kinds.Kinds is not UTF-8.");
    ck_assert(!wire_check(KINDS, BYTES("\x78\x01"), NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "a_text"));
}
END_TEST

START_TEST(test_unpacking_tells_why_it_failed)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    __attribute__((cleanup(arena_done))) struct arena *small = arena_new(64);
    ProtobufCMessage *message = NULL;
    struct error error;
    ck_assert(message_unpack(KINDS, BYTES("\x08\x05\x7A\x01\x61"), NULL, arena, &message, &error));
    ck_assert_int_eq(((Kinds__Kinds *)message)->an_int32, 5);
    ck_assert_str_eq(((Kinds__Kinds *)message)->a_text, "a");
    ProtobufCMessage *untouched = message;
    ck_assert(!message_unpack(KINDS, BYTES("\x08"), NULL, arena, &message, &error));
    ck_assert_str_eq(error.reason, "MALFORMED_MESSAGE");
    ck_assert(!message_unpack(KINDS, BYTES("\x08\x05"), NULL, small, &message, &error));
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
    ck_assert(!message_unpack(&strict__strict__descriptor, BYTES("\x0A\x01\x61"), NULL, arena,
                              &message, &error));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(error.reason, "MALFORMED_MESSAGE");
    ck_assert_ptr_eq(message, untouched);
}
END_TEST

/* Every allocation of an unpack fails once. */
START_TEST(test_an_arena_that_ends_anywhere_does_no_harm)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1 << 20);
    struct sample samples[SAMPLES];
    samples_make(arena, samples);
    for (int i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        bool unpacked = false;
        size_t failures = 0;
        for (size_t bound = 0; !unpacked; bound += 16) {
            __attribute__((cleanup(arena_done))) struct arena *small = arena_new(bound);
            ProtobufCMessage *message;
            struct error error;
            unpacked = message_unpack(sample->descriptor, sample->bytes, sample->size, NULL, small,
                                      &message, &error);
            ck_assert_uint_le(arena_used(small), bound);
            ck_assert_uint_lt(bound, 1 << 20);
            if (unpacked)
                ck_assert_uint_gt(message_visit(message, NULL), 0);
            else
                ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
            failures += !unpacked;
        }
        ck_assert_uint_gt(failures, 3);
    }
}
END_TEST

SUITE_MAIN("wire_check", test_packed_messages_pass, test_numbers_of_fields, test_numbers,
           test_lengths, test_wire_types, test_repeated_numbers, test_texts,
           test_a_message_field_stands_once, test_depth_is_bounded, test_elements_are_bounded,
           test_a_message_of_too_many_fields_is_refused, test_errors_name_the_field,
           test_unpacking_tells_why_it_failed, test_an_arena_that_ends_anywhere_does_no_harm)
