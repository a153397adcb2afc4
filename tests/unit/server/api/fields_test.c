#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "server/api/drafts.h"
#include "server/api/fields.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct error error;

static void expect_bad(const char *field)
{
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(error.reason, "INVALID_FIELD");
    ck_assert_int_eq(error.original, 80701);
    ck_assert_uint_eq(error.field_count, 1);
    ck_assert_str_eq(error.fields[0].name, field);
    error_clear(&error);
}

static void expect_fine(void)
{
    ck_assert_int_eq(error.code, STATUS_OK);
}

/* holds: API-16 */
START_TEST(test_enums)
{
    error_clear(&error);
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, 3);
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, 0);
    expect_fine();
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, 4);
    expect_bad("mode");
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, -1);
    expect_bad("mode");
}
END_TEST

START_TEST(test_lists_of_enums)
{
    const int good[] = {1, 4, 4};
    const int unspecified[] = {1, 0};
    const int unknown[] = {6};
    const int negative[] = {-1};
    uint32_t sum = 0;
    error_clear(&error);
    field_enums(&error, "s", &maskline__v1__session_status__descriptor, good, 3, &sum);
    expect_fine();
    ck_assert_uint_eq(sum, 1u << 1 | 1u << 4);
    field_enums(&error, "s", &maskline__v1__session_status__descriptor, unspecified, 2, &sum);
    expect_bad("s");
    field_enums(&error, "s", &maskline__v1__session_status__descriptor, unknown, 1, &sum);
    expect_bad("s");
    field_enums(&error, "s", &maskline__v1__session_status__descriptor, negative, 1, &sum);
    expect_bad("s");
    field_enums(&error, "s", &maskline__v1__session_status__descriptor, NULL, 0, &sum);
    expect_fine();
    ck_assert_uint_eq(sum, 0);
}
END_TEST

static Google__Protobuf__Duration duration(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Duration message = GOOGLE__PROTOBUF__DURATION__INIT;
    message.seconds = seconds;
    message.nanos = nanos;
    return message;
}

START_TEST(test_durations)
{
    int64_t us = 7;
    error_clear(&error);
    field_duration(&error, "ttl", NULL, &us);
    ck_assert_int_eq(us, 7);
    Google__Protobuf__Duration good = duration(1, 500000000);
    field_duration(&error, "ttl", &good, &us);
    ck_assert_int_eq(us, 1500000);
    expect_fine();
    const Google__Protobuf__Duration bad[] = {duration(-1, 0),         duration(0, -1),
                                              duration(1, -1),         duration(INT64_MAX, 0),
                                              duration(INT64_MIN, 0),  duration(0, 1000000000),
                                              duration(0, 2147483647), duration(315576000001, 0)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        field_duration(&error, "ttl", &bad[i], &us);
        expect_bad("ttl");
        ck_assert_int_eq(us, 1500000);
    }
}
END_TEST

static Google__Protobuf__Timestamp timestamp(int64_t seconds)
{
    Google__Protobuf__Timestamp message = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    message.seconds = seconds;
    return message;
}

START_TEST(test_times)
{
    int64_t us = 7;
    Google__Protobuf__Timestamp good = timestamp(10);
    Google__Protobuf__Timestamp bad = timestamp(INT64_MAX);
    error_clear(&error);
    field_time(&error, "t", NULL, &us);
    ck_assert_int_eq(us, 7);
    field_time(&error, "t", &good, &us);
    ck_assert_int_eq(us, 10000000);
    field_time(&error, "t", &bad, &us);
    expect_bad("t");
}
END_TEST

/* holds: API-15 */
START_TEST(test_expire_time_before_1970_is_no_absent_one)
{
    int64_t us = 0;
    Google__Protobuf__Timestamp epoch = timestamp(0);
    Google__Protobuf__Timestamp before = timestamp(-5);
    error_clear(&error);
    field_expire_time(&error, NULL, &us);
    ck_assert_int_eq(us, 0);
    field_expire_time(&error, &epoch, &us);
    ck_assert_int_eq(us, 1);
    field_expire_time(&error, &before, &us);
    ck_assert_int_eq(us, 1);
    expect_fine();
}
END_TEST

