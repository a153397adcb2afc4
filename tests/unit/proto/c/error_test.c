#include "proto/c/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/utf8.h"
#include "tests/unit/suite.h"

/* An error with something in each place. */
static struct error sample(void)
{
    struct error error;
    error_set(&error, STATUS_FAILED_PRECONDITION, "POOL_EXHAUSTED", 80202,
              "No number is free: %d of %d.", 5, 5);
    error_metadata(&error, "service", "KS%032d", 1);
    error_metadata(&error, "country", "DE");
    error_field(&error, "participants[1].identifier", "must be in E.164, not \"%s\"", "abc");
    error_field(&error, "ttl", "is negative");
    error.retry_ms = 2500;
    return error;
}

/* The largest there can be. */
static struct error full(void)
{
    struct error error;
    error_set(&error, STATUS_INVALID_ARGUMENT, "A_REASON_THAT_IS_LONGER_THAN_ALL_OTHERS_AND_IS_CUT",
              -80123, "%999s", "€");
    for (int i = 0; i < ERROR_FIELDS; i++)
        error_field(&error, "a_name_of_a_field_that_is_quite_long.and.longer[12].and_longer_still",
                    "%999s", "x");
    for (int i = 0; i < ERROR_METADATA; i++) {
        char key[] = "0_key_that_is_too_long_for_the_room_there_is";
        key[0] = (char)('0' + i);
        error_metadata(&error, key, "%d%999s", i, "x");
    }
    error.retry_ms = INT64_MAX;
    return error;
}

static void assert_same(const struct error *a, const struct error *b)
{
    ck_assert_int_eq(a->code, b->code);
    ck_assert_int_eq(a->original, b->original);
    ck_assert_str_eq(a->reason, b->reason);
    ck_assert_str_eq(a->message, b->message);
    ck_assert_int_eq(a->retry_ms, b->retry_ms);
    ck_assert_uint_eq(a->field_count, b->field_count);
    for (unsigned i = 0; i < a->field_count; i++) {
        ck_assert_str_eq(a->fields[i].name, b->fields[i].name);
        ck_assert_str_eq(a->fields[i].description, b->fields[i].description);
    }
    ck_assert_uint_eq(a->metadata_count, b->metadata_count);
    for (unsigned i = 0; i < a->metadata_count; i++) {
        ck_assert_str_eq(a->metadata[i].key, b->metadata[i].key);
        ck_assert_str_eq(a->metadata[i].value, b->metadata[i].value);
    }
}

START_TEST(test_setting_and_clearing)
{
    struct error error;
    memset(&error, 0xAB, sizeof(error));
    ck_assert(
        !error_set(&error, STATUS_NOT_FOUND, "NO_SUCH_SESSION", 80603, "There is no %s.", "KC1"));
    ck_assert_int_eq(error.code, STATUS_NOT_FOUND);
    ck_assert_int_eq(error.original, 80603);
    ck_assert_str_eq(error.reason, "NO_SUCH_SESSION");
    ck_assert_str_eq(error.message, "There is no KC1.");
    ck_assert_int_eq(error.retry_ms, -1);
    ck_assert_uint_eq(error.field_count, 0);
    ck_assert_uint_eq(error.metadata_count, 0);
    error_clear(&error);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_str_eq(error.message, "");
    ck_assert_str_eq(error.reason, "");
}
END_TEST

START_TEST(test_an_error_may_be_made_of_itself)
{
    struct error error;
    error_set(&error, STATUS_INTERNAL, "BROKEN", 0, "It broke");
    error_set(&error, STATUS_UNAVAILABLE, error.reason, 0, "Not now: %s.", error.message);
    ck_assert_str_eq(error.message, "Not now: It broke.");
    ck_assert_str_eq(error.reason, "BROKEN");
}
END_TEST

START_TEST(test_the_first_field_makes_the_error)
{
    struct error error;
    error_clear(&error);
    ck_assert(!error_field(&error, "ttl", "is %d", -1));
    ck_assert(!error_field(&error, "mode", "is unknown"));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(error.reason, "INVALID_FIELD");
    ck_assert_int_eq(error.original, 80701);
    ck_assert_str_eq(error.message, "ttl: is -1");
    ck_assert_uint_eq(error.field_count, 2);
    ck_assert_str_eq(error.fields[1].name, "mode");
    ck_assert_str_eq(error.fields[1].description, "is unknown");

    error_set(&error, STATUS_OUT_OF_RANGE, "TOO_LONG", 80702, "Too long.");
    error_field(&error, "ttl", "is too long");
    ck_assert_int_eq(error.code, STATUS_OUT_OF_RANGE);
    ck_assert_str_eq(error.reason, "TOO_LONG");
    ck_assert_uint_eq(error.field_count, 1);
}
END_TEST

