#include "server/api/convert.h"
#include "server/api/event_filter.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static uint8_t service_bytes[16] = {1, 2, 3};
static const ProtobufCBinaryData service = {sizeof service_bytes, service_bytes};

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
    return arena;
}

static Maskline__Store__V1__Entry *entry_of(struct arena *arena, unsigned change)
{
    Maskline__Store__V1__Entry *entry = filled(arena, &maskline__store__v1__entry__descriptor);
    fill_member(arena, &entry->base, change);
    return entry;
}

static bool holds(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void expect_nothing_secret(const Maskline__V1__Event *event)
{
    size_t size = maskline__v1__event__get_packed_size(event);
    uint8_t *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    maskline__v1__event__pack(event, bytes);
    ck_assert(!holds(bytes, size, REAL_NUMBER));
    ck_assert(!holds(bytes, size, PROVIDER_ID));
    ck_assert(!holds(bytes, size, PERSON_HASH));
    free(bytes);
}

/* In whichever session. */
static bool about_person(unsigned change)
{
    return change == MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED ||
           change == MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED ||
           change == MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED ||
           change == MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED;
}

enum kind { PHONE, SHORT_CODE, CHANNEL };

static void set_kind(Maskline__Store__V1__PhoneNumber *number, enum kind kind)
{
    number->short_code = kind == SHORT_CODE;
    number->channel = kind == CHANNEL;
}

static void set_number_kind(Maskline__Store__V1__Entry *entry, enum kind kind)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED:
        set_kind(entry->number_added->number, kind);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED:
        set_kind(entry->number_updated->number, kind);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_REMOVED:
        set_kind(entry->number_removed->number, kind);
        break;
    default:
        ck_assert(kind == PHONE);
    }
}

/* The number of an entry's change and of the event's payload, and what the payload rightly leaves empty. */
static void expect_event(unsigned change, unsigned payload, enum kind kind)
{
    /* Only what a session is about has one; a number's use and carriers' ids are not told by events. */
    static const char *const rightly_empty[] = {"session_sid", "content",        "in_use",
                                                "provider_id", "from_everybody", NULL};
    struct arena *arena = new_arena();
    Maskline__Store__V1__Entry *entry = entry_of(arena, change);
    set_number_kind(entry, kind);
    Maskline__V1__Event *event = event_message(arena, service, 42, entry);
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq((unsigned)event->payload_case, payload);
    ck_assert_uint_eq((unsigned)event->type, payload);
    ck_assert_uint_eq(event->position, 42);
    ck_assert_str_eq(event->service_sid, "KS01020300000000000000000000000000");
    ck_assert_int_eq(event->event_time->seconds, 1700000000);
    const char *empty = empty_field(&event->base, rightly_empty);
    ck_assert_msg(!empty, "change %u: nothing is in %s", change, empty ? empty : "");
    bool about_session = change >= 30 && !about_person(change);
    ck_assert_str_eq(event->session_sid, about_session ? "KCabababababababababababababababab" : "");
    expect_nothing_secret(event);
    arena_free(arena);
}

/* holds: EVT-05 EVT-08 */
START_TEST(test_each_change_is_an_event)
{
    const ProtobufCMessageDescriptor *entry = &maskline__store__v1__entry__descriptor;
    unsigned changes = 0;
    for (unsigned i = 0; i < entry->n_fields; i++)
        if (entry->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            expect_event(entry->fields[i].id, entry->fields[i].id, PHONE);
            changes++;
        }
    for (unsigned i = 0; i < 3; i++) {
        unsigned change = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED + i;
        expect_event(change, MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SHORT_CODE_ADDED + i, SHORT_CODE);
        expect_event(change, MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_CHANNEL_SENDER_ADDED + i,
                     CHANNEL);
    }
    /* More types of events than there are changes: a session that fails, and of what is no phone number. And UNSPECIFIED. */
    ck_assert_uint_eq(changes + 1 + 6 + 1, maskline__v1__event_type__descriptor.n_values);
}
END_TEST

START_TEST(test_session_that_fails)
{
    struct arena *arena = new_arena();
    Maskline__Store__V1__Entry *entry =
        entry_of(arena, MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED);
    entry->session_closed->status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED;
    Maskline__V1__Event *event = event_message(arena, service, 1, entry);
    ck_assert_int_eq(event->type, MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_SESSION_FAILED);
    ck_assert_int_eq(event->payload_case, MASKLINE__V1__EVENT__PAYLOAD_SESSION_FAILED);
    ck_assert_str_eq(event->session_failed->fail_reason, "<fail_reason>");
    ck_assert_int_eq(event->session_failed->end_time->seconds, 1700000000);
    expect_nothing_secret(event);
    arena_free(arena);
}
END_TEST

