#include "client/demo.h"

#include "client/demo_ears.h"

#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"

#include <string.h>
#include <sys/random.h>

enum { SALTS = 1000000 };

/* A call's response; NULL after it said why not. */
static const void *ask(struct demo *demo, const struct grpc_c_client_method *method,
                       const ProtobufCMessage *request)
{
    const void *response = cli_ask(demo->cli, method, request, demo->cli->arena, &demo->status);
    demo->said |= !response;
    return response;
}

/* Whether it is there; it is asked for without a word when it is not. */
static bool find_service(struct demo *demo, bool *ret_there)
{
    struct cli *cli = demo->cli;
    Maskline__V1__GetServiceRequest get = MASKLINE__V1__GET_SERVICE_REQUEST__INIT;
    get.service = demo->service;
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    struct grpc_c_call_options options = cli_call(cli);
    *ret_there = grpc_c_client_unary(cli->channel, &maskline_v1_services_get_service__method,
                                     &options, &get.base, cli->arena, &response, &status);
    if (!*ret_there && status.code != STATUS_NOT_FOUND) {
        demo->status = cli_failed(cli, &status);
        demo->said = true;
        return false;
    }
    return true;
}

static bool make_service(struct demo *demo)
{
    Maskline__V1__CreateServiceRequest create = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    create.unique_name = demo->service;
    return ask(demo, &maskline_v1_services_create_service__method, &create.base);
}

/* Those of a demo before are taken again; this one's people never had any of them. */
static bool fill_pool(struct demo *demo, const char *const *proxies, size_t count)
{
    struct cli *cli = demo->cli;
    Maskline__V1__ListPhoneNumbersRequest list = MASKLINE__V1__LIST_PHONE_NUMBERS_REQUEST__INIT;
    list.service = demo->service;
    list.page_size = (int32_t)count;
    const Maskline__V1__ListPhoneNumbersResponse *there =
        ask(demo, &maskline_v1_phone_numbers_list_phone_numbers__method, &list.base);
    if (!there)
        return false;
    for (size_t i = 0; i < there->n_phone_numbers; i++)
        printf("  %s\n", there->phone_numbers[i]->phone_number);
    for (size_t i = there->n_phone_numbers; i < count; i++) {
        Maskline__V1__AddPhoneNumberRequest add = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
        add.service = demo->service;
        add.phone_number = arena_string(cli->arena, proxies[i]);
        const Maskline__V1__AddPhoneNumberResponse *added =
            ask(demo, &maskline_v1_phone_numbers_add_phone_number__method, &add.base);
        if (!added)
            return false;
        printf("  %s\n", added->phone_number->phone_number);
    }
    return true;
}

static bool prepare_service(struct demo *demo, const char *const *proxies, size_t count)
{
    bool there;
    if (!find_service(demo, &there) || (!there && !make_service(demo)))
        return false;
    printf(there ? "The Service of the demo before, with proxy numbers of its pool\n"
                 : "A Service with a pool of proxy numbers\n");
    if (!fill_pool(demo, proxies, count))
        return false;
    printf("\nIts events, live\n");
    return demo_hear_events(demo, !there);
}

static bool prepare_phone(struct demo *demo, struct phone *phone)
{
    Maskline__V1__AddHandsetRequest add = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    add.phone_number = phone->number;
    /* Whoever is called takes the call. */
    Maskline__V1__HandsetBehavior behavior = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    char one[] = "1";
    behavior.call = MASKLINE__V1__SIMULATED_CALL__SIMULATED_CALL_PICKS_UP;
    behavior.keys = one;
    add.behavior = &behavior;
    return ask(demo, &maskline_v1_simulator_add_handset__method, &add.base) &&
           demo_hear_phone(phone);
}

