#include "client/demo.h"

#include "client/json.h"
#include "client/table.h"

#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"
#include "proto/c/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_SIZE = 32, TEXT_SIZE = 200, WAIT_SECONDS = 15 };

/* What a phone got last, told by its stream. */
struct phone {
    struct demo *demo;
    const char *owner;
    char number[NAME_SIZE];
    char proxy[NAME_SIZE]; /* what it dials */
    struct maskline_v1_simulator_watch_handset_async *stream;
    bool ready;
    bool ended;
    unsigned texts;
    char sender[NAME_SIZE];
    char body[TEXT_SIZE];
    unsigned talks;
    char caller[NAME_SIZE];
};

struct demo {
    struct cli *cli;
    char service[NAME_SIZE];
    char session[40]; /* SID */
    char ann_sid[40];
    struct phone ann, bob;
    struct maskline_v1_events_stream_events_async *stream;
    pthread_mutex_t lock; /* the phones, and all below */
    pthread_cond_t changed;
    bool stream_ready;
    bool stream_ended;
    uint64_t position; /* of the last event */
    unsigned delivered;
    unsigned rejected;
    unsigned calls;    /* that have ended */
    int status;        /* the program's, when a call failed */
    const char *wrong; /* what went wrong first */
};

static void wrong(struct demo *demo, const char *what)
{
    if (!demo->wrong)
        demo->wrong = what;
}

/* ---- what the streams tell, on the client library's thread ---- */

/* Under the lock. */
static void phone_call(struct phone *phone, const Maskline__V1__HandsetCall *call)
{
    switch (call->event) {
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_RINGS:
        snprintf(phone->caller, sizeof phone->caller, "%s", call->other);
        printf("  %s's phone    %s rings\n", phone->owner, call->other);
        break;
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_ASKED_FOR_KEY:
        printf("  %s's phone    picks up and hears: %s\n", phone->owner, call->text);
        break;
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_CONNECTED:
        phone->talks++;
        printf("  %s's phone    talks\n", phone->owner);
        break;
    default:
        break;
    }
}

static void phone_message(void *data, const Maskline__V1__WatchHandsetResponse *message)
{
    struct phone *phone = data;
    struct demo *demo = phone->demo;
    pthread_mutex_lock(&demo->lock);
    if (message->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_READY) {
        phone->ready = true;
    } else if (message->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_TEXT) {
        snprintf(phone->sender, sizeof phone->sender, "%s", message->text->sender);
        snprintf(phone->body, sizeof phone->body, "%s", message->text->body);
        phone->texts++;
        printf("  %s's phone    %s wrote: %s\n", phone->owner, message->text->sender,
               message->text->body);
        fflush(stdout);
    } else if (message->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_CALL) {
        phone_call(phone, message->call);
        fflush(stdout);
    }
    pthread_cond_broadcast(&demo->changed);
    pthread_mutex_unlock(&demo->lock);
}

static void phone_end(void *data, const struct grpc_c_status *status)
{
    (void)status;
    struct phone *phone = data;
    pthread_mutex_lock(&phone->demo->lock);
    phone->ended = true;
    pthread_cond_broadcast(&phone->demo->changed);
    pthread_mutex_unlock(&phone->demo->lock);
}

/* Whether a real number stands anywhere in an event. */
static bool tells_numbers(const struct demo *demo, const Maskline__V1__Event *event)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return false;
    json_print(out, &event->base);
    bool found =
        fclose(out) == 0 && (strstr(text, demo->ann.number) || strstr(text, demo->bob.number));
    free(text);
    return found;
}

static void event_message(void *data, const Maskline__V1__StreamEventsResponse *message)
{
    struct demo *demo = data;
    pthread_mutex_lock(&demo->lock);
    demo->stream_ready = true;
    if (message->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT) {
        const Maskline__V1__Event *event = message->event;
        if (event->position != demo->position + 1)
            wrong(demo, "the events have a gap");
        if (tells_numbers(demo, event))
            wrong(demo, "an event tells a real number");
        demo->position = event->position;
        const char *detail = "";
        struct arena *arena = arena_new(64 * 1024);
        if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_LEG_UPDATED) {
            detail = arena ? show_enum(arena, &maskline__v1__leg_status__descriptor,
                                       (int)event->leg_updated->leg->status)
                           : "";
            demo->delivered +=
                event->leg_updated->leg->status == MASKLINE__V1__LEG_STATUS__LEG_STATUS_DELIVERED;
        } else if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_CALL_UPDATED) {
            const Maskline__V1__CallUpdated *call = event->call_updated;
            detail = arena && call->n_outbound > 0
                         ? show_enum(arena, &maskline__v1__leg_status__descriptor,
                                     (int)call->outbound[0]->status)
                         : "";
            demo->calls += call->call && call->call->end_time;
        } else if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_INBOUND_REJECTED) {
            detail = event->inbound_rejected->reason;
            demo->rejected++;
        }
        printf("  event %-5llu    %s%s%s\n", (unsigned long long)event->position,
               arena ? show_enum(arena, &maskline__v1__event_type__descriptor, (int)event->type)
                     : "",
               *detail ? " " : "", detail);
        arena_free(arena);
        fflush(stdout);
    }
    pthread_cond_broadcast(&demo->changed);
    pthread_mutex_unlock(&demo->lock);
}

