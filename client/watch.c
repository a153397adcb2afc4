#include "client/watch.h"

#include "client/json.h"
#include "client/story.h"
#include "maskline/v1/events.grpc-c-client.h"
#include "proto/c/clock.h"

#include <time.h>

/* A heartbeat is also when it is seen that nobody reads any more. */
enum {
    EVENT_MEMORY = 16 * 1024 * 1024,
    PAUSE_MS = 200,
    HEARTBEAT_US = 5 * MICROSECONDS,
    SID_TEXT = 40
};

struct watch {
    struct cli *cli;
    struct names *names;
    Maskline__V1__EventFilter filter;
    Maskline__V1__StreamEventsRequest request;
    const struct given *since; /* NULL: everything from the start on */
    int64_t since_us;          /* by the server's clock, once that is known */
    bool since_known;
    /* Names may come to mean others while the server is gone; SIDs do not. Empty until an event told them. */
    char service_sid[SID_TEXT];
    char session_sid[SID_TEXT];
    bool lost;   /* the server went, and has not come back */
    bool unread; /* nobody reads what we print */
};

/* "10 minutes ago" by the clock that the events are told by. */
static void learn_since(struct watch *watch, const Google__Protobuf__Timestamp *server_time)
{
    struct clock clock = clock_real();
    int64_t now = 0;
    watch->since_us = watch->since->value;
    if (watch->since->relative && timestamp_to_us(server_time, &now))
        watch->since_us += now - clock_now(&clock);
    watch->since_known = true;
}

static bool is_wanted(const struct watch *watch, const Maskline__V1__Event *event)
{
    int64_t at;
    return !watch->since || !timestamp_to_us(event->event_time, &at) || at >= watch->since_us;
}

/* Goes on behind that event when the stream breaks. */
static void remember(struct watch *watch, uint64_t position)
{
    watch->request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION;
    watch->request.after_position = position;
}

static void remember_sids(struct watch *watch, const Maskline__V1__Event *event)
{
    if (*watch->service_sid == '\0') {
        snprintf(watch->service_sid, sizeof watch->service_sid, "%s", event->service_sid);
        watch->request.service = watch->service_sid;
    }
    if (*watch->filter.session && *watch->session_sid == '\0') {
        snprintf(watch->session_sid, sizeof watch->session_sid, "%s", event->session_sid);
        watch->filter.session = watch->session_sid;
    }
}

static void show(struct watch *watch, struct arena *arena, const Maskline__V1__Event *event)
{
    if (!is_wanted(watch, event))
        return;
    if (watch->cli->json) {
        json_print(stdout, &event->base);
        putchar('\n');
    } else {
        story_tell(watch->cli, watch->names, arena, event);
    }
    watch->unread = !cli_flush();
}

static void take(struct watch *watch, struct arena *arena,
                 const Maskline__V1__StreamEventsResponse *response)
{
    if (watch->lost) {
        fprintf(stderr, "maskline: the server is back; going on behind event %llu\n",
                (unsigned long long)watch->request.after_position);
        watch->lost = false;
    }
    if (response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT) {
        show(watch, arena, response->event);
        remember(watch, response->event->position);
        remember_sids(watch, response->event);
    } else if (response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_HEARTBEAT) {
        if (watch->since && !watch->since_known)
            learn_since(watch, response->heartbeat->time);
        remember(watch, response->heartbeat->position);
    }
}

/* Follows until the stream ends. `*ret_heard`: it had begun. */
static bool follow(struct watch *watch, struct arena *arena, bool *ret_heard,
                   struct grpc_c_status *ret_status)
{
    /* The channel tries on by itself, ever more seldom, at last every 10 s. */
    struct grpc_c_call_options call = {.wait_for_ready = watch->lost};
    struct maskline_v1_events_stream_events_call *stream =
        maskline_v1_events_stream_events_begin(watch->cli->channel, &call, &watch->request);
    if (!stream) {
        *ret_status = (struct grpc_c_status){.code = STATUS_RESOURCE_EXHAUSTED, .message = ""};
        return false;
    }
    const Maskline__V1__StreamEventsResponse *response;
    *ret_heard = false;
    while (!watch->unread && maskline_v1_events_stream_events_read(stream, arena, &response)) {
        *ret_heard = true;
        take(watch, arena, response);
        arena_reset(arena);
    }
    if (watch->unread)
        maskline_v1_events_stream_events_cancel(stream);
    arena_reset(arena);
    return maskline_v1_events_stream_events_finish(stream, arena, ret_status);
}

static void pause_a_little(void)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* Whether going on may help. The first connection must succeed: an address with a mistake in it is not waited for. */
static bool goes_on(struct watch *watch, const struct grpc_c_status *status, bool heard)
{
    /* Who comes between a server's goodbye and the reading of it hears CANCELLED; nobody here has cancelled anything. */
    bool gone = status->code == STATUS_UNAVAILABLE || status->code == STATUS_CANCELLED;
    if (!gone || (!heard && !watch->lost))
        return false;
    if (!watch->lost)
        fprintf(stderr, "maskline: the server at %s has gone (%s); waiting for it\n",
                watch->cli->server, status->message);
    watch->lost = true;
    /* One that drains says so at once to every call. */
    if (!heard)
        pause_a_little();
    return true;
}

static int follow_all(struct watch *watch, struct arena *arena)
{
    struct grpc_c_status status;
    bool heard = false;
    do {
        if (follow(watch, arena, &heard, &status))
            return EXIT_DONE;
        if (watch->unread)
            return EXIT_REFUSED;
    } while (goes_on(watch, &status, heard));
    return cli_failed(watch->cli, &status);
}

static bool choose_start(struct watch *watch)
{
    struct cli *cli = watch->cli;
    const struct given *after = input_given(cli, "after");
    bool oldest = input_flag(cli, "from-oldest");
    watch->since = input_given(cli, "since");
    if ((after != NULL) + oldest + (watch->since != NULL) > 1)
        return cli_usage("one of --after, --since and --from-oldest, not two"), false;
    if (after) {
        remember(watch, (uint64_t)after->value);
    } else if (oldest || watch->since) {
        watch->request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_OLDEST;
        watch->request.from_oldest = true;
    } else {
        watch->request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_NOW;
        watch->request.from_now = true;
    }
    return true;
}

int watch(struct cli *cli)
{
    struct watch watch = {.cli = cli,
                          .filter = MASKLINE__V1__EVENT_FILTER__INIT,
                          .request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT};
    cli_end_with_reader();
    watch.request.service = input_word(cli, 0);
    watch.request.filter = &watch.filter;
    watch.request.heartbeat_interval = duration_new(cli->arena, HEARTBEAT_US);
    if (input_word(cli, 1))
        watch.filter.session = input_word(cli, 1);
    if (!choose_start(&watch) || !cli_connect(cli))
        return EXIT_USAGE;
    struct arena *arena = arena_new(EVENT_MEMORY);
    watch.names = names_new(cli);
    int status = arena && watch.names ? follow_all(&watch, arena) : cli_no_memory();
    names_free(watch.names);
    arena_free(arena);
    return status;
}