START_TEST(test_ranges)
{
    Maskline__V1__TimeRange range = MASKLINE__V1__TIME_RANGE__INIT;
    Google__Protobuf__Timestamp early = timestamp(10);
    Google__Protobuf__Timestamp late = timestamp(20);
    Google__Protobuf__Timestamp epoch = timestamp(0);
    struct time_range found = {0, 0};
    error_clear(&error);
    field_range(&error, "created", NULL, &found);
    field_range(&error, "created", &range, &found);
    ck_assert_int_eq(found.from, 0);
    ck_assert_int_eq(found.to, 0);
    range.end_time = &late;
    field_range(&error, "created", &range, &found);
    /* What has no such time is in no stretch that has an end. */
    ck_assert_int_eq(found.from, 1);
    ck_assert_int_eq(found.to, 20000000);
    range.start_time = &early;
    field_range(&error, "created", &range, &found);
    ck_assert_int_eq(found.from, 10000000);
    range.end_time = &early;
    field_range(&error, "created", &range, &found);
    ck_assert_int_eq(found.to, 10000000);
    expect_fine();
    range.start_time = &late;
    field_range(&error, "created", &range, &found);
    expect_bad("created.end_time");
    range.start_time = &epoch;
    range.end_time = NULL;
    field_range(&error, "created", &range, &found);
    ck_assert_int_eq(found.from, 1);
    ck_assert_int_eq(found.to, 0);
    range.start_time = NULL;
    range.end_time = &epoch;
    field_range(&error, "created", &range, &found);
    ck_assert_int_eq(found.to, 1);
}
END_TEST

/* holds: LST-02 */
START_TEST(test_pages)
{
    struct page page;
    error_clear(&error);
    field_page(&error, 0, "", &page);
    ck_assert_uint_eq(page.size, 0);
    field_page(&error, 1000, "abc", &page);
    ck_assert_uint_eq(page.size, 1000);
    ck_assert_str_eq(page.token, "abc");
    field_page(&error, INT32_MAX, "", &page);
    ck_assert_uint_eq(page.size, 1000);
    expect_fine();
    field_page(&error, -1, "", &page);
    expect_bad("page_size");
}
END_TEST

/* holds: API-20 */
START_TEST(test_texts_are_counted_in_characters)
{
    error_clear(&error);
    field_text(&error, "body", "äöü", 1, 3);
    field_text(&error, "body", "", 0, 3);
    expect_fine();
    field_text(&error, "body", "äöü!", 1, 3);
    expect_bad("body");
    field_text(&error, "body", "", 1, 3);
    expect_bad("body");
}
END_TEST

START_TEST(test_media)
{
    Maskline__V1__Media media = MASKLINE__V1__MEDIA__INIT;
    Maskline__V1__Media *list[] = {&media, &media};
    static char good[] = "HTTPS://example.org/a.jpg";
    static char wrong[] = "file:///etc/passwd";
    char *previous = media.url;
    media.url = good;
    error_clear(&error);
    field_media(&error, list, 2);
    expect_fine();
    media.url = wrong;
    field_media(&error, list, 1);
    expect_bad("media[0].url");
    media.url = previous;
    field_media(&error, list, 1);
    expect_bad("media[0].url");
    static char odd[][40] = {
        "http://",     "https://",         "http://a b", "https://a\r\nX-Header: y",
        "http://a/\t", "http://a/\x7f",    "http:///a",  "https://?a",
        "http://:80",  "http://a/\xc2\x85"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        media.url = odd[i];
        field_media(&error, list, 1);
        expect_bad("media[0].url");
    }
    media.url = good;
    static char two_lines[] = "image/png\r\nX-Header: y";
    media.content_type = two_lines;
    field_media(&error, list, 1);
    expect_bad("media[0].content_type");
    static char long_type[300];
    memset(long_type, 'x', sizeof long_type - 1);
    media.url = good;
    media.content_type = long_type;
    field_media(&error, list, 1);
    expect_bad("media[0].content_type");
}
END_TEST

/* holds: API-11 */
START_TEST(test_several_faults_are_told_together)
{
    error_clear(&error);
    struct page page;
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, 99);
    field_page(&error, -1, "", &page);
    ck_assert_uint_eq(error.field_count, 2);
}
END_TEST

START_TEST(test_identifiers)
{
    char *several[] = {"+15550001111", "+15550002222"};
    static char one[] = "+15550003333";
    Maskline__V1__ParticipantSpec spec = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    struct arena *arena = arena_new(1024);
    ck_assert_ptr_nonnull(arena);
    error_clear(&error);
    draft_participant(&error, arena, "participants[1]", &spec);
    expect_bad("participants[1].identifier");
    spec.identifier = one;
    struct participant_draft draft = draft_participant(&error, arena, "participant", &spec);
    expect_fine();
    ck_assert_uint_eq(draft.identifier_count, 1);
    ck_assert_str_eq(draft.identifiers[0], one);
    spec.identifiers = several;
    spec.n_identifiers = 2;
    draft_participant(&error, arena, "participant", &spec);
    expect_bad("participant.identifier");
    spec.identifier = (char *)protobuf_c_empty_string;
    draft = draft_participant(&error, arena, "participant", &spec);
    expect_fine();
    ck_assert_uint_eq(draft.identifier_count, 2);
    arena_free(arena);
}
END_TEST

SUITE_MAIN("fields", test_enums, test_lists_of_enums, test_durations, test_times,
           test_expire_time_before_1970_is_no_absent_one, test_ranges, test_pages,
           test_texts_are_counted_in_characters, test_media, test_several_faults_are_told_together,
           test_identifiers)
