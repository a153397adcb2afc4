/*
 * Entries that a damaged disk or another version could leave: no row is made of what lacks what rows are made of.
 */
#include "server/masking/derive/entry_check.h"
#include "tests/unit/suite.h"

#include "proto/c/sid.h"
#include "storage/keys.h"

#include <string.h>

static uint8_t sid[SID_BYTES + 1], person[PERSON_SIZE], service[SID_BYTES] = {7};

static ProtobufCBinaryData bytes(uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, data};
}

/* A session with one participant, and the route that it takes. */
static struct sample {
    Maskline__Store__V1__Entry entry;
    Maskline__Store__V1__SessionCreated created;
    Maskline__Store__V1__Session session;
    Maskline__Store__V1__Participant participant, *participants[1];
    Maskline__Store__V1__RouteChange route, *routes[1];
    ProtobufCBinaryData persons[1];
} sample;

static void make_sample(void)
{
    maskline__store__v1__entry__init(&sample.entry);
    maskline__store__v1__session_created__init(&sample.created);
    maskline__store__v1__session__init(&sample.session);
    maskline__store__v1__participant__init(&sample.participant);
    maskline__store__v1__route_change__init(&sample.route);
    sample.entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED;
    sample.entry.session_created = &sample.created;
    sample.created.session = &sample.session;
    sample.session.sid = bytes(sid, SID_BYTES);
    sample.participant.sid = bytes(sid, SID_BYTES);
    sample.persons[0] = bytes(person, PERSON_SIZE);
    sample.participant.persons = sample.persons;
    sample.participant.n_persons = 1;
    sample.participants[0] = &sample.participant;
    sample.session.participants = sample.participants;
    sample.session.n_participants = 1;
    sample.route.person = bytes(person, PERSON_SIZE);
    sample.route.participant = bytes(sid, SID_BYTES);
    sample.routes[0] = &sample.route;
    sample.created.taken = sample.routes;
    sample.created.n_taken = 1;
}

START_TEST(test_sound_entries)
{
    Maskline__Store__V1__Entry empty = MASKLINE__STORE__V1__ENTRY__INIT;
    ck_assert(entry_sound(&empty, service));
    make_sample();
    ck_assert(entry_sound(&sample.entry, service));
    sample.route.number = bytes(sid, SID_BYTES);
    ck_assert(entry_sound(&sample.entry, service));
}
END_TEST

START_TEST(test_what_is_missing)
{
    make_sample();
    sample.created.session = NULL;
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.session.sid = bytes(NULL, 0);
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.participant.sid = bytes(NULL, 0);
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.route.participant = bytes(NULL, 0);
    ck_assert(!entry_sound(&sample.entry, service));
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    Maskline__Store__V1__LegChanged leg = MASKLINE__STORE__V1__LEG_CHANGED__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED;
    entry.leg_changed = &leg;
    leg.session = leg.interaction = bytes(sid, SID_BYTES);
    ck_assert(!entry_sound(&entry, service));
    Maskline__Store__V1__Leg now = MASKLINE__STORE__V1__LEG__INIT;
    leg.now = &now;
    ck_assert(entry_sound(&entry, service));
}
END_TEST

START_TEST(test_wrong_sizes)
{
    make_sample();
    sample.session.sid = bytes(sid, SID_BYTES - 1);
    ck_assert(!entry_sound(&sample.entry, service));
    sample.session.sid = bytes(sid, SID_BYTES + 1);
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.persons[0] = bytes(person, PERSON_SIZE - 1);
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.route.person = bytes(NULL, 0);
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.route.number = bytes(sid, 3);
    ck_assert(!entry_sound(&sample.entry, service));
}
END_TEST

START_TEST(test_numbers_that_nobody_can_reckon_with)
{
    make_sample();
    sample.entry.time = INT64_MAX - 1;
    ck_assert(!entry_sound(&sample.entry, service));
    make_sample();
    sample.session.ttl = INT64_MIN;
    ck_assert(!entry_sound(&sample.entry, service));
    sample.session.ttl = 3600;
    sample.entry.time = INT64_C(253402300799999999);
    ck_assert(entry_sound(&sample.entry, service));
}
END_TEST

/* holds: STO-06 */
START_TEST(test_another_service)
{
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    Maskline__Store__V1__ServiceDeleting deleting = MASKLINE__STORE__V1__SERVICE_DELETING__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETING;
    entry.service_deleting = &deleting;
    deleting.service = bytes(service, SID_BYTES);
    ck_assert(entry_sound(&entry, service));
    /* Deleting it would never end. */
    deleting.service = bytes(sid, SID_BYTES);
    ck_assert(!entry_sound(&entry, service));
    Maskline__Store__V1__ServiceCreated created = MASKLINE__STORE__V1__SERVICE_CREATED__INIT;
    Maskline__Store__V1__Service row = MASKLINE__STORE__V1__SERVICE__INIT;
    Maskline__Store__V1__Settings settings = MASKLINE__STORE__V1__SETTINGS__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED;
    entry.service_created = &created;
    created.service = &row;
    row.settings = &settings;
    row.sid = row.pool = bytes(service, SID_BYTES);
    ck_assert(entry_sound(&entry, service));
    row.sid = bytes(sid, SID_BYTES);
    ck_assert(!entry_sound(&entry, service));
}
END_TEST

START_TEST(test_what_concerns_nobody)
{
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    Maskline__Store__V1__InboundRejected rejected = MASKLINE__STORE__V1__INBOUND_REJECTED__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED;
    entry.inbound_rejected = &rejected;
    ck_assert(entry_sound(&entry, service));
    rejected.session = bytes(sid, 2);
    ck_assert(!entry_sound(&entry, service));
}
END_TEST

SUITE_MAIN("entry check", test_sound_entries, test_what_is_missing, test_wrong_sizes,
           test_numbers_that_nobody_can_reckon_with, test_another_service,
           test_what_concerns_nobody)
