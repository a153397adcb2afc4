#include "proto/c/arena.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

static bool all_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

START_TEST(test_memory_is_zeroed_and_aligned)
{
    struct arena *arena = arena_new(1 << 20);
    ck_assert_ptr_nonnull(arena);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 600; size++) {
            uint8_t *bytes = arena_alloc(arena, size);
            ck_assert_ptr_nonnull(bytes);
            ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
            ck_assert(all_zero(bytes, size));
            memset(bytes, 0xAB, size);
        }
        arena_reset(arena);
        ck_assert_uint_eq(arena_used(arena), 0);
    }
    arena_free(arena);
}
END_TEST

START_TEST(test_pieces_do_not_overlap)
{
    enum { ITEMS = 3000 };
    static uint8_t *items[ITEMS];
    struct arena *arena = arena_new(SIZE_MAX);
    for (unsigned i = 0; i < ITEMS; i++) {
        size_t size = 1 + (i * 37) % 2000;
        items[i] = arena_alloc(arena, size);
        ck_assert_ptr_nonnull(items[i]);
        memset(items[i], (int)(i % 251), size);
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        size_t size = 1 + (i * 37) % 2000;
        ck_assert_uint_eq(items[i][0], i % 251);
        ck_assert_uint_eq(items[i][size - 1], i % 251);
    }
    arena_free(arena);
}
END_TEST

START_TEST(test_the_bound_holds)
{
    struct arena *arena = arena_new(100);
    ck_assert_ptr_nonnull(arena_alloc(arena, 33)); /* 48 with padding */
    ck_assert_uint_eq(arena_used(arena), 48);
    ck_assert(!arena_full(arena));
    ck_assert_ptr_null(arena_alloc(arena, 65));
    ck_assert(arena_full(arena));
    ck_assert_uint_eq(arena_used(arena), 48);
    ck_assert_ptr_nonnull(arena_alloc(arena, 48));
    ck_assert_ptr_null(arena_alloc(arena, 1));
    ck_assert_ptr_null(arena_alloc(arena, 0));
    arena_reset(arena);
    ck_assert(!arena_full(arena));
    ck_assert_ptr_nonnull(arena_alloc(arena, 96));
    arena_free(arena);

    arena = arena_new(0);
    ck_assert_ptr_null(arena_alloc(arena, 1));
    ck_assert_ptr_null(arena_string(arena, ""));
    arena_free(arena);
}
END_TEST

START_TEST(test_sizes_do_not_overflow)
{
    struct arena *arena = arena_new(SIZE_MAX);
    ck_assert_ptr_nonnull(arena_alloc(arena, 1));
    for (size_t less = 0; less < 100; less++)
        ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX - less));
    ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 16 + 1, 16));
    ck_assert(arena_full(arena));
    ck_assert_ptr_nonnull(arena_array(arena, 10, 10));
    ck_assert_ptr_nonnull(arena_array(arena, 0, 10));
    ck_assert_ptr_nonnull(arena_array(arena, 10, 0));
    arena_free(arena);
}
END_TEST

START_TEST(test_large_items_have_room)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(16 << 20);
    for (size_t size = 1000; size < 4000000; size *= 2) {
        uint8_t *bytes = arena_alloc(arena, size);
        ck_assert_ptr_nonnull(bytes);
        ck_assert(all_zero(bytes, size));
        memset(bytes, 1, size);
    }
    arena_reset(arena);
    ck_assert_ptr_nonnull(arena_alloc(arena, 8 << 20));
}
END_TEST

static void take_pieces(struct arena *arena, size_t total)
{
    enum { ITEM = 3000 };
    for (size_t taken = 0; taken < total; taken += ITEM) {
        uint8_t *bytes = arena_alloc(arena, ITEM);
        ck_assert_ptr_nonnull(bytes);
        ck_assert(all_zero(bytes, ITEM));
        memset(bytes, 0xAB, ITEM);
    }
}

START_TEST(test_a_reset_keeps_some_memory_and_no_more)
{
    enum { KEPT = 1 << 20, ALL = 32 << 20, SLACK = 64 * 1024 };
    struct arena *arena = arena_new(ALL + KEPT);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int round = 0; round < 3; round++) {
        take_pieces(arena, ALL);
        arena_reset(arena);
        ck_assert_uint_le(mallinfo2().uordblks + mallinfo2().hblkhd, before + KEPT + SLACK);
    }
    size_t kept = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int round = 0; round < 3; round++) {
        take_pieces(arena, KEPT / 2);
        ck_assert_uint_eq(mallinfo2().uordblks + mallinfo2().hblkhd, kept);
        arena_reset(arena);
    }
    arena_free(arena);
}
END_TEST

