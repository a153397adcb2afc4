#include "client/bench/echo_look.h"

#include "maskline/bench/v1/look.pb-c.h"

#include <stdlib.h>

enum {
    PEOPLE = 2,
    STATUS_OPEN = 1,
    MODE_MESSAGES_AND_CALLS = 1,
    LEAST_USED = 3,
    SAME_COUNTRY = 1,
    NANOS = 117037000
};
#define SECONDS 1795806925

static char person_sid[] = "KP01a21e6f113d709887b009dee99f6bf3";
static char number_sid[] = "PN01a21e6f113a7a1c9b995e8a4520995b";
static char number[] = "+12025550111";
static char proxy[] = "+12025550101";

/* All messages of an answer, which point to each other. */
struct parts {
    Maskline__Bench__V1__Moment moment, none;
    Maskline__Bench__V1__LookedChoice choice;
    Maskline__Bench__V1__LookedBinding binding, *bindings[1];
    Maskline__Bench__V1__LookedPerson people[PEOPLE], *pointers[PEOPLE];
    Maskline__Bench__V1__LookedTotals totals;
    Maskline__Bench__V1__Looked looked;
    char *numbers[1];
};

static void make_common(struct parts *parts)
{
    maskline__bench__v1__moment__init(&parts->none);
    maskline__bench__v1__moment__init(&parts->moment);
    parts->moment.seconds = SECONDS;
    parts->moment.nanos = NANOS;
    maskline__bench__v1__looked_choice__init(&parts->choice);
    parts->choice.reason = LEAST_USED;
    parts->choice.level = SAME_COUNTRY;
    maskline__bench__v1__looked_binding__init(&parts->binding);
    parts->binding.proxy = proxy;
    parts->binding.proxy_sid = number_sid;
    parts->binding.since = &parts->moment;
    parts->binding.choice = &parts->choice;
    parts->bindings[0] = &parts->binding;
    parts->numbers[0] = number;
}

static void make_person(struct parts *parts, const Maskline__Bench__V1__LookRequest *request,
                        Maskline__Bench__V1__LookedPerson *person)
{
    maskline__bench__v1__looked_person__init(person);
    person->sid = person_sid;
    person->service = request->service;
    person->session = request->session;
    person->number = number;
    person->numbers = parts->numbers;
    person->n_numbers = 1;
    person->proxy = proxy;
    person->proxy_sid = number_sid;
    person->bindings = parts->bindings;
    person->n_bindings = 1;
    person->created = &parts->moment;
    person->updated = &parts->moment;
}

static void make_looked(struct parts *parts, const Maskline__Bench__V1__LookRequest *request)
{
    Maskline__Bench__V1__Looked *looked = &parts->looked;
    maskline__bench__v1__looked_totals__init(&parts->totals);
    parts->totals.duration = &parts->none;
    maskline__bench__v1__looked__init(looked);
    looked->sid = request->session;
    looked->service = request->service;
    looked->status = STATUS_OPEN;
    looked->mode = MODE_MESSAGES_AND_CALLS;
    looked->ttl = &parts->none;
    looked->created = &parts->moment;
    looked->updated = &parts->moment;
    looked->people = parts->pointers;
    looked->n_people = PEOPLE;
    looked->totals = &parts->totals;
}

static uint8_t *pack(const Maskline__Bench__V1__LookRequest *request, size_t *ret_size)
{
    struct parts parts;
    Maskline__Bench__V1__LookResponse response = MASKLINE__BENCH__V1__LOOK_RESPONSE__INIT;
    make_common(&parts);
    for (unsigned i = 0; i < PEOPLE; i++) {
        make_person(&parts, request, &parts.people[i]);
        parts.pointers[i] = &parts.people[i];
    }
    make_looked(&parts, request);
    response.session = &parts.looked;
    uint8_t *bytes = malloc(maskline__bench__v1__look_response__get_packed_size(&response));
    if (!bytes)
        abort();
    *ret_size = maskline__bench__v1__look_response__pack(&response, bytes);
    return bytes;
}

uint8_t *echo_look(const uint8_t *request, size_t size, size_t *ret_size)
{
    Maskline__Bench__V1__LookRequest *unpacked =
        maskline__bench__v1__look_request__unpack(NULL, size, request);
    if (!unpacked)
        abort();
    uint8_t *bytes = pack(unpacked, ret_size);
    maskline__bench__v1__look_request__free_unpacked(unpacked, NULL);
    return bytes;
}
