#include "bazel/protoc-gen-grpc-c/wire.h"

#include "google/protobuf/descriptor.pb-c.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct wire wire_of(const char *bytes, size_t size)
{
    return (struct wire){(const uint8_t *)bytes, (const uint8_t *)bytes + size};
}

START_TEST(test_fields)
{
    static const char bytes[] = "\x08\x96\x01"
                                "\x12\x03"
                                "abc"
                                "\x1d"
                                "\x01\x02\x03\x04"
                                "\x21"
                                "\x01\x02\x03\x04\x05\x06\x07\x08"
                                "\x82\x01\x00";
    struct wire wire = wire_of(bytes, sizeof bytes - 1);
    struct wire_field field;
    ck_assert(wire_next(&wire, &field));
    ck_assert_uint_eq(field.tag, 1);
    ck_assert_uint_eq(field.number, 150);
    ck_assert_ptr_null(field.bytes);
    ck_assert(wire_next(&wire, &field));
    ck_assert_uint_eq(field.tag, 2);
    ck_assert(field.size == 3 && memcmp(field.bytes, "abc", 3) == 0);
    ck_assert(wire_next(&wire, &field) && field.tag == 3 && !field.bytes);
    ck_assert(wire_next(&wire, &field) && field.tag == 4 && !field.bytes);
    ck_assert(wire_next(&wire, &field) && field.tag == 16 && field.bytes && field.size == 0);
    ck_assert(!wire_next(&wire, &field));
    ck_assert_ptr_eq(wire.at, wire.end);
}
END_TEST

START_TEST(test_rubbish_stops)
{
    static const char *const cases[] = {"\x08",
                                        "\x12\x04"
                                        "abc",
                                        "\x0b",
                                        "\x0c",
                                        "\x0e",
                                        "\x1d\x01\x02\x03",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                        "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire wire = wire_of(cases[i], strlen(cases[i]));
        struct wire_field field;
        ck_assert(!wire_next(&wire, &field));
        ck_assert_ptr_ne(wire.at, wire.end);
    }
}
END_TEST

START_TEST(test_unknown_fields_open)
{
    uint8_t data[] = {2, 0x08, 1};
    ProtobufCMessageUnknownField field = {.tag = 9,
                                          .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                          .len = sizeof data,
                                          .data = data};
    struct wire wire;
    ck_assert(wire_open(&wire, &field));
    ck_assert_uint_eq((size_t)(wire.end - wire.at), 2);
    data[0] = 3;
    ck_assert(!wire_open(&wire, &field));
    field.len = 0;
    ck_assert(!wire_open(&wire, &field));
    field.wire_type = PROTOBUF_C_WIRE_TYPE_VARINT;
    ck_assert(!wire_open(&wire, &field));
}
END_TEST

/* A DescriptorProto whose field nested_type (3) holds another, and so on; written from the inside. */
static size_t nest(uint8_t *buffer, size_t capacity, int depth)
{
    size_t start = capacity;
    for (int i = 0; i < depth; i++) {
        uint8_t length[10];
        size_t digits = 0;
        for (size_t size = capacity - start; digits == 0 || size > 0; size >>= 7)
            length[digits++] = (uint8_t)((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
        start -= digits + 1;
        buffer[start] = 3 << 3 | 2;
        memcpy(buffer + start + 1, length, digits);
    }
    return start;
}

START_TEST(test_depth)
{
    enum { CAPACITY = 1 << 20 };
    uint8_t *buffer = malloc(CAPACITY);
    ck_assert_ptr_nonnull(buffer);
    const ProtobufCMessageDescriptor *descriptor = &google__protobuf__descriptor_proto__descriptor;
    for (int depth = 0; depth < 20; depth++) {
        size_t start = nest(buffer, CAPACITY, depth);
        ck_assert(wire_is_shallow(buffer + start, CAPACITY - start, descriptor, depth));
        ck_assert(depth == 0 ||
                  !wire_is_shallow(buffer + start, CAPACITY - start, descriptor, depth - 1));
    }
    size_t start = nest(buffer, CAPACITY, 190000);
    ck_assert(!wire_is_shallow(buffer + start, CAPACITY - start, descriptor, 200));
    /* A name (1) that looks like a message is none. */
    static const uint8_t name[] = {1 << 3 | 2, 2, 3 << 3 | 2, 0};
    ck_assert(wire_is_shallow(name, sizeof name, descriptor, 0));
    free(buffer);
}
END_TEST

SUITE_MAIN("wire", test_fields, test_rubbish_stops, test_unknown_fields_open, test_depth)
