/*
 * What both runtimes share.
 */
#include "proto/c/rpc/core.h"
#include "proto/c/rpc/inflate.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/metadata.h"
#include "proto/c/rpc/status.h"

#include "google/protobuf/wrappers.pb-c.h"
#include "proto/c/arena.h"

#include <check.h>
#include <dlfcn.h>
#include <grpc/slice.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define DESCRIPTOR (&google__protobuf__bytes_value__descriptor)

static void setup(void)
{
    rpc_core_acquire();
}

static void teardown(void)
{
    rpc_core_release();
}

/* The bytes in `pieces` slices. */
static grpc_byte_buffer *buffer_of(const uint8_t *bytes, size_t size, size_t pieces,
                                   grpc_compression_algorithm compression)
{
    grpc_slice slices[8];
    ck_assert_uint_le(pieces, 8);
    for (size_t i = 0; i < pieces; i++) {
        size_t from = size * i / pieces;
        slices[i] = grpc_slice_from_copied_buffer((const char *)bytes + from,
                                                  size * (i + 1) / pieces - from);
    }
    grpc_byte_buffer *buffer = grpc_raw_compressed_byte_buffer_create(slices, pieces, compression);
    for (size_t i = 0; i < pieces; i++)
        grpc_slice_unref(slices[i]);
    return buffer;
}

/* Unpacks a BytesValue and destroys the buffer; the size of its value, or -1. */
static long unpack(grpc_byte_buffer *buffer, size_t max_size, struct error *error)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(8 << 20);
    ProtobufCMessage *message;
    ck_assert_ptr_nonnull(arena);
    bool good = rpc_message_unpack(DESCRIPTOR, buffer, max_size, NULL, arena, &message, error);
    grpc_byte_buffer_destroy(buffer);
    return good ? (long)((Google__Protobuf__BytesValue *)message)->value.len : -1;
}

static grpc_byte_buffer *pack_zeros(size_t size)
{
    Google__Protobuf__BytesValue value = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
    value.value.len = size;
    value.value.data = calloc(1, size + 1);
    ck_assert_ptr_nonnull(value.value.data);
    grpc_byte_buffer *buffer = rpc_message_pack(&value.base);
    free(value.value.data);
    return buffer;
}

START_TEST(messages_come_back)
{
    struct error error;
    const size_t sizes[] = {0, 1, 20, 23, 24, 100, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        ck_assert_int_eq(unpack(pack_zeros(sizes[i]), 1 << 20, &error), (long)sizes[i]);
    ck_assert_int_eq(unpack(pack_zeros(1000), 1002, &error), -1);
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

/* A packed BytesValue of this many zeros; freed by the caller. */
static uint8_t *packed(size_t size, size_t *ret_size)
{
    Google__Protobuf__BytesValue value = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
    value.value.len = size;
    value.value.data = calloc(1, size + 1);
    uint8_t *bytes = malloc(size + 16);
    ck_assert_ptr_nonnull(value.value.data);
    ck_assert_ptr_nonnull(bytes);
    *ret_size = protobuf_c_message_pack(&value.base, bytes);
    free(value.value.data);
    return bytes;
}

START_TEST(pieces_are_put_together)
{
    struct error error;
    size_t size;
    uint8_t *bytes = packed(10000, &size);
    for (size_t pieces = 0; pieces <= 8; pieces++)
        ck_assert_int_eq(
            unpack(buffer_of(bytes, size, pieces, GRPC_COMPRESS_NONE), 1 << 20, &error),
            pieces ? 10000 : 0);
    ck_assert_int_eq(unpack(buffer_of(bytes, size, 3, GRPC_COMPRESS_NONE), 5000, &error), -1);
    ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
    free(bytes);
}
END_TEST

enum { GZIP = 16 + 15, ZLIB = 15 };

static uint8_t *deflated(size_t zeros, int window, size_t *ret_size)
{
    size_t size;
    uint8_t *bytes = packed(zeros, &size);
    uint8_t *out = malloc(size + 1000);
    ck_assert_ptr_nonnull(out);
    z_stream stream = {.next_in = bytes, .avail_in = (uInt)size};
    stream.next_out = out;
    stream.avail_out = (uInt)size + 1000;
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_size = (size_t)(stream.next_out - out);
    deflateEnd(&stream);
    free(bytes);
    return out;
}

START_TEST(inflates_within_the_bound)
{
    struct error error;
    const int windows[] = {GZIP, ZLIB};
    const size_t counts[] = {0, 1, 4000, 4093, 4094, 100000, 1000000};
    for (size_t w = 0; w < 2; w++) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            size_t size;
            uint8_t *bytes = deflated(counts[i], windows[w], &size);
            for (size_t pieces = 1; pieces <= 3; pieces++)
                ck_assert_int_eq(
                    unpack(buffer_of(bytes, size, pieces, GRPC_COMPRESS_GZIP), 1 << 20, &error),
                    (long)counts[i]);
            free(bytes);
        }
    }
    size_t size;
    uint8_t *bytes = deflated(1000, GZIP, &size);
    ck_assert_int_eq(unpack(buffer_of(bytes, size, 1, GRPC_COMPRESS_GZIP), 1003, &error), 1000);
    ck_assert_int_eq(unpack(buffer_of(bytes, size, 1, GRPC_COMPRESS_GZIP), 1002, &error), -1);
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
    free(bytes);
    bytes = deflated(200000000, GZIP, &size);
    ck_assert_int_eq(unpack(buffer_of(bytes, size, 2, GRPC_COMPRESS_GZIP), 1 << 20, &error), -1);
    ck_assert_str_eq(error.reason, "MESSAGE_TOO_LARGE");
    free(bytes);
}
END_TEST