static void event_end(void *data, const struct grpc_c_status *status)
{
    (void)status;
    struct demo *demo = data;
    pthread_mutex_lock(&demo->lock);
    demo->stream_ended = true;
    pthread_cond_broadcast(&demo->changed);
    pthread_mutex_unlock(&demo->lock);
}

/* Waits until `count` has reached `wanted`; false when it takes too long or something went wrong. */
static bool wait_for(struct demo *demo, const unsigned *count, unsigned wanted, const char *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&demo->lock);
    int late = 0;
    while (*count < wanted && !demo->wrong && late == 0)
        late = pthread_cond_timedwait(&demo->changed, &demo->lock, &until);
    if (*count < wanted)
        wrong(demo, what);
    bool ok = !demo->wrong;
    pthread_mutex_unlock(&demo->lock);
    return ok;
}

static bool wait_flag(struct demo *demo, const bool *flag, const char *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&demo->lock);
    int late = 0;
    while (!*flag && late == 0)
        late = pthread_cond_timedwait(&demo->changed, &demo->lock, &until);
    bool ok = *flag;
    if (!ok)
        wrong(demo, what);
    pthread_mutex_unlock(&demo->lock);
    return ok;
}

/* ---- the steps ---- */

/* A call's response; NULL after it said why not. */
static const void *ask(struct demo *demo, const struct grpc_c_client_method *method,
                       const ProtobufCMessage *request)
{
    return cli_ask(demo->cli, method, request, demo->cli->arena, &demo->status);
}

