#include "client/bench/histogram.h"
#include "tests/unit/suite.h"

static struct histogram histogram, other;

static void empty(void)
{
    histogram = (struct histogram){0};
    other = (struct histogram){0};
}

START_TEST(nothing_is_told_of_nothing)
{
    empty();
    ck_assert_uint_eq(histogram_at(&histogram, 0.5), 0);
    ck_assert_uint_eq(histogram_at(&histogram, 1), 0);
}
END_TEST

START_TEST(small_values_are_exact)
{
    empty();
    for (uint64_t value = 0; value < 256; value++)
        histogram_add(&histogram, value);
    ck_assert_uint_eq(histogram_at(&histogram, 0), 0);
    ck_assert_uint_eq(histogram_at(&histogram, 0.5), 127);
    ck_assert_uint_eq(histogram_at(&histogram, 0.99), 253);
    ck_assert_uint_eq(histogram_at(&histogram, 1), 255);
}
END_TEST

/* At every power of two and around it: never told smaller, and larger by less than 1 %. */
START_TEST(every_value_is_known_to_one_percent)
{
    for (unsigned bit = 1; bit < HISTOGRAM_VALUE_BITS; bit++)
        for (int64_t step = -1; step <= 1; step++) {
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)step;
            empty();
            histogram_add(&histogram, value);
            histogram_add(&histogram, (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1);
            uint64_t told = histogram_at(&histogram, 0.5);
            ck_assert_uint_ge(told, value);
            ck_assert_uint_le(told - value, value / 100);
        }
}
END_TEST

START_TEST(the_most_is_exact_and_bounds_the_rest)
{
    empty();
    histogram_add(&histogram, 1000001);
    ck_assert_uint_eq(histogram_at(&histogram, 0.5), 1000001);
    ck_assert_uint_eq(histogram_at(&histogram, 1), 1000001);
}
END_TEST

START_TEST(beyond_the_last_bucket_is_in_it)
{
    empty();
    histogram_add(&histogram, UINT64_MAX);
    ck_assert_uint_eq(histogram.counts[HISTOGRAM_BUCKETS - 1], 1);
    ck_assert_uint_eq(histogram_at(&histogram, 1), (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1);
}
END_TEST

/* One value in a thousand: p99 must not see it, p99.9 neither, the most must. */
START_TEST(percentiles_stand_where_they_should)
{
    empty();
    for (int i = 0; i < 999; i++)
        histogram_add(&histogram, 100);
    histogram_add(&histogram, 50000);
    ck_assert_uint_eq(histogram_at(&histogram, 0.99), 100);
    ck_assert_uint_eq(histogram_at(&histogram, 0.999), 100);
    ck_assert_uint_eq(histogram_at(&histogram, 1), 50000);
    histogram_add(&histogram, 50000);
    ck_assert_uint_gt(histogram_at(&histogram, 0.999), 49000);
}
END_TEST

START_TEST(merged_is_as_added)
{
    empty();
    for (uint64_t i = 0; i < 5000; i++)
        histogram_add(i % 2 ? &histogram : &other, i * i);
    histogram_merge(&histogram, &other);
    struct histogram *whole = calloc(1, sizeof *whole);
    ck_assert_ptr_nonnull(whole);
    for (uint64_t i = 0; i < 5000; i++)
        histogram_add(whole, i * i);
    ck_assert_mem_eq(whole, &histogram, sizeof *whole);
    free(whole);
}
END_TEST

SUITE_MAIN("client/bench histogram", nothing_is_told_of_nothing, small_values_are_exact,
           every_value_is_known_to_one_percent, the_most_is_exact_and_bounds_the_rest,
           beyond_the_last_bucket_is_in_it, percentiles_stand_where_they_should, merged_is_as_added)