START_TEST(what_cannot_be_inflated_is_refused)
{
    struct error error;
    size_t size;
    uint8_t *bytes = deflated(10000, GZIP, &size);
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_int_eq(unpack(buffer_of(bytes, cut, 1, GRPC_COMPRESS_GZIP), 1 << 20, &error), -1);
        ck_assert_str_eq(error.reason, "BAD_COMPRESSION");
    }
    bytes[size / 2] ^= 0x55;
    ck_assert_int_eq(unpack(buffer_of(bytes, size, 1, GRPC_COMPRESS_GZIP), 1 << 20, &error), -1);
    free(bytes);
    bytes = deflated(100, GZIP, &size);
    uint8_t *more = calloc(1, size + 5);
    ck_assert_ptr_nonnull(more);
    memcpy(more, bytes, size);
    for (size_t pieces = 1; pieces <= 4; pieces++) {
        ck_assert_int_eq(
            unpack(buffer_of(more, size + 5, pieces, GRPC_COMPRESS_GZIP), 1 << 20, &error), -1);
        ck_assert_str_eq(error.reason, "BAD_COMPRESSION");
    }
    free(more);
    free(bytes);
}
END_TEST

START_TEST(metadata_is_checked_and_found)
{
    struct rpc_metadata list = {.count = 0};
    struct rpc_metadata more = {.count = 0};
    ck_assert(rpc_metadata_add(&list, "key", "value", 5));
    ck_assert(rpc_metadata_add(&list, "raw-bin", "\000\377", 2));
    ck_assert(rpc_metadata_add(&list, RPC_DETAILS_KEY, "\000", 1));
    ck_assert(!rpc_metadata_add(&list, "Key", "value", 5));
    ck_assert(!rpc_metadata_add(&list, "", "value", 5));
    ck_assert(!rpc_metadata_add(&list, ":path", "value", 5));
    ck_assert(!rpc_metadata_add(&list, "key", "\377", 1));
    ck_assert(!rpc_metadata_add(&list, "grpc-timeout", "1S", 2));
    ck_assert_uint_eq(list.count, 3);
    for (int i = 0; i < 20; i++)
        ck_assert(rpc_metadata_add(&more, "more", "x", 1));
    rpc_metadata_move(&list, &more);
    ck_assert_uint_eq(list.count, 23);
    ck_assert_uint_eq(more.count, 0);
    const grpc_metadata_array array = {.count = list.count, .metadata = list.items};
    ck_assert(rpc_slice_is(*rpc_metadata_find(&array, "key"), "value"));
    ck_assert_ptr_null(rpc_metadata_find(&array, "absent"));
    ck_assert_ptr_null(rpc_metadata_find(&array, "ke"));
    rpc_metadata_clear(&list);
    rpc_metadata_clear(&list);
    rpc_metadata_clear(&more);
}
END_TEST