static Maskline__V1__SessionDeletedReason reason_of(struct arena *arena, bool purged,
                                                    bool service_deleted)
{
    Maskline__Store__V1__Entry *entry =
        entry_of(arena, MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED);
    entry->session_deleted->purged = purged;
    entry->session_deleted->service_deleted = service_deleted;
    return event_message(arena, service, 1, entry)->session_deleted->reason;
}

START_TEST(test_why_a_session_is_gone)
{
    struct arena *arena = new_arena();
    ck_assert_int_eq(reason_of(arena, false, false),
                     MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_API);
    ck_assert_int_eq(reason_of(arena, true, false),
                     MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_RETENTION);
    ck_assert_int_eq(reason_of(arena, false, true),
                     MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_SERVICE_DELETED);
    arena_free(arena);
}
END_TEST

START_TEST(test_entry_of_no_kind_has_no_type)
{
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    struct arena *arena = new_arena();
    Maskline__V1__Event *event = event_message(arena, service, 1, &entry);
    ck_assert_int_eq(event->type, MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED);
    ck_assert_int_eq(event->payload_case, MASKLINE__V1__EVENT__PAYLOAD__NOT_SET);
    arena_free(arena);
}
END_TEST

static struct event_filter by_types(Maskline__V1__EventType one, Maskline__V1__EventType other)
{
    Maskline__V1__EventType types[] = {one, other};
    Maskline__V1__EventFilter given = MASKLINE__V1__EVENT_FILTER__INIT;
    struct event_filter filter = {0};
    struct error error;
    given.types = types;
    given.n_types = 2;
    ck_assert(event_filter_types(&filter, &given, &error));
    return filter;
}

START_TEST(test_filter)
{
    struct arena *arena = new_arena();
    Maskline__Store__V1__Entry *entry =
        entry_of(arena, MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED);
    struct event_filter filter = {0};
    ck_assert(event_passes(&filter, entry));
    filter = by_types(MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_LEG_UPDATED,
                      MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_WARNING);
    ck_assert(event_passes(&filter, entry));
    filter = by_types(MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_PARTICIPANT_UPDATED,
                      MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_WARNING);
    ck_assert(!event_passes(&filter, entry));
    ck_assert(event_passes(
        &filter, entry_of(arena, MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED)));
    filter = (struct event_filter){.by_session = true};
    ck_assert(!event_passes(&filter, entry));
    memset(filter.session, 0xab, sizeof filter.session);
    ck_assert(event_passes(&filter, entry));
    ck_assert(!event_passes(&filter,
                            entry_of(arena, MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED)));
    arena_free(arena);
}
END_TEST

/* Each type that there is can be asked for, and nothing else. */
START_TEST(test_types_that_a_filter_may_name)
{
    static Maskline__V1__EventType types[65];
    Maskline__V1__EventFilter given = MASKLINE__V1__EVENT_FILTER__INIT;
    struct error error;
    given.types = types;
    struct event_filter filter = {0};
    ck_assert(event_filter_types(&filter, &given, &error));
    ck_assert(!filter.by_type);
    const ProtobufCEnumDescriptor *known = &maskline__v1__event_type__descriptor;
    given.n_types = 1;
    for (unsigned i = 0; i < known->n_values; i++) {
        types[0] = (Maskline__V1__EventType)known->values[i].value;
        filter = (struct event_filter){0};
        ck_assert_msg(event_filter_types(&filter, &given, &error) == (types[0] != 0), "%s",
                      known->values[i].name);
        ck_assert(filter.by_type == (types[0] != 0));
    }
    static const int wrong[] = {0, 9, 54, 63, 64, 255, 256, 1000, -1};
    given.n_types = 2;
    types[0] = MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_WARNING;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        types[1] = (Maskline__V1__EventType)wrong[i];
        ck_assert(!event_filter_types(&filter, &given, &error));
        ck_assert_str_eq(error.fields[0].name, "filter.types");
    }
    given.n_types = 65;
    ck_assert(!event_filter_types(&filter, &given, &error));
}
END_TEST

SUITE_MAIN("event", test_each_change_is_an_event, test_session_that_fails,
           test_why_a_session_is_gone, test_entry_of_no_kind_has_no_type, test_filter,
           test_types_that_a_filter_may_name)
