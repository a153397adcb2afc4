#include "server/masking/numbers/pools.h"

#include "server/masking/numbers/calling_code.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <string.h>

/* Numbers by load, in memory. Read from an empty pool, they follow what is told. */

struct bench {
    struct world *world;
    struct pools *pools;
    struct pool *pool;
    struct view *view;
    struct rows rows;
    sid_bytes sid;
};

static struct bench bench_open(void)
{
    struct bench bench = {.world = world_open(NULL), .pools = pools_new(), .sid = {7}};
    ck_assert_ptr_nonnull(bench.pools);
    bench.view = view_open(bench.world->store);
    bench.rows = rows_of_view(bench.view, bench.world->store, bench.world->arena);
    ck_assert(pools_get(bench.pools, &bench.rows, bench.sid, &bench.pool, &call_error));
    return bench;
}

static void bench_close(struct bench *bench)
{
    view_close(bench->view);
    pools_free(bench->pools);
    world_close(bench->world);
}

static void tell(struct bench *bench, const char *text, const char *country, bool reserved,
                 bool voice)
{
    Maskline__Store__V1__PhoneNumber number = MASKLINE__STORE__V1__PHONE_NUMBER__INIT;
    number.phone_number = (char *)(uintptr_t)text;
    number.country = (char *)(uintptr_t)country;
    number.sms = true;
    number.voice = voice;
    number.reserved = reserved;
    number.state = NUMBER_STATE(ACTIVE);
    pools_number(bench->pools, bench->sid, &number);
}

static const char *all(struct bench *bench, struct pool_wish wish)
{
    static char text[512];
    struct pool_walk walk;
    text[0] = '\0';
    pool_walk(bench->pool, &wish, &walk);
    for (const char *proxy; (proxy = pool_walk_next(&walk));) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s ", proxy + strlen(proxy) - 2);
    }
    return text;
}

START_TEST(the_least_used_come_first)
{
    struct bench bench = bench_open();
    const struct pool_wish any = {.sms = true};
    char number[32];
    ck_assert_str_eq(all(&bench, any), "");
    for (int i = 1; i <= 4; i++) {
        snprintf(number, sizeof number, "+155599900%02d", i);
        tell(&bench, number, "", false, i != 4);
    }
    ck_assert_str_eq(all(&bench, (struct pool_wish){.voice = true}), "01 02 03 ");
    pools_use(bench.pools, bench.sid, "+15559990001", 5);
    pools_use(bench.pools, bench.sid, "+15559990002", 2);
    ck_assert_str_eq(all(&bench, (struct pool_wish){.voice = true}), "03 02 01 ");
    ck_assert_str_eq(all(&bench, any), "04 03 02 01 "); /* over classes: equal ones in any order */
    pools_use(bench.pools, bench.sid, "+15559990001", 2);
    pools_use(bench.pools, bench.sid, "+15559990003", 1);
    ck_assert_str_eq(all(&bench, any), "04 03 02 01 ");
    pools_use(bench.pools, bench.sid, "+15559990004", 100);
    pools_use(bench.pools, bench.sid, "+15550000000", 100); /* unknown */
    ck_assert_str_eq(all(&bench, any), "03 02 01 04 ");
    pools_number_gone(bench.pools, bench.sid, "+15559990002");
    tell(&bench, "+15559990001", "", true, true);
    ck_assert_str_eq(all(&bench, any), "03 04 ");
    tell(&bench, "+15559990001", "", false, true); /* its load is known still */
    ck_assert_str_eq(all(&bench, any), "03 01 04 ");
    bench_close(&bench);
}
END_TEST

