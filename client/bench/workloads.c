#include "client/bench/workloads.h"

#include "maskline/bench/v1/echo.grpc-c-client.h"
#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <string.h>

/* The same for all, echo included: a deadline costs the client something. A server that is gone ends the call at once. */
static const struct grpc_c_call_options patient = {.timeout_ms = 30000};

static uint8_t payload[PAYLOAD] = "The bare echo gives back these bytes as they are.";

static char looked_in[] = "KS01a21e6f11387e518af3a82584ec26bb";
static char looked_up[] = "KC01a21e6f113d7097b83a65fec716ce98";

static void echo_done(void *data, const Maskline__Bench__V1__EchoResponse *response,
                      const struct grpc_c_status *status)
{
    load_done(data, status,
              response && response->payload.len == PAYLOAD &&
                  memcmp(response->payload.data, payload, PAYLOAD) == 0);
}

bool begin_echo(struct slot *slot)
{
    Maskline__Bench__V1__EchoRequest request = MASKLINE__BENCH__V1__ECHO_REQUEST__INIT;
    request.payload.data = payload;
    request.payload.len = PAYLOAD;
    return maskline_bench_v1_echo_echo_start(slot->channel, &patient, &request, echo_done, slot);
}

static void look_done(void *data, const Maskline__Bench__V1__LookResponse *response,
                      const struct grpc_c_status *status)
{
    load_done(data, status,
              response && response->session && response->session->n_people == 2 &&
                  strcmp(response->session->sid, looked_up) == 0);
}

bool begin_look(struct slot *slot)
{
    Maskline__Bench__V1__LookRequest request = MASKLINE__BENCH__V1__LOOK_REQUEST__INIT;
    request.service = looked_in;
    request.session = looked_up;
    return maskline_bench_v1_echo_look_start(slot->channel, &patient, &request, look_done, slot);
}

static void text_done(void *data, const Maskline__V1__SendTextResponse *response,
                      const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct work *work = slot->data;
    bool ok =
        response && response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    work->world->pairs[slot->item].accepted += ok;
    load_done(slot, status, ok);
}

static bool begin_text(struct slot *slot, struct work *work)
{
    struct pair *pair = &work->world->pairs[slot->item];
    Maskline__V1__SendTextRequest request = MASKLINE__V1__SEND_TEXT_REQUEST__INIT;
    request.handset = pair->sender;
    request.recipient = pair->proxy;
    request.body = work->body;
    return maskline_v1_simulator_send_text_start(slot->channel, &patient, &request, text_done,
                                                 slot);
}

static void send_done(void *data, const Maskline__V1__SendMessageResponse *response,
                      const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct work *work = slot->data;
    work->world->pairs[slot->item].accepted += response != NULL;
    load_done(slot, status, response != NULL);
}

static bool begin_send(struct slot *slot, struct work *work)
{
    struct pair *pair = &work->world->pairs[slot->item];
    Maskline__V1__SendMessageRequest request = MASKLINE__V1__SEND_MESSAGE_REQUEST__INIT;
    request.service = work->world->services[pair->service];
    request.session = pair->session;
    request.participant = pair->participant;
    request.body = work->body;
    return maskline_v1_interactions_send_message_start(slot->channel, &patient, &request, send_done,
                                                       slot);
}

static void create_done(void *data, const Maskline__V1__CreateSessionResponse *response,
                        const struct grpc_c_status *status)
{
    load_done(data, status, response && response->session->n_participants == 2);
}

static bool begin_create(struct slot *slot, struct work *work)
{
    struct world *world = work->world;
    char first[NUMBER_SIZE], second[NUMBER_SIZE];
    Maskline__V1__ParticipantSpec people[2] = {MASKLINE__V1__PARTICIPANT_SPEC__INIT,
                                               MASKLINE__V1__PARTICIPANT_SPEC__INIT};
    Maskline__V1__ParticipantSpec *pointers[] = {&people[0], &people[1]};
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    world_person(world, first);
    world_person(world, second);
    people[0].identifier = first;
    people[1].identifier = second;
    request.service = world->services[slot->number % world->options.services];
    request.participants = pointers;
    request.n_participants = 2;
    return maskline_v1_sessions_create_session_start(slot->channel, &patient, &request, create_done,
                                                     slot);
}

static void get_done(void *data, const Maskline__V1__GetSessionResponse *response,
                     const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct work *work = slot->data;
    load_done(slot, status,
              response &&
                  strcmp(response->session->sid, work->world->sessions[slot->item].sid) == 0);
}

static bool begin_get(struct slot *slot, struct work *work)
{
    struct world *world = work->world;
    slot->item = (unsigned)chance_below(&work->chance, world->options.sessions);
    struct looked_up *session = &world->sessions[slot->item];
    Maskline__V1__GetSessionRequest request = MASKLINE__V1__GET_SESSION_REQUEST__INIT;
    request.service = world->services[session->service];
    request.session = session->sid;
    return maskline_v1_sessions_get_session_start(slot->channel, &patient, &request, get_done,
                                                  slot);
}

void work_init(struct work *work, struct world *world, const struct mix *mix, uint64_t seed)
{
    *work = (struct work){.world = world, .mix = mix, .chance = {seed}};
    memset(work->body, 'x', PAYLOAD);
}

bool begin_work(struct slot *slot)
{
    struct work *work = slot->data;
    enum kind kind = mix_pick(work->mix, &work->chance);
    slot->kind = kind;
    slot->item = (unsigned)(slot->number % work->world->pair_count);
    switch (kind) {
    case KIND_SEND:
        return begin_send(slot, work);
    case KIND_CREATE_SESSION:
        return begin_create(slot, work);
    case KIND_GET_SESSION:
        return begin_get(slot, work);
    case KIND_MESSAGE:
    case KIND_EVENTS:
    case KINDS:
        break;
    }
    return begin_text(slot, work);
}
