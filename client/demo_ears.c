#include "client/demo_ears.h"

#include "client/json.h"
#include "client/table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_SECONDS = 15 };

/* Under the lock. */
static void goes_wrong(struct demo *demo, const char *what)
{
    if (!demo->wrong)
        demo->wrong = what;
}

bool demo_wrong(struct demo *demo, const char *what)
{
    pthread_mutex_lock(&demo->lock);
    goes_wrong(demo, what);
    pthread_mutex_unlock(&demo->lock);
    return false;
}

unsigned demo_count(struct demo *demo, const unsigned *count)
{
    pthread_mutex_lock(&demo->lock);
    unsigned now = *count;
    pthread_mutex_unlock(&demo->lock);
    return now;
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

/* Under the lock. Nothing more is told by that stream: who waits for it would wait in vain. */
static void stream_end(struct demo *demo, bool *ended, const struct grpc_c_status *status)
{
    *ended = true;
    if (!demo->stopping && !demo->lost) {
        demo->lost = true;
        grpc_c_status_error(status, &demo->why);
    }
    pthread_cond_broadcast(&demo->changed);
}

static void phone_end(void *data, const struct grpc_c_status *status)
{
    struct phone *phone = data;
    pthread_mutex_lock(&phone->demo->lock);
    stream_end(phone->demo, &phone->ended, status);
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

/* Somebody else may play a demo on the same Service. */
static bool is_ours(const struct demo *demo, const char *session)
{
    return *demo->session && strcmp(session, demo->session) == 0;
}

/* What people read of it behind its type. Counts it. */
static const char *event_detail(struct demo *demo, struct arena *arena,
                                const Maskline__V1__Event *event)
{
    bool ours = is_ours(demo, event->session_sid);
    if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_LEG_UPDATED) {
        int status = (int)event->leg_updated->leg->status;
        demo->delivered += ours && status == MASKLINE__V1__LEG_STATUS__LEG_STATUS_DELIVERED;
        return show_enum(arena, &maskline__v1__leg_status__descriptor, status);
    }
    if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_CALL_UPDATED) {
        const Maskline__V1__CallUpdated *call = event->call_updated;
        demo->calls += ours && call->call && call->call->end_time;
        return call->n_outbound > 0 ? show_enum(arena, &maskline__v1__leg_status__descriptor,
                                                (int)call->outbound[0]->status)
                                    : "";
    }
    if (event->payload_case == MASKLINE__V1__EVENT__PAYLOAD_INBOUND_REJECTED) {
        const Maskline__V1__LastSession *last = event->inbound_rejected->last_session;
        demo->rejected += last && is_ours(demo, last->sid);
        return event->inbound_rejected->reason;
    }
    return "";
}

/* Under the lock. */
static void take_event(struct demo *demo, const Maskline__V1__Event *event)
{
    if (event->position != demo->position + 1)
        goes_wrong(demo, "the events have a gap");
    if (tells_numbers(demo, event))
        goes_wrong(demo, "an event tells a real number");
    demo->position = event->position;
    demo->events++;
    struct arena *arena = arena_new(64 * 1024);
    if (!arena) {
        goes_wrong(demo, "there is no memory");
        return;
    }
    const char *detail = event_detail(demo, arena, event);
    printf("  event %-5llu    %s%s%s\n", (unsigned long long)event->position,
           show_enum(arena, &maskline__v1__event_type__descriptor, (int)event->type),
           *detail ? " " : "", detail);
    arena_free(arena);
    fflush(stdout);
}

static void event_message(void *data, const Maskline__V1__StreamEventsResponse *message)
{
    struct demo *demo = data;
    pthread_mutex_lock(&demo->lock);
    /* A stream begins with a heartbeat, which says where. */
    if (message->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT)
        take_event(demo, message->event);
    else if (!demo->stream_ready)
        demo->position = message->heartbeat->position;
    demo->stream_ready = true;
    pthread_cond_broadcast(&demo->changed);
    pthread_mutex_unlock(&demo->lock);
}

static void event_end(void *data, const struct grpc_c_status *status)
{
    struct demo *demo = data;
    pthread_mutex_lock(&demo->lock);
    stream_end(demo, &demo->stream_ended, status);
    pthread_mutex_unlock(&demo->lock);
}

static struct timespec patience(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SECONDS;
    return until;
}

/* Under the lock. False when nothing is told for too long. */
static bool hear_more(struct demo *demo, const struct timespec *until)
{
    return pthread_cond_timedwait(&demo->changed, &demo->lock, until) == 0;
}

bool demo_wait(struct demo *demo, const unsigned *count, unsigned wanted, const char *what)
{
    struct timespec until = patience();
    pthread_mutex_lock(&demo->lock);
    bool heard = true;
    while (*count < wanted && !demo->wrong && !demo->lost && heard)
        heard = hear_more(demo, &until);
    if (!heard && *count < wanted)
        goes_wrong(demo, what);
    bool ok = *count >= wanted && !demo->wrong;
    pthread_mutex_unlock(&demo->lock);
    return ok;
}

bool demo_wait_flag(struct demo *demo, const bool *flag, const char *what)
{
    struct timespec until = patience();
    pthread_mutex_lock(&demo->lock);
    bool heard = true;
    while (!*flag && !demo->lost && heard)
        heard = hear_more(demo, &until);
    bool ok = *flag;
    if (!ok && !heard)
        goes_wrong(demo, what);
    pthread_mutex_unlock(&demo->lock);
    return ok;
}

/* ---- beginning and ending ---- */

bool demo_hear_events(struct demo *demo, bool from_first)
{
    static const struct maskline_v1_events_stream_events_callbacks callbacks = {event_message,
                                                                                event_end};
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = demo->service;
    if (from_first) {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = 0;
    } else {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_NOW;
        request.from_now = true;
    }
    demo->stream = maskline_v1_events_stream_events_start(demo->cli->channel, NULL, &request,
                                                          &callbacks, demo);
    if (!demo->stream)
        return demo_wrong(demo, "there is no memory");
    return demo_wait_flag(demo, &demo->stream_ready, "the event stream did not begin");
}

bool demo_hear_phone(struct phone *phone)
{
    static const struct maskline_v1_simulator_watch_handset_callbacks callbacks = {phone_message,
                                                                                   phone_end};
    Maskline__V1__WatchHandsetRequest watch = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
    watch.handset = phone->number;
    phone->stream = maskline_v1_simulator_watch_handset_start(phone->demo->cli->channel, NULL,
                                                              &watch, &callbacks, phone);
    if (!phone->stream)
        return demo_wrong(phone->demo, "there is no memory");
    return demo_wait_flag(phone->demo, &phone->ready, "a phone could not be watched");
}

void demo_stop_hearing(struct demo *demo)
{
    struct timespec until = patience();
    pthread_mutex_lock(&demo->lock);
    demo->stopping = true;
    /* One that has ended is gone. Under the lock none ends meanwhile: it says so before it goes. */
    if (demo->stream && !demo->stream_ended)
        maskline_v1_events_stream_events_abandon(demo->stream);
    if (demo->ann.stream && !demo->ann.ended)
        maskline_v1_simulator_watch_handset_abandon(demo->ann.stream);
    if (demo->bob.stream && !demo->bob.ended)
        maskline_v1_simulator_watch_handset_abandon(demo->bob.stream);
    bool heard = true;
    while (heard &&
           ((demo->stream && !demo->stream_ended) || (demo->ann.stream && !demo->ann.ended) ||
            (demo->bob.stream && !demo->bob.ended)))
        heard = hear_more(demo, &until);
    pthread_mutex_unlock(&demo->lock);
}