START_TEST(the_own_country_is_a_group_of_its_own)
{
    struct bench bench = bench_open();
    tell(&bench, "+15559990001", "US", false, true);
    tell(&bench, "+15559990002", "CA", false, true);
    tell(&bench, "+15559990003", "", false, true);
    tell(&bench, "+442071230004", "GB", false, true);
    pools_use(bench.pools, bench.sid, "+15559990002", 9);
    ck_assert_str_eq(all(&bench, (struct pool_wish){.geo = {.code = "1", .country = "CA"}}),
                     "02 01 03 ");
    ck_assert_str_eq(all(&bench, (struct pool_wish){.geo = {.code = "1", .country = "BS"}}),
                     "01 03 02 ");
    ck_assert_str_eq(all(&bench, (struct pool_wish){.geo = {.code = "44"}}), "04 ");
    ck_assert_str_eq(all(&bench, (struct pool_wish){.geo = {.code = "49"}}), "");
    enum scope scope;
    ck_assert(
        pool_has(bench.pool, &(struct pool_wish){.geo = {.code = "1"}}, "+15559990001", &scope));
    ck_assert(
        !pool_has(bench.pool, &(struct pool_wish){.geo = {.code = "1"}}, "+442071230004", &scope));
    ck_assert(
        !pool_has(bench.pool, &(struct pool_wish){.geo = {.code = "1"}}, "+15559990009", &scope));
    bench_close(&bench);
}
END_TEST

START_TEST(what_fits_is_counted)
{
    struct bench bench = bench_open();
    tell(&bench, "+15559990001", "", false, true);
    tell(&bench, "+15559990002", "", true, true);
    tell(&bench, "+15559990003", "", false, false);
    tell(&bench, "+442071230004", "GB", false, true);
    struct pool_fits fits =
        pool_fit(bench.pool, &(struct pool_wish){.sms = true, .voice = true, .geo = {.code = "1"}});
    ck_assert_uint_eq(fits.all, 4);
    ck_assert_uint_eq(fits.sms, 4);
    ck_assert_uint_eq(fits.voice, 3);
    ck_assert_uint_eq(fits.able, 3);
    ck_assert_uint_eq(fits.near, 2);
    ck_assert_uint_eq(fits.choosable, 1);
    struct pool_counts counts = pool_count(bench.pool);
    ck_assert_uint_eq(counts.reserved, 1);
    ck_assert_uint_eq(counts.unreserved, 3);
    bench_close(&bench);
}
END_TEST

/* Against a list that is gone through. */
START_TEST(levels_keep_their_order)
{
    enum { NUMBERS = 50 };
    struct bench bench = bench_open();
    int64_t loads[NUMBERS] = {0};
    char number[32];
    uint64_t random = 1;
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(number, sizeof number, "+155599900%02d", i);
        tell(&bench, number, "", false, true);
    }
    for (int i = 0; i < 5000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned which = (unsigned)(random >> 33) % NUMBERS;
        loads[which] += (random >> 60) < 9 ? 1 : loads[which] > 0 ? -1 : 0;
        snprintf(number, sizeof number, "+155599900%02u", which);
        pools_use(bench.pools, bench.sid, number, loads[which]);
        struct pool_walk walk;
        int64_t before = 0;
        int seen = 0;
        pool_walk(bench.pool, &(struct pool_wish){.sms = true}, &walk);
        for (const char *proxy; (proxy = pool_walk_next(&walk)); seen++) {
            const char *digits = proxy + strlen(proxy) - 2;
            int64_t load = loads[(digits[0] - '0') * 10 + digits[1] - '0'];
            ck_assert_int_ge(load, before);
            before = load;
        }
        ck_assert_int_eq(seen, NUMBERS);
    }
    bench_close(&bench);
}
END_TEST