START_TEST(details_go_there_and_back)
{
    struct rpc_metadata trailing = {.count = 0};
    struct error error;
    struct error read;
    error_set(&error, STATUS_NOT_FOUND, "", 0, "Only words.");
    rpc_status_add_details(&error, &trailing);
    ck_assert_uint_eq(trailing.count, 0);
    error_set(&error, STATUS_NOT_FOUND, "SESSION_NOT_FOUND", 80001, "Not there.");
    for (int i = 0; i < ERROR_METADATA; i++)
        error_metadata(&error, "key", "%0150d", i);
    for (int i = 0; i < ERROR_FIELDS; i++)
        error_field(&error, "field", "%0120d", i);
    rpc_status_add_details(&error, &trailing);
    ck_assert_uint_eq(trailing.count, 1);
    size_t size = GRPC_SLICE_LENGTH(trailing.items[0].value);
    const uint8_t *bytes = GRPC_SLICE_START_PTR(trailing.items[0].value);
    ck_assert_uint_le(size, RPC_DETAILS_MAX);
    rpc_status_read(GRPC_STATUS_NOT_FOUND, "Not there.", bytes, size, &read);
    ck_assert_int_eq(read.code, STATUS_NOT_FOUND);
    ck_assert_str_eq(read.reason, "SESSION_NOT_FOUND");
    ck_assert_int_eq(read.original, 80001);
    ck_assert_str_eq(read.message, "Not there.");
    /* Details of another code are not believed. */
    rpc_status_read(GRPC_STATUS_ABORTED, "Words.", bytes, size, &read);
    ck_assert_int_eq(read.code, STATUS_ABORTED);
    ck_assert_str_eq(read.reason, "");
    ck_assert_str_eq(read.message, "Words.");
    rpc_status_read((grpc_status_code)77, NULL, (const uint8_t *)"\377", 1, &read);
    ck_assert_int_eq(read.code, STATUS_UNKNOWN);
    rpc_metadata_clear(&trailing);
}
END_TEST

START_TEST(time_is_left)
{
    ck_assert_int_eq(rpc_time_left(rpc_deadline(-1)), INT64_MAX);
    ck_assert_int_le(rpc_time_left(rpc_deadline(0)), 0);
    int64_t left = rpc_time_left(rpc_deadline(60000));
    ck_assert_int_le(left, INT64_C(60000000000));
    ck_assert_int_gt(left, INT64_C(30000000000));
    ck_assert_int_lt(rpc_time_left(gpr_inf_past(GPR_CLOCK_MONOTONIC)), 0);
    ck_assert_int_gt(rpc_time_left(rpc_deadline(INT64_MAX)), INT64_C(1) << 60);
}
END_TEST

/* A name that the library no longer has would only be noticed by what calls cost. */
START_TEST(the_switch_for_deadlocks_is_found)
{
    ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, RPC_DEADLOCK_SWITCH));
}
END_TEST

START_TEST(arguments_fit)
{
    struct rpc_arguments arguments = {.count = 0};
    rpc_arguments_number(&arguments, "a", INT64_MAX);
    rpc_arguments_number(&arguments, "b", INT64_MIN);
    rpc_arguments_text(&arguments, "c", "text");
    grpc_channel_args list = rpc_arguments_list(&arguments);
    ck_assert_uint_eq(list.num_args, 3);
    ck_assert_int_eq(list.args[0].value.integer, INT_MAX);
    ck_assert_int_eq(list.args[1].value.integer, INT_MIN);
    ck_assert_str_eq(list.args[2].value.string, "text");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc");
    TCase *cases = tcase_create("rpc");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, messages_come_back);
    tcase_add_test(cases, pieces_are_put_together);
    tcase_add_test(cases, inflates_within_the_bound);
    tcase_add_test(cases, what_cannot_be_inflated_is_refused);
    tcase_add_test(cases, metadata_is_checked_and_found);
    tcase_add_test(cases, details_go_there_and_back);
    tcase_add_test(cases, time_is_left);
    tcase_add_test(cases, the_switch_for_deadlocks_is_found);
    tcase_add_test(cases, arguments_fit);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