static bool prepare_session(struct demo *demo)
{
    Maskline__V1__ParticipantSpec ann = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    Maskline__V1__ParticipantSpec bob = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    Maskline__V1__ParticipantSpec *both[] = {&ann, &bob};
    ann.identifier = demo->ann.number;
    ann.friendly_name = "Ann";
    bob.identifier = demo->bob.number;
    bob.friendly_name = "Bob";
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    request.service = demo->service;
    request.participants = both;
    request.n_participants = 2;
    const Maskline__V1__CreateSessionResponse *response =
        ask(demo, &maskline_v1_sessions_create_session__method, &request.base);
    if (!response)
        return false;
    const Maskline__V1__Session *session = response->session;
    if (session->n_participants != 2)
        return demo_wrong(demo, "the session lacks a participant");
    pthread_mutex_lock(&demo->lock);
    snprintf(demo->session, sizeof demo->session, "%s", session->sid);
    pthread_mutex_unlock(&demo->lock);
    snprintf(demo->ann_sid, sizeof demo->ann_sid, "%s", session->participants[0]->sid);
    snprintf(demo->ann.proxy, sizeof demo->ann.proxy, "%s",
             session->participants[0]->proxy_identifier);
    snprintf(demo->bob.proxy, sizeof demo->bob.proxy, "%s",
             session->participants[1]->proxy_identifier);
    printf("\nA session joins Ann (%s) and Bob (%s)\n", demo->ann.number, demo->bob.number);
    printf("  Ann knows Bob as %s, Bob knows Ann as %s\n", demo->ann.proxy, demo->bob.proxy);
    return true;
}

static bool write_text(struct demo *demo, struct phone *from, const char *body, bool expected)
{
    struct cli *cli = demo->cli;
    printf("\n%s writes to %s: %s\n", from->owner, from->proxy, body);
    fflush(stdout);
    Maskline__V1__SendTextRequest request = MASKLINE__V1__SEND_TEXT_REQUEST__INIT;
    request.handset = from->number;
    request.recipient = from->proxy;
    request.body = arena_string(cli->arena, body);
    const Maskline__V1__SendTextResponse *response =
        ask(demo, &maskline_v1_simulator_send_text__method, &request.base);
    if (!response)
        return false;
    bool accepted = response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    if (accepted != expected)
        return demo_wrong(demo, accepted ? "a text was accepted that should not be"
                                         : "a text was not accepted");
    return true;
}

/* A text reaches the other side, from the number that the other side knows. */
static bool relay(struct demo *demo, struct phone *from, struct phone *to, const char *body)
{
    unsigned texts = demo_count(demo, &to->texts);
    unsigned delivered = demo_count(demo, &demo->delivered);
    if (!write_text(demo, from, body, true) ||
        !demo_wait(demo, &to->texts, texts + 1, "a text did not arrive") ||
        !demo_wait(demo, &demo->delivered, delivered + 1, "a delivery was not told"))
        return false;
    if (strcmp(to->sender, to->proxy) != 0)
        return demo_wrong(demo, "a text came from the wrong number");
    if (strcmp(to->body, body) != 0)
        return demo_wrong(demo, "a text was changed");
    return true;
}

/* A call rings the other side, by the number that the other side knows. */
static bool talk(struct demo *demo, struct phone *from, struct phone *to)
{
    printf("\n%s calls %s\n", from->owner, from->proxy);
    fflush(stdout);
    Maskline__V1__StartCallRequest call = MASKLINE__V1__START_CALL_REQUEST__INIT;
    call.handset = from->number;
    call.recipient = from->proxy;
    const Maskline__V1__StartCallResponse *answer =
        ask(demo, &maskline_v1_simulator_start_call__method, &call.base);
    if (!answer)
        return false;
    if (answer->outcome != MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED)
        return demo_wrong(demo, "a call was not accepted");
    if (!demo_wait(demo, &to->talks, 1, "a call was not connected") ||
        !demo_wait(demo, &from->talks, 1, "a call was not connected"))
        return false;
    if (strcmp(to->caller, to->proxy) != 0)
        return demo_wrong(demo, "a call came from the wrong number");
    printf("\n%s hangs up\n", to->owner);
    fflush(stdout);
    Maskline__V1__HangUpRequest end = MASKLINE__V1__HANG_UP_REQUEST__INIT;
    end.handset = to->number;
    return ask(demo, &maskline_v1_simulator_hang_up__method, &end.base) &&
           demo_wait(demo, &demo->calls, 1, "the end of a call was not told");
}