static bool prepare_service(struct demo *demo, const char *const *proxies, size_t count)
{
    struct cli *cli = demo->cli;
    Maskline__V1__CreateServiceRequest create = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    create.unique_name = demo->service;
    printf("A Service with a pool of %zu proxy numbers\n", count);
    const Maskline__V1__CreateServiceResponse *created =
        ask(demo, &maskline_v1_services_create_service__method, &create.base);
    if (!created)
        return false;
    for (size_t i = 0; i < count; i++) {
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

static bool follow_events(struct demo *demo)
{
    static const struct maskline_v1_events_stream_events_callbacks callbacks = {event_message,
                                                                                event_end};
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = demo->service;
    request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION;
    request.after_position = 0;
    printf("\nIts events, live\n");
    demo->stream = maskline_v1_events_stream_events_start(demo->cli->channel, NULL, &request,
                                                          &callbacks, demo);
    if (!demo->stream)
        demo->stream_ended = true;
    return demo->stream && wait_flag(demo, &demo->stream_ready, "the event stream did not begin");
}

static bool prepare_phone(struct demo *demo, struct phone *phone)
{
    static const struct maskline_v1_simulator_watch_handset_callbacks callbacks = {phone_message,
                                                                                   phone_end};
    struct cli *cli = demo->cli;
    Maskline__V1__AddHandsetRequest add = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    add.phone_number = phone->number;
    /* Whoever is called takes the call. */
    Maskline__V1__HandsetBehavior behavior = MASKLINE__V1__HANDSET_BEHAVIOR__INIT;
    char one[] = "1";
    behavior.call = MASKLINE__V1__SIMULATED_CALL__SIMULATED_CALL_PICKS_UP;
    behavior.keys = one;
    add.behavior = &behavior;
    const Maskline__V1__AddHandsetResponse *added =
        ask(demo, &maskline_v1_simulator_add_handset__method, &add.base);
    if (!added)
        return false;
    Maskline__V1__WatchHandsetRequest watch = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
    watch.handset = phone->number;
    phone->stream =
        maskline_v1_simulator_watch_handset_start(cli->channel, NULL, &watch, &callbacks, phone);
    if (!phone->stream)
        phone->ended = true;
    return phone->stream && wait_flag(demo, &phone->ready, "a phone could not be watched");
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
        return wrong(demo, "the session lacks a participant"), false;
    snprintf(demo->session, sizeof demo->session, "%s", session->sid);
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
        return wrong(demo, accepted ? "a text was accepted that should not be"
                                    : "a text was not accepted"),
               false;
    return true;
}

/* A text reaches the other side, from the number that the other side knows. */
static bool relay(struct demo *demo, struct phone *from, struct phone *to, const char *body)
{
    unsigned texts = to->texts, delivered = demo->delivered;
    if (!write_text(demo, from, body, true) ||
        !wait_for(demo, &to->texts, texts + 1, "a text did not arrive") ||
        !wait_for(demo, &demo->delivered, delivered + 1, "a delivery was not told"))
        return false;
    if (strcmp(to->sender, to->proxy) != 0)
        return wrong(demo, "a text came from the wrong number"), false;
    if (strcmp(to->body, body) != 0)
        return wrong(demo, "a text was changed"), false;
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
        return wrong(demo, "a call was not accepted"), false;
    if (!wait_for(demo, &to->talks, 1, "a call was not connected") ||
        !wait_for(demo, &from->talks, 1, "a call was not connected"))
        return false;
    if (strcmp(to->caller, to->proxy) != 0)
        return wrong(demo, "a call came from the wrong number"), false;
    printf("\n%s hangs up\n", to->owner);
    fflush(stdout);
    Maskline__V1__HangUpRequest end = MASKLINE__V1__HANG_UP_REQUEST__INIT;
    end.handset = to->number;
    return ask(demo, &maskline_v1_simulator_hang_up__method, &end.base) &&
           wait_for(demo, &demo->calls, 1, "the end of a call was not told");
}

static bool service_writes(struct demo *demo)
{
    unsigned texts = demo->ann.texts, delivered = demo->delivered;
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
    return wait_for(demo, &demo->ann.texts, texts + 1, "the Service's text did not arrive") &&
           wait_for(demo, &demo->delivered, delivered + 1, "a delivery was not told");
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
    unsigned rejected = demo->rejected;
    return write_text(demo, &demo->bob, "Are you still there?", false) &&
           wait_for(demo, &demo->rejected, rejected + 1, "the rejection was not told");
}

static bool play(struct demo *demo)
{
    /* New numbers each time, so that a store can see many demos: a number is in one Service at most. */
    struct clock clock = clock_real();
    unsigned salt = (unsigned)(clock_now(&clock) / 1000 % 1000000);
    char first[NAME_SIZE], second[NAME_SIZE];
    snprintf(demo->service, sizeof demo->service, "demo-%06u", salt);
    snprintf(first, sizeof first, "+1555%06u1", salt);
    snprintf(second, sizeof second, "+1555%06u2", salt);
    snprintf(demo->ann.number, sizeof demo->ann.number, "+1556%06u1", salt);
    snprintf(demo->bob.number, sizeof demo->bob.number, "+1556%06u2", salt);
    const char *const proxies[] = {first, second};
    return prepare_service(demo, proxies, 2) && follow_events(demo) &&
           prepare_phone(demo, &demo->ann) && prepare_phone(demo, &demo->bob) &&
           prepare_session(demo) &&
           relay(demo, &demo->ann, &demo->bob, "Hi, I am at the corner. Where are you?") &&
           relay(demo, &demo->bob, &demo->ann, "Two minutes, in the blue van.") &&
           talk(demo, &demo->ann, &demo->bob) && service_writes(demo) && close_session(demo);
}

static void stop_streams(struct demo *demo)
{
    if (demo->stream)
        maskline_v1_events_stream_events_abandon(demo->stream);
    if (demo->ann.stream)
        maskline_v1_simulator_watch_handset_abandon(demo->ann.stream);
    if (demo->bob.stream)
        maskline_v1_simulator_watch_handset_abandon(demo->bob.stream);
    wait_flag(demo, &demo->stream_ended, "the event stream did not end");
    wait_flag(demo, &demo->ann.ended, "a phone's stream did not end");
    wait_flag(demo, &demo->bob.ended, "a phone's stream did not end");
}

int demo_play(struct cli *cli)
{
    if (!cli_connect(cli))
        return EXIT_USAGE;
    struct demo demo = {.cli = cli, .status = EXIT_REFUSED};
    demo.ann = (struct phone){.demo = &demo, .owner = "Ann"};
    demo.bob = (struct phone){.demo = &demo, .owner = "Bob"};
    pthread_mutex_init(&demo.lock, NULL);
    pthread_cond_init(&demo.changed, NULL);
    bool ok = play(&demo);
    pthread_mutex_lock(&demo.lock);
    ok = ok && !demo.wrong;
    /* Streams that were never begun have no end to wait for. */
    demo.stream_ended |= !demo.stream;
    demo.ann.ended |= !demo.ann.stream;
    demo.bob.ended |= !demo.bob.stream;
    pthread_mutex_unlock(&demo.lock);
    if (ok)
        printf(
            "\nNeither saw the other's number; %llu events, no gap. The Service stays; its name is "
            "%s.\n",
            (unsigned long long)demo.position, demo.service);
    else if (demo.wrong)
        fprintf(stderr, "maskline: %s\n", demo.wrong);
    stop_streams(&demo);
    pthread_cond_destroy(&demo.changed);
    pthread_mutex_destroy(&demo.lock);
    return ok ? EXIT_DONE : demo.status;
}