START_TEST(test_what_is_reserved_needs_no_more_memory)
{
    enum { ITEMS = 1000, SIZE = 333 };
    struct arena *arena = arena_new((size_t)1 << 20);
    for (size_t round = 0; round < 2; round++) {
        ck_assert_ptr_nonnull(arena_alloc(arena, 3000));
        ck_assert(arena_reserve(arena, ITEMS, (size_t)ITEMS * SIZE));
        size_t held = mallinfo2().uordblks + mallinfo2().hblkhd;
        for (size_t i = 0; i < ITEMS; i++)
            ck_assert_ptr_nonnull(arena_alloc(arena, SIZE));
        ck_assert_uint_eq(mallinfo2().uordblks + mallinfo2().hblkhd, held);
    }
    ck_assert(!arena_full(arena));
    ck_assert(!arena_reserve(arena, 2, (size_t)1 << 20));
    ck_assert(arena_full(arena));
    ck_assert(!arena_reserve(arena, SIZE_MAX / 8, 1));
    ck_assert(!arena_reserve(arena, 1, SIZE_MAX));
    arena_free(arena);
}
END_TEST

START_TEST(test_copies)
{
    struct arena *arena = arena_new(100000);
    ck_assert_str_eq(arena_string(arena, "some text"), "some text");
    ck_assert_str_eq(arena_string(arena, ""), "");
    ck_assert_int_eq(memcmp(arena_copy(arena, "a\0b", 3), "a\0b", 3), 0);
    ck_assert_ptr_nonnull(arena_copy(arena, NULL, 0));
    ck_assert_str_eq(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    ck_assert_uint_eq(strlen(arena_printf(arena, "%5000s", "x")), 5000);
    ck_assert_ptr_null(arena_printf(arena, "%200000s", "x"));
    ck_assert(arena_full(arena));
    arena_free(arena);
}
END_TEST

START_TEST(test_the_allocator_is_the_arena)
{
    struct arena *arena = arena_new(64);
    ProtobufCAllocator *allocator = arena_allocator(arena);
    void *taken = allocator->alloc(allocator->allocator_data, 40);
    ck_assert_ptr_nonnull(taken);
    ck_assert_uint_eq(arena_used(arena), 48);
    allocator->free(allocator->allocator_data, taken);
    allocator->free(allocator->allocator_data, NULL);
    ck_assert_uint_eq(arena_used(arena), 48);
    ck_assert_ptr_null(allocator->alloc(allocator->allocator_data, 17));
    arena_free(arena);
}
END_TEST

START_TEST(test_nothing_is_freed_without_harm)
{
    arena_free(NULL);
    struct arena *none = NULL;
    arena_done(&none);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
START_TEST(test_what_is_not_handed_out_is_poisoned)
{
    struct arena *arena = arena_new(1 << 20);
    uint8_t *first = arena_alloc(arena, 16);
    uint8_t *second = arena_alloc(arena, 5);
    ck_assert(!__asan_address_is_poisoned(first + 15));
    ck_assert(__asan_address_is_poisoned(first + 16));
    ck_assert(!__asan_address_is_poisoned(second + 4));
    ck_assert(__asan_address_is_poisoned(second + 5));
    uint8_t *large = arena_alloc(arena, 100000);
    ck_assert(!__asan_address_is_poisoned(large + 99999));
    ck_assert(__asan_address_is_poisoned(large + 100000));
    arena_reset(arena);
    ck_assert(__asan_address_is_poisoned(first));
    arena_free(arena);
}
END_TEST
#define WITH_POISON , test_what_is_not_handed_out_is_poisoned
#else
#define WITH_POISON
#endif

SUITE_MAIN("arena", test_memory_is_zeroed_and_aligned, test_pieces_do_not_overlap,
           test_the_bound_holds, test_sizes_do_not_overflow, test_large_items_have_room,
           test_a_reset_keeps_some_memory_and_no_more, test_what_is_reserved_needs_no_more_memory,
           test_copies, test_the_allocator_is_the_arena,
           test_nothing_is_freed_without_harm WITH_POISON)