/* However large the pool: what is looked at is what the person has, and one more. */
/* holds: SEL-12 */
START_TEST(a_choice_looks_at_what_the_person_has)
{
    static const unsigned SIZES[] = {10, 1000, 20000};
    enum { HAS = 5 };
    for (int i = 0; i < 3; i++) {
        struct bench bench = bench_open();
        char number[32];
        for (unsigned j = 0; j < SIZES[i]; j++) {
            snprintf(number, sizeof number, "+1%03u999%04u", 201 + j % 700, j / 700);
            tell(&bench, number, "US", false, true);
            pools_use(bench.pools, bench.sid, number, 1 + j % 9);
        }
        struct pool_wish wish = {.sms = true, .geo = {.code = "1", .country = "US"}};
        char had[HAS][ADDRESS_SIZE];
        struct pool_walk walk;
        pool_walk(bench.pool, &wish, &walk);
        for (int j = 0; j < HAS; j++)
            snprintf(had[j], sizeof had[j], "%s", pool_walk_next(&walk));
        unsigned looked = 0;
        const char *proxy;
        pool_walk(bench.pool, &wish, &walk);
        do {
            proxy = pool_walk_next(&walk);
            looked++;
            for (int j = 0; proxy && j < HAS; j++)
                proxy = strcmp(had[j], proxy) ? proxy : NULL;
        } while (!proxy && looked < SIZES[i]);
        ck_assert_uint_eq(looked, HAS + 1);
        bench_close(&bench);
    }
}
END_TEST

/* The same pool by narrower scopes, which are indexed when they are first asked for. */
START_TEST(scopes_hold_what_is_theirs)
{
    struct bench bench = bench_open();
    static const char *const NUMBERS[] = {"+12129990001", "+16469990002", "+17169990003",
                                          "+12149990004", "+18769990005", "+12129990006"};
    for (int i = 0; i < 6; i++)
        tell(&bench, NUMBERS[i], "", i == 5, true);
    struct pool_wish wish = {.sms = true};
    geo_of("+12125550000", &wish.geo);
    ck_assert_str_eq(all(&bench, wish), "01 02 03 04 05 ");
    wish.narrowest = SCOPE_AREA;
    ck_assert(pool_index(bench.pool, &wish));
    ck_assert_str_eq(all(&bench, wish), "01 01 02 01 02 03 01 02 03 04 05 ");
    wish.widest = SCOPE_OVERLAY;
    ck_assert_str_eq(all(&bench, wish), "01 01 02 ");
    ck_assert_uint_eq(pool_fit(bench.pool, &wish).in_scope, 2);
    wish.widest = SCOPE_AREA;
    ck_assert_str_eq(all(&bench, wish), "01 ");
    tell(&bench, "+12129990006", "", false, true);
    pools_use(bench.pools, bench.sid, "+12129990001", 3);
    ck_assert_str_eq(all(&bench, wish), "06 01 ");
    pools_number_gone(bench.pools, bench.sid, "+12129990006");
    ck_assert_str_eq(all(&bench, wish), "01 ");
    enum scope scope;
    ck_assert(!pool_has(bench.pool, &wish, "+16469990002", &scope));
    wish.widest = SCOPE_COUNTRY;
    ck_assert(pool_has(bench.pool, &wish, "+16469990002", &scope));
    ck_assert_int_eq(scope, SCOPE_OVERLAY);
    ck_assert(pool_has(bench.pool, &wish, "+18769990005", &scope));
    ck_assert_int_eq(scope, SCOPE_COUNTRY);
    bench_close(&bench);
}
END_TEST

START_TEST(calling_codes)
{
    static const char *const CASES[][2] = {
        {"+15551230001", "1"},    {"+77001234567", "7"},
        {"+447911123456", "44"},  {"+4915112345678", "49"},
        {"+35312345678", "353"},  {"+97312345678", "973"},
        {"+8613912345678", "86"}, {"+88212345678", "882"},
        {"15551230001", ""},      {"+", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char code[4];
        calling_code(CASES[i][0], code);
        ck_assert_str_eq(code, CASES[i][1]);
    }
}
END_TEST

SUITE_MAIN("pools", the_least_used_come_first, the_own_country_is_a_group_of_its_own,
           what_fits_is_counted, levels_keep_their_order, a_choice_looks_at_what_the_person_has,
           scopes_hold_what_is_theirs, calling_codes)