START_TEST(test_what_does_not_fit_is_cut_or_left_out)
{
    struct error error = full();
    for (int i = 0; i < 5; i++) {
        error_field(&error, "more", "more");
        error_metadata(&error, "more", "more");
    }
    ck_assert_uint_eq(error.field_count, ERROR_FIELDS);
    ck_assert_uint_eq(error.metadata_count, ERROR_METADATA);
    ck_assert_uint_eq(strlen(error.reason), sizeof(error.reason) - 1);
    ck_assert_uint_eq(strlen(error.fields[0].name), sizeof(error.fields[0].name) - 1);
}
END_TEST

START_TEST(test_a_key_stands_once)
{
    struct error error = full();
    char key[] = "0_key_that_is_too_long_for_the_room_there_is";
    error_metadata(&error, key, "first");
    key[0] = '7';
    error_metadata(&error, key, "last");
    ck_assert_uint_eq(error.metadata_count, ERROR_METADATA);
    ck_assert_str_eq(error.metadata[0].value, "first");
    ck_assert_str_eq(error.metadata[7].value, "last");
    ck_assert_str_eq(error.metadata[7].key, "7_key_that_is_too_long_for_the_");
    error = sample();
    error_metadata(&error, "country", "%s", "FR");
    error_metadata(&error, "countries", "%s", "FR");
    ck_assert_uint_eq(error.metadata_count, 3);
    ck_assert_str_eq(error.metadata[1].value, "FR");
}
END_TEST

START_TEST(test_texts_stay_utf8)
{
    struct error error;
    for (int before = 300; before < 325; before++) {
        error_set(&error, STATUS_INTERNAL, "R", 0, "%*s€€€€€€€€€", before, "x");
        ck_assert(utf8_valid((const uint8_t *)error.message, strlen(error.message)));
        ck_assert_uint_ge(strlen(error.message), sizeof(error.message) - 5);
    }
    error_set(&error, STATUS_INTERNAL, "R", 0,
              "a\xFF"
              "b");
    ck_assert_str_eq(error.message, "a?b");
}
END_TEST

START_TEST(test_packed_and_back)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
    struct error errors[] = {sample(), full(), sample()};
    error_set(&errors[2], STATUS_UNKNOWN, "", 0, "%s", "");
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        ProtobufCBinaryData packed;
        struct error back;
        memset(&back, 0xAB, sizeof(back));
        ck_assert(error_pack(&errors[i], arena, 100000, &packed));
        ck_assert(error_unpack(packed.data, packed.len, &back));
        if (i == 1) {
            /* A Duration ends after 10,000 years. */
            ck_assert_int_eq(back.retry_ms, INT64_C(315576000000000));
            back.retry_ms = errors[i].retry_ms;
        }
        assert_same(&errors[i], &back);
    }
}
END_TEST

START_TEST(test_others_can_read_it)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
    struct error error = sample();
    ProtobufCBinaryData packed;
    ck_assert(error_pack(&error, arena, 100000, &packed));
    Google__Rpc__Status *status =
        google__rpc__status__unpack(arena_allocator(arena), packed.len, packed.data);
    ck_assert_ptr_nonnull(status);
    ck_assert_int_eq(status->code, 9);
    ck_assert_str_eq(status->message, "No number is free: 5 of 5.");
    ck_assert_uint_eq(status->n_details, 3);
    ck_assert_str_eq(status->details[0]->type_url, "type.googleapis.com/google.rpc.ErrorInfo");
    Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(
        arena_allocator(arena), status->details[0]->value.len, status->details[0]->value.data);
    ck_assert_str_eq(info->reason, "POOL_EXHAUSTED");
    ck_assert_str_eq(info->domain, "maskline");
    ck_assert_uint_eq(info->n_metadata, 3);
    ck_assert_str_eq(info->metadata[0]->key, "original_code");
    ck_assert_str_eq(info->metadata[0]->value, "80202");
    ck_assert_str_eq(status->details[1]->type_url, "type.googleapis.com/google.rpc.BadRequest");
    ck_assert_str_eq(status->details[2]->type_url, "type.googleapis.com/google.rpc.RetryInfo");
}
END_TEST

START_TEST(test_a_small_bound_keeps_the_most_needed)
{
    struct error error = sample();
    size_t last_size = 0;
    for (size_t bound = 0; bound < 700; bound++) {
        __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
        ProtobufCBinaryData packed;
        ck_assert(error_pack(&error, arena, bound, &packed));
        ck_assert_uint_le(packed.len, bound);
        ck_assert_uint_ge(packed.len, last_size);
        last_size = packed.len;
        struct error back;
        ck_assert(error_unpack(packed.data, packed.len, &back));
        ck_assert_int_eq(back.code, bound < 2 ? STATUS_OK : error.code);
        /* Names of fields outlive their descriptions, and the reason outlives both. */
        if (back.field_count)
            ck_assert_uint_eq(back.metadata_count > 0 || !back.fields[0].description[0], 1);
        if (back.message[0])
            ck_assert_str_eq(back.reason, error.reason);
    }
    struct error whole = sample(), back;
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
    ProtobufCBinaryData packed;
    ck_assert(error_pack(&whole, arena, last_size, &packed));
    ck_assert(error_unpack(packed.data, packed.len, &back));
    assert_same(&whole, &back);
}
END_TEST

