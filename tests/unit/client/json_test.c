#include "client/json.h"
#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "tests/unit/proto/c/kinds.pb-c.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *json(const ProtobufCMessage *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    json_print(out, message);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void expect(const ProtobufCMessage *message, const char *expected)
{
    char *text = json(message);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(test_defaults_are_left_out)
{
    Maskline__V1__Session session = MASKLINE__V1__SESSION__INIT;
    expect(&session.base, "{}");
}
END_TEST

START_TEST(test_maps)
{
    Maskline__V1__Session session = MASKLINE__V1__SESSION__INIT;
    Maskline__V1__Session__MetadataEntry order = MASKLINE__V1__SESSION__METADATA_ENTRY__INIT,
                                         empty = MASKLINE__V1__SESSION__METADATA_ENTRY__INIT;
    Maskline__V1__Session__MetadataEntry *both[] = {&order, &empty};
    order.key = "order";
    order.value = "4\"7";
    empty.key = "e";
    session.metadata = both;
    session.n_metadata = 2;
    expect(&session.base, "{\"metadata\":{\"order\":\"4\\\"7\",\"e\":\"\"}}");
}
END_TEST

START_TEST(test_fields)
{
    Maskline__V1__Session session = MASKLINE__V1__SESSION__INIT;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Duration ttl = GOOGLE__PROTOBUF__DURATION__INIT;
    Maskline__V1__Participant ann = MASKLINE__V1__PARTICIPANT__INIT,
                              bob = MASKLINE__V1__PARTICIPANT__INIT;
    Maskline__V1__Participant *both[] = {&ann, &bob};
    char *identifiers[] = {"+1", "+2"};
    session.sid = "KC1";
    session.status = MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    time.seconds = 1893553445;
    time.nanos = 120000000;
    session.create_time = &time;
    ttl.seconds = 90;
    session.ttl = &ttl;
    ann.sid = "KP1";
    ann.identifiers = identifiers;
    ann.n_identifiers = 2;
    session.participants = both;
    session.n_participants = 2;
    expect(&session.base,
           "{\"sid\":\"KC1\",\"status\":\"SESSION_STATUS_IN_PROGRESS\",\"ttl\":\"90s\","
           "\"createTime\":\"2030-01-02T03:04:05.120Z\",\"participants\":[{\"sid\":\"KP1\","
           "\"identifiers\":[\"+1\",\"+2\"]},{}]}");
}
END_TEST

START_TEST(test_text_is_escaped)
{
    Maskline__V1__Media media = MASKLINE__V1__MEDIA__INIT;
    media.url = "a\"b\\c\nd\x01 \xc3\xa9 \x7f \xc2\x9b \xc2\xa0";
    expect(&media.base, "{\"url\":\"a\\\"b\\\\c\\nd\\u0001 \xc3\xa9 \\u007f \\u009b \xc2\xa0\"}");
}
END_TEST

START_TEST(test_oneofs_and_large_numbers)
{
    Maskline__V1__Event event = MASKLINE__V1__EVENT__INIT;
    Maskline__V1__ServiceDeleted deleted = MASKLINE__V1__SERVICE_DELETED__INIT;
    event.position = UINT64_MAX;
    event.type = MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SERVICE_DELETED;
    event.payload_case = MASKLINE__V1__EVENT__PAYLOAD_SERVICE_DELETED;
    event.service_deleted = &deleted;
    expect(&event.base, "{\"position\":\"18446744073709551615\",\"type\":\"EVENT_TYPE_SERVICE_"
                        "DELETED\",\"serviceDeleted\":{}}");

    /* A member of a oneof is shown also with its default value. */
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
    expect(&request.base, "{\"afterPosition\":\"0\"}");

    event.type = (Maskline__V1__EventType)9999;
    event.payload_case = MASKLINE__V1__EVENT__PAYLOAD__NOT_SET;
    event.position = 1;
    expect(&event.base, "{\"position\":\"1\",\"type\":9999}");
}
END_TEST

START_TEST(test_durations)
{
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    expect(&duration.base, "\"0s\"");
    duration.seconds = -1;
    duration.nanos = -500000000;
    expect(&duration.base, "\"-1.500s\"");
    duration.seconds = 0;
    duration.nanos = -1000;
    expect(&duration.base, "\"-0.000001s\"");
}
END_TEST

/* An answer can hold any numbers; what it prints is JSON all the same. */
START_TEST(test_what_is_out_of_range)
{
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    duration.nanos = INT32_MIN;
    expect(&duration.base, "{\"seconds\":\"0\",\"nanos\":-2147483648}");
    duration.seconds = 1;
    duration.nanos = -1;
    expect(&duration.base, "{\"seconds\":\"1\",\"nanos\":-1}");
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.nanos = -5000000;
    expect(&time.base, "{\"seconds\":\"0\",\"nanos\":-5000000}");
    time.seconds = INT64_MAX;
    time.nanos = 0;
    expect(&time.base, "{\"seconds\":\"9223372036854775807\",\"nanos\":0}");
    time.seconds = -62135596800;
    expect(&time.base, "\"0001-01-01T00:00:00Z\"");
}
END_TEST

START_TEST(test_what_is_no_number)
{
    Kinds__Kinds kinds = KINDS__KINDS__INIT;
    double doubles[] = {1.5, (double)NAN, (double)INFINITY, -(double)INFINITY};
    kinds.n_doubles = 4;
    kinds.doubles = doubles;
    kinds.a_float = -INFINITY;
    expect(&kinds.base,
           "{\"aFloat\":\"-Infinity\",\"doubles\":[1.5,\"NaN\",\"Infinity\",\"-Infinity\"]}");
}
END_TEST

SUITE_MAIN("json", test_defaults_are_left_out, test_fields, test_maps, test_text_is_escaped,
           test_oneofs_and_large_numbers, test_durations, test_what_is_out_of_range,
           test_what_is_no_number)
