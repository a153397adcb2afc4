#include "proto/c/address.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct address parsed(const char *text)
{
    struct address address;
    ck_assert_msg(address_parse(text, ADDRESS_LENIENT, &address), "%s", text);
    return address;
}

/* holds: PAR-02 */
START_TEST(test_strict_takes_e164_only)
{
    static const char *const good[] = {"+15551230001", "+12345678", "+123456789012345"};
    static const char *const bad[] = {
        "",
        "+",
        "15551230001",
        "+1234567",
        "+1234567890123456",
        "+05551230",
        "+1555123000a",
        "+1 5551230001",
        " +15551230001",
        "+15551230001 ",
        "anonymous",
        "++15551230001",
        "0015551230001",
        "+1555123\n0001",
        "+12345678901234567890123456789012345",
    };
    struct address address;
    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_msg(address_parse(good[i], ADDRESS_STRICT, &address), "%s", good[i]);
        ck_assert_str_eq(address.text, good[i]);
    }
    memset(&address, 'x', sizeof(address));
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!address_parse(bad[i], ADDRESS_STRICT, &address), "%s", bad[i]);
    ck_assert_int_eq(address.text[0], 'x');
}
END_TEST

START_TEST(test_lenient_forgives_how_people_write)
{
    static const char *const pairs[][2] = {
        {"+1 (555) 123-0001", "+15551230001"}, {"+1.555.123.0001", "+15551230001"},
        {"0049 30 1234567", "+49301234567"},   {"011 44 20 7946 0018", "+442079460018"},
        {" +49-30-1234567 ", "+49301234567"},  {"00447700900123", "+447700900123"},
    };
    static const char *const bad[] = {
        "",
        "()",
        "555-1234",
        "5551230001",
        "+49 (0)30 1234567",
        "0011 49 30 1234567",
        "+1 555 123 0001 ext 5",
        "+1/555/1230001",
        "000 49 30 1234567",
        "011 011 49301234567",
        "Unknown",
        "tel:+15551230001",
        "+1\t5551230001",
    };
    struct address address;
    for (size_t i = 0; i < COUNT(pairs); i++)
        ck_assert_str_eq(parsed(pairs[i][0]).text, pairs[i][1]);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!address_parse(bad[i], ADDRESS_LENIENT, &address), "%s", bad[i]);
}
END_TEST