START_TEST(test_a_full_arena_fails_cleanly)
{
    struct error error = sample();
    bool packed_at_last = false;
    for (size_t bound = 0; bound < 1000; bound += 16) {
        __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(bound);
        ProtobufCBinaryData packed = {.len = 7, .data = NULL};
        packed_at_last = error_pack(&error, arena, 100000, &packed);
        if (!packed_at_last)
            ck_assert_uint_eq(packed.len, 7);
    }
    ck_assert(packed_at_last);
}
END_TEST

START_TEST(test_other_people_s_statuses)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
    struct error error;
    memset(&error, 0xAB, sizeof(error));
    struct error before = error;
    ck_assert(!error_unpack((const uint8_t *)"\xFF\xFF", 2, &error));
    ck_assert_int_eq(memcmp(&error, &before, sizeof(error)), 0);

    /* Another's domain, a detail nobody knows, a broken detail, a code that is none. */
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = (char[]){"THEIR_REASON"};
    info.domain = (char[]){"elsewhere"};
    Google__Protobuf__Any any[3] = {GOOGLE__PROTOBUF__ANY__INIT, GOOGLE__PROTOBUF__ANY__INIT,
                                    GOOGLE__PROTOBUF__ANY__INIT};
    any[0].type_url = (char[]){"type.googleapis.com/google.rpc.ErrorInfo"};
    any[0].value.len = google__rpc__error_info__get_packed_size(&info);
    any[0].value.data = arena_alloc(arena, any[0].value.len);
    google__rpc__error_info__pack(&info, any[0].value.data);
    any[1].type_url = (char[]){"no slash"};
    any[2].type_url = (char[]){"type.googleapis.com/google.rpc.BadRequest"};
    any[2].value.len = 2;
    any[2].value.data = (uint8_t[]){0x0A, 0x55};
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    status.code = 99;
    status.message = (char[]){"Their message"};
    status.n_details = 3;
    status.details = (Google__Protobuf__Any *[]){&any[0], &any[1], &any[2]};
    size_t size = google__rpc__status__get_packed_size(&status);
    uint8_t *bytes = arena_alloc(arena, size);
    google__rpc__status__pack(&status, bytes);
    ck_assert(error_unpack(bytes, size, &error));
    ck_assert_int_eq(error.code, STATUS_UNKNOWN);
    ck_assert_str_eq(error.message, "Their message");
    ck_assert_str_eq(error.reason, "");
    ck_assert_uint_eq(error.field_count, 0);
}
END_TEST

START_TEST(test_damaged_statuses_do_no_harm)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(100000);
    struct error error = sample();
    ProtobufCBinaryData packed;
    ck_assert(error_pack(&error, arena, 100000, &packed));
    for (size_t at = 0; at < packed.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct error back;
            packed.data[at] ^= (uint8_t)(1u << bit);
            if (error_unpack(packed.data, packed.len, &back)) {
                ck_assert_uint_le(back.field_count, ERROR_FIELDS);
                ck_assert_uint_le(back.metadata_count, ERROR_METADATA);
                ck_assert_uint_lt(strlen(back.message), sizeof(back.message));
            }
            packed.data[at] ^= (uint8_t)(1u << bit);
        }
        struct error back;
        (void)error_unpack(packed.data, at, &back);
    }
}
END_TEST

START_TEST(test_codes_have_names)
{
    ck_assert_str_eq(status_code_name(STATUS_OK), "OK");
    ck_assert_str_eq(status_code_name(STATUS_NOT_FOUND), "NOT_FOUND");
    ck_assert_str_eq(status_code_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    ck_assert_str_eq(status_code_name((enum status_code)17), "UNKNOWN");
    ck_assert_str_eq(status_code_name((enum status_code)(-1)), "UNKNOWN");
}
END_TEST

SUITE_MAIN("error", test_setting_and_clearing, test_an_error_may_be_made_of_itself,
           test_the_first_field_makes_the_error, test_what_does_not_fit_is_cut_or_left_out,
           test_a_key_stands_once, test_texts_stay_utf8, test_packed_and_back,
           test_others_can_read_it, test_a_small_bound_keeps_the_most_needed,
           test_a_full_arena_fails_cleanly, test_other_people_s_statuses,
           test_damaged_statuses_do_no_harm, test_codes_have_names)