static bool service_writes(struct demo *demo)
{
    unsigned texts = demo_count(demo, &demo->ann.texts);
    unsigned delivered = demo_count(demo, &demo->delivered);
    printf("\nThe Service writes to Ann\n");
    fflush(stdout);
    Maskline__V1__SendMessageRequest request = MASKLINE__V1__SEND_MESSAGE_REQUEST__INIT;
    request.service = demo->service;
    request.session = demo->session;
    request.participant = demo->ann_sid;
    request.body = "Rate your trip: reply 1 to 5.";
    const Maskline__V1__SendMessageResponse *response =
        ask(demo, &maskline_v1_interactions_send_message__method, &request.base);
    if (!response)
        return false;
    return demo_wait(demo, &demo->ann.texts, texts + 1, "the Service's text did not arrive") &&
           demo_wait(demo, &demo->delivered, delivered + 1, "a delivery was not told");
}

static bool close_session(struct demo *demo)
{
    printf("\nThe session is closed; a late text reaches nobody\n");
    fflush(stdout);
    Maskline__V1__UpdateSessionRequest request = MASKLINE__V1__UPDATE_SESSION_REQUEST__INIT;
    request.service = demo->service;
    request.session = demo->session;
    request.status = MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED;
    const Maskline__V1__UpdateSessionResponse *response =
        ask(demo, &maskline_v1_sessions_update_session__method, &request.base);
    if (!response)
        return false;
    unsigned rejected = demo_count(demo, &demo->rejected);
    return write_text(demo, &demo->bob, "Are you still there?", false) &&
           demo_wait(demo, &demo->rejected, rejected + 1, "the rejection was not told");
}

static bool play(struct demo *demo)
{
    /* New people each time, so that a store can see many demos, also two at once: who had a number does not get it again before long. */
    unsigned salt;
    if (getrandom(&salt, sizeof salt, 0) != sizeof salt)
        return demo_wrong(demo, "there is nothing random");
    salt %= SALTS;
    char first[NAME_SIZE], second[NAME_SIZE];
    snprintf(first, sizeof first, "+1555%06u1", salt);
    snprintf(second, sizeof second, "+1555%06u2", salt);
    snprintf(demo->ann.number, sizeof demo->ann.number, "+1556%06u1", salt);
    snprintf(demo->bob.number, sizeof demo->bob.number, "+1556%06u2", salt);
    const char *const proxies[] = {first, second};
    return prepare_service(demo, proxies, 2) && prepare_phone(demo, &demo->ann) &&
           prepare_phone(demo, &demo->bob) && prepare_session(demo) &&
           relay(demo, &demo->ann, &demo->bob, "Hi, I am at the corner. Where are you?") &&
           relay(demo, &demo->bob, &demo->ann, "Two minutes, in the blue van.") &&
           talk(demo, &demo->ann, &demo->bob) && service_writes(demo) && close_session(demo);
}

int demo_play(struct cli *cli)
{
    static char service[] = "maskline-demo";
    if (!cli_connect(cli))
        return EXIT_USAGE;
    struct demo demo = {.cli = cli, .service = service, .status = EXIT_REFUSED};
    demo.ann = (struct phone){.demo = &demo, .owner = "Ann"};
    demo.bob = (struct phone){.demo = &demo, .owner = "Bob"};
    pthread_mutex_init(&demo.lock, NULL);
    pthread_cond_init(&demo.changed, NULL);
    bool ok = play(&demo);
    demo_stop_hearing(&demo);
    pthread_mutex_lock(&demo.lock);
    ok = ok && !demo.wrong;
    if (ok)
        printf(
            "\nNeither saw the other's number; %llu events, no gap. The Service stays; its name is "
            "%s.\n",
            (unsigned long long)demo.events, demo.service);
    else if (demo.wrong)
        fprintf(stderr, "maskline: %s\n", demo.wrong);
    else if (demo.lost && !demo.said)
        demo.status = cli_error(cli, &demo.why);
    pthread_mutex_unlock(&demo.lock);
    pthread_cond_destroy(&demo.changed);
    pthread_mutex_destroy(&demo.lock);
    return ok ? EXIT_DONE : demo.status;
}