START_TEST(test_forms_of_one_phone_are_one)
{
    static const char *const pairs[][2] = {
        {"+5215512345678", "+525512345678"}, /* Mexico with the old 1 */
        {"+525512345678", "+525512345678"},
        {"+521234567890", "+521234567890"}, /* no mobile prefix: the area begins with 1 */
        {"+5491123456789", "+541123456789"},
        {"+541123456789", "+541123456789"},
        {"+54911234567", "+54911234567"}, /* too short to have the 9 */
        {"+15215512345678", "+15215512345678"},
        {"+15551230001", "+15551230001"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct address address = parsed(pairs[i][0]);
        struct address canonical = address_canonical(&address);
        ck_assert_str_eq(canonical.text, pairs[i][1]);
        struct address twice = address_canonical(&canonical);
        ck_assert_str_eq(twice.text, canonical.text);
        struct address other = parsed(pairs[i][1]);
        ck_assert(address_same(&address, &other));
        ck_assert_str_eq(address.text, pairs[i][0]);
    }
    struct address a = parsed("+15551230001"), b = parsed("+15551230002");
    ck_assert(!address_same(&a, &b));
}
END_TEST

/* holds: NUM-05 */
START_TEST(test_countries_by_calling_code)
{
    static const char *const pairs[][2] = {
        {"+49301234567", "DE"},   {"+33123456789", "FR"},   {"+525512345678", "MX"},
        {"+8613800138000", "CN"}, {"+972501234567", "IL"},  {"+35312345678", "IE"},
        {"+12425551234", "BS"},   {"+18095551234", "DO"},   {"+18765551234", "JM"},
        {"+12125551234", "US"},   {"+14165551234", "CA"},   {"+19395551234", "PR"},
        {"+74951234567", "RU"},   {"+77271234567", "KZ"},   {"+79161234567", "RU"},
        {"+442079460018", "GB"},  {"+447400123456", "GB"},  {"+441534123456", "JE"},
        {"+441481123456", "GG"},  {"+441624123456", "IM"},  {"+447797123456", "JE"},
        {"+390612345678", "IT"},  {"+390669812345", "VA"},  {"+4721234567", "NO"},
        {"+4779123456", "SJ"},    {"+61212345678", "AU"},   {"+61891641234", "CX"},
        {"+212512345678", "MA"},  {"+212528812345", "EH"},  {"+212528912345", "EH"},
        {"+61891621234", "CC"},   {"+262692123456", "RE"},  {"+262693123456", "RE"},
        {"+262269123456", "YT"},  {"+447624123456", "IM"},  {"+447781123456", "GG"},
        {"+358181234567", "AX"},  {"+358401234567", "FI"},  {"+262262123456", "RE"},
        {"+262639123456", "YT"},  {"+59991234567", "CW"},   {"+5997123456", "BQ"},
        {"+27821234567", "ZA"},   {"+2348012345678", "NG"}, {"+998901234567", "UZ"},
        {"+38344123456", "XK"},
    };
    /* Shared, or nobody's. */
    static const char *const none[] = {
        "+15551230001",  "+18005551234", "+447700900123", "+447911123456", "+590590123456",
        "+262708123456", "+80012345678", "+881612345678", "+88213001234",  "+97912345678",
        "+21012345678",  "+75012345678", "+67251234567",  "+99912345678",
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct address address = parsed(pairs[i][0]);
        ck_assert_msg(strcmp(address_country(&address), pairs[i][1]) == 0, "%s: %s", pairs[i][0],
                      address_country(&address));
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        struct address address = parsed(none[i]);
        ck_assert_msg(strcmp(address_country(&address), "") == 0, "%s: %s", none[i],
                      address_country(&address));
    }
}
END_TEST

START_TEST(test_areas_of_north_america)
{
    static const struct {
        const char *number, *region;
        unsigned code, overlay;
    } CASES[] = {
        {"+12125551234", "US-NY", 212, 212}, {"+16465551234", "US-NY", 646, 212},
        {"+14155551234", "US-CA", 415, 415}, {"+16285551234", "US-CA", 628, 415},
        {"+14165551234", "CA-ON", 416, 416}, {"+19425551234", "CA-ON", 942, 416},
        {"+16585551234", "JM", 658, 658},    {"+18765551234", "JM", 876, 658},
        {"+19075551234", "US-AK", 907, 907}, {"+12815551234", "US-TX", 281, 281},
        {"+17135551234", "US-TX", 713, 281},
    };
    static const char *const none[] = {"+15551230001", "+18005551234", "+442071234567", "+1",
                                       "+12"};
    unsigned code;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct area *area = address_area(CASES[i].number, &code);
        ck_assert_ptr_nonnull(area);
        ck_assert_str_eq(area->region, CASES[i].region);
        ck_assert_uint_eq(code, CASES[i].code);
        ck_assert_uint_eq(area->overlay, CASES[i].overlay);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_ptr_null(address_area(none[i], &code));
    ck_assert_ptr_null(address_area("+15551230001", &code));
    ck_assert_uint_eq(code, 555);
    ck_assert_ptr_null(address_area("+442071234567", &code));
    ck_assert_uint_eq(code, 0);
}
END_TEST

/* Every complex is named by its lowest code, and lies in one region. */
START_TEST(test_complexes_of_areas_are_whole)
{
    unsigned areas = 0;
    for (unsigned i = 0; i < 1000; i++) {
        char number[16];
        unsigned code, first;
        snprintf(number, sizeof number, "+1%03u5551234", i);
        const struct area *area = address_area(number, &code);
        if (!area)
            continue;
        areas++;
        code = 0;
        ck_assert(area_sibling(area->overlay, &code));
        ck_assert_uint_eq(code, area->overlay);
        snprintf(number, sizeof number, "+1%03u5551234", code);
        const struct area *lowest = address_area(number, &first);
        ck_assert_ptr_nonnull(lowest);
        ck_assert_str_eq(lowest->region, area->region);
    }
    ck_assert_uint_gt(areas, 400);
    unsigned code = 0;
    char all[64] = "";
    while (area_sibling(212, &code))
        snprintf(all + strlen(all), sizeof all - strlen(all), "%u ", code);
    ck_assert_str_eq(all, "212 332 646 917 ");
}
END_TEST

/* The table must be sorted for that. What takes more than four digits to tell is in the test above. */
START_TEST(test_every_country_is_found)
{
    static char seen[300][3];
    size_t count = 0;
    for (unsigned code = 1000; code < 10000; code++) {
        struct address address;
        snprintf(address.text, sizeof(address.text), "+%u0000000", code);
        const char *country = address_country(&address);
        size_t i = 0;
        while (i < count && strcmp(seen[i], country) != 0)
            i++;
        ck_assert_uint_lt(i, COUNT(seen));
        if (i == count)
            snprintf(seen[count++], sizeof(seen[0]), "%s", country);
    }
    /* Of 249 in ISO 3166: 9 without a code that is theirs alone (BL BV GP GS HM MF PN TF UM), 9 that take more
     * digits (AX CC CX EH GG IM JE RE YT); and XK, and "". */
    ck_assert_uint_eq(count, 249 - 9 - 9 + 2);
}
END_TEST

/* holds: SHC-02 */
START_TEST(test_short_codes)
{
    static const char *const good[] = {"123", "24687", "12345678", "000"};
    static const char *const bad[] = {"", "12", "123456789", "+123", "12a", "1 23", "123 "};
    struct address address;
    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_msg(address_short_code(good[i], &address), "%s", good[i]);
        ck_assert_str_eq(address.text, good[i]);
    }
    memset(&address, 'x', sizeof(address));
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!address_short_code(bad[i], &address), "%s", bad[i]);
    ck_assert_int_eq(address.text[0], 'x');
}
END_TEST

START_TEST(test_numbers_of_a_country)
{
    static const struct {
        const char *number, *country;
        bool is;
    } all[] = {
        {"+15551230001", "US", true},  {"+15551230001", "CA", true},
        {"+15551230001", "BS", false}, {"+12425550001", "BS", true},
        {"+12425550001", "US", false}, {"+447400123456", "GB", true},
        {"+447911123456", "GB", true}, {"+447911123456", "JE", false},
        {"+441534123456", "JE", true}, {"+441534123456", "GB", false},
        {"+4930123456", "DE", true},   {"+4930123456", "AT", false},
        {"+4930123456", "", false},    {"+4930123456", "ZZ", false},
        {"+78005550001", "RU", true},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct address address = parsed(all[i].number);
        ck_assert_msg(address_in_country(&address, all[i].country) == all[i].is, "%s %s",
                      all[i].number, all[i].country);
    }
}
END_TEST

SUITE_MAIN("address", test_short_codes, test_numbers_of_a_country, test_strict_takes_e164_only,
           test_lenient_forgives_how_people_write, test_forms_of_one_phone_are_one,
           test_countries_by_calling_code, test_areas_of_north_america,
           test_complexes_of_areas_are_whole, test_every_country_is_found)
