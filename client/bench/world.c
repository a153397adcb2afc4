#include "client/bench/world.h"

#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 4, IN_FLIGHT = 64 };

/* Far more than it takes: it ends by the number of calls. */
#define LONG_SECONDS 3600.0

static const struct grpc_c_call_options patient = {.timeout_ms = 60000};

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

/* ---- Services ---- */

static void service_made(void *data, const Maskline__V1__CreateServiceResponse *response,
                         const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct world *world = slot->data;
    if (response)
        copy(world->services[slot->item], SID_SIZE, response->service->sid);
    load_done(slot, status, response != NULL);
}

static bool make_service(struct slot *slot)
{
    char name[32];
    Maskline__V1__CreateServiceRequest request = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    slot->item = (unsigned)slot->number;
    snprintf(name, sizeof name, "bench-%u", slot->item);
    request.unique_name = name;
    return maskline_v1_services_create_service_start(slot->channel, &patient, &request,
                                                     service_made, slot);
}

/* ---- numbers ---- */

static void number_added(void *data, const Maskline__V1__AddPhoneNumberResponse *response,
                         const struct grpc_c_status *status)
{
    load_done(data, status, response != NULL);
}

static bool add_number(struct slot *slot)
{
    struct world *world = slot->data;
    char number[NUMBER_SIZE];
    Maskline__V1__AddPhoneNumberRequest request = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
    snprintf(number, sizeof number, "+19%09u", (unsigned)slot->number);
    request.service = world->services[slot->number % world->options.services];
    request.phone_number = number;
    return maskline_v1_phone_numbers_add_phone_number_start(slot->channel, &patient, &request,
                                                            number_added, slot);
}

/* ---- pairs ---- */

static void handset_added(void *data, const Maskline__V1__AddHandsetResponse *response,
                          const struct grpc_c_status *status)
{
    load_done(data, status, response != NULL);
}

static bool add_handset(struct slot *slot)
{
    struct world *world = slot->data;
    struct pair *pair = &world->pairs[slot->number / 2];
    char *number = slot->number % 2 == 0 ? pair->sender : pair->recipient;
    Maskline__V1__AddHandsetRequest request = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    snprintf(number, NUMBER_SIZE, "+15%09u", (unsigned)slot->number);
    request.phone_number = number;
    return maskline_v1_simulator_add_handset_start(slot->channel, &patient, &request, handset_added,
                                                   slot);
}

static bool create(struct slot *slot, unsigned service, char *first, char *second,
                   void (*done)(void *, const Maskline__V1__CreateSessionResponse *,
                                const struct grpc_c_status *))
{
    struct world *world = slot->data;
    Maskline__V1__ParticipantSpec people[2] = {MASKLINE__V1__PARTICIPANT_SPEC__INIT,
                                               MASKLINE__V1__PARTICIPANT_SPEC__INIT};
    Maskline__V1__ParticipantSpec *pointers[] = {&people[0], &people[1]};
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    people[0].identifier = first;
    people[1].identifier = second;
    request.service = world->services[service];
    request.participants = pointers;
    request.n_participants = 2;
    return maskline_v1_sessions_create_session_start(slot->channel, &patient, &request, done, slot);
}

static void pair_made(void *data, const Maskline__V1__CreateSessionResponse *response,
                      const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct world *world = slot->data;
    struct pair *pair = &world->pairs[slot->item];
    bool ok = response && response->session->n_participants == 2;
    if (ok) {
        copy(pair->session, SID_SIZE, response->session->sid);
        copy(pair->proxy, NUMBER_SIZE, response->session->participants[0]->proxy_identifier);
        copy(pair->participant, SID_SIZE, response->session->participants[1]->sid);
    }
    load_done(slot, status, ok);
}

static bool make_pair(struct slot *slot)
{
    struct world *world = slot->data;
    slot->item = (unsigned)slot->number;
    struct pair *pair = &world->pairs[slot->item];
    pair->service = slot->item % world->options.services;
    return create(slot, pair->service, pair->sender, pair->recipient, pair_made);
}

/* ---- sessions to be looked up ---- */

static void session_made(void *data, const Maskline__V1__CreateSessionResponse *response,
                         const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct world *world = slot->data;
    if (response)
        copy(world->sessions[slot->item].sid, SID_SIZE, response->session->sid);
    load_done(slot, status, response != NULL);
}

static bool make_session(struct slot *slot)
{
    struct world *world = slot->data;
    char first[NUMBER_SIZE], second[NUMBER_SIZE];
    slot->item = (unsigned)slot->number;
    world->sessions[slot->item].service = slot->item % world->options.services;
    world_person(world, first);
    world_person(world, second);
    return create(slot, world->sessions[slot->item].service, first, second, session_made);
}

static void session_got(void *data, const Maskline__V1__GetSessionResponse *response,
                        const struct grpc_c_status *status)
{
    load_done(data, status, response != NULL);
}

/* Each is looked at once, so that what can be in memory is. */
static bool get_session(struct slot *slot)
{
    struct world *world = slot->data;
    struct looked_up *session = &world->sessions[slot->number];
    Maskline__V1__GetSessionRequest request = MASKLINE__V1__GET_SESSION_REQUEST__INIT;
    request.service = world->services[session->service];
    request.session = session->sid;
    return maskline_v1_sessions_get_session_start(slot->channel, &patient, &request, session_got,
                                                  slot);
}

/* ---- the whole ---- */

void world_person(struct world *world, char ret_number[NUMBER_SIZE])
{
    uint64_t number = atomic_fetch_add_explicit(&world->people, 1, memory_order_relaxed);
    snprintf(ret_number, NUMBER_SIZE, "+12%09u", (unsigned)(number % 1000000000));
}

static bool fill(struct world *world, const char *what, uint64_t count, load_begin begin)
{
    struct load_options options = {.target = world->target,
                                   .connections = CONNECTIONS,
                                   .in_flight = IN_FLIGHT,
                                   .seconds = LONG_SECONDS,
                                   .calls = count,
                                   .begin = begin,
                                   .data = world};
    if (count == 0)
        return true;
    struct load_result *result = malloc(sizeof *result);
    bool ok = result && load_run(&options, result) && result->failed == 0;
    if (result && result->failed > 0)
        fprintf(stderr, "maskline-bench: %s: %llu of %llu calls failed: %s\n", what,
                (unsigned long long)result->failed, (unsigned long long)count,
                result->first_failure);
    free(result);
    return ok;
}

static bool make_all(struct world *world)
{
    const struct world_options *options = &world->options;
    return fill(world, "making Services", options->services, make_service) &&
           fill(world, "adding numbers", (uint64_t)options->services * options->numbers,
                add_number) &&
           fill(world, "adding phones", (uint64_t)world->pair_count * 2, add_handset) &&
           fill(world, "making sessions", world->pair_count, make_pair) &&
           fill(world, "making sessions", options->sessions, make_session) &&
           fill(world, "looking at sessions", options->sessions, get_session);
}

struct world *world_make(const char *target, const struct world_options *options)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->options = *options;
    world->target = target;
    /* As many for each Service. */
    unsigned each = (options->pairs + options->services - 1) / options->services;
    world->pair_count = each * options->services;
    world->services = calloc(options->services, sizeof *world->services);
    world->pairs = calloc(world->pair_count, sizeof *world->pairs);
    world->sessions = calloc(options->sessions + 1, sizeof *world->sessions);
    if (world->services && world->pairs && world->sessions && make_all(world))
        return world;
    world_free(world);
    return NULL;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    free(world->services);
    free(world->pairs);
    free(world->sessions);
    free(world);
}
