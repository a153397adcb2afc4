#include "client/commands.h"

#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/events.pb-c.h"

enum { EVENT_MEMORY = 8 * 1024 * 1024 };

/* What happened in a few words; the rest is for --json. */
static const char *in_words(struct arena *arena, const Maskline__V1__Event *event)
{
    const Maskline__V1__Leg *leg;
    switch (event->payload_case) {
    case MASKLINE__V1__EVENT__PAYLOAD_INTERACTION_CREATED: {
        const Maskline__V1__Interaction *interaction = event->interaction_created->interaction;
        return arena_printf(arena, "%s: %s",
                            interaction->inbound ? interaction->inbound->participant_sid
                                                 : "the Service",
                            interaction->content ? interaction->content->body : "");
    }
    case MASKLINE__V1__EVENT__PAYLOAD_LEG_UPDATED:
        leg = event->leg_updated->leg;
        return arena_printf(
            arena, "to %s: %s%s%s", leg->participant_sid,
            show_enum(arena, &maskline__v1__leg_status__descriptor, (int)leg->status),
            leg->error ? " " : "", leg->error ? leg->error->reason : "");
    case MASKLINE__V1__EVENT__PAYLOAD_INBOUND_REJECTED:
        return arena_printf(arena, "%s at %s", event->inbound_rejected->reason,
                            event->inbound_rejected->proxy_identifier);
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_ADDED:
        return event->phone_number_added->phone_number->phone_number;
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_REMOVED:
        return event->phone_number_removed->phone_number;
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_CREATED:
        return event->session_created->session->unique_name;
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_CLOSED:
        return show_enum(arena, &maskline__v1__session_closed_reason__descriptor,
                         (int)event->session_closed->reason);
    case MASKLINE__V1__EVENT__PAYLOAD_WARNING:
        return arena_printf(arena, "%s: %s", event->warning->reason, event->warning->message);
    default:
        return "";
    }
}

/* Line by line, since it may never end. */
static void print_event(const struct cli *cli, struct arena *arena,
                        const Maskline__V1__Event *event)
{
    if (cli->json) {
        json_print(stdout, &event->base);
        putchar('\n');
    } else {
        const char *words = in_words(arena, event);
        char line[4096];
        snprintf(line, sizeof line, "%6llu  %s  %-21s  %-34s  %s",
                 (unsigned long long)event->position, show_time(arena, event->event_time),
                 show_enum(arena, &maskline__v1__event_type__descriptor, (int)event->type),
                 *event->session_sid ? event->session_sid : "-", words ? words : "");
        /* A body may hold what steers a terminal. */
        for (char *at = line; *at; at++)
            if ((unsigned char)*at < 0x20 || *at == 0x7f)
                *at = ' ';
        for (size_t size = strlen(line); size > 0 && line[size - 1] == ' ';)
            line[--size] = '\0';
        puts(line);
    }
    fflush(stdout);
}

struct choice {
    const char *service;
    uint64_t after;
    bool has_after;
    bool follow;
    bool from_now;
    Maskline__V1__EventFilter filter;
};

static int follow(struct cli *cli, struct choice *choice)
{
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = arena_string(cli->arena, choice->service);
    request.filter = &choice->filter;
    if (choice->has_after) {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = choice->after;
    } else if (!choice->from_now) {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_OLDEST;
        request.from_oldest = true;
    }
    struct grpc_c_call_options call = cli_stream(cli);
    struct maskline_v1_events_stream_events_call *stream =
        maskline_v1_events_stream_events_begin(cli->channel, &call, &request);
    struct arena *arena = arena_new(EVENT_MEMORY);
    if (!stream || !arena) {
        fputs("maskline: no memory\n", stderr);
        return EXIT_REFUSED;
    }
    uint64_t last = choice->after;
    const Maskline__V1__StreamEventsResponse *response;
    while (maskline_v1_events_stream_events_read(stream, arena, &response)) {
        if (response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT) {
            print_event(cli, arena, response->event);
            last = response->event->position;
        }
        arena_reset(arena);
    }
    struct grpc_c_status status;
    bool ok = maskline_v1_events_stream_events_finish(stream, cli->arena, &status);
    arena_free(arena);
    if (ok)
        return EXIT_DONE;
    int failed = cli_failed(cli, &status);
    /* Nothing is missed: the log is read from where the stream broke. */
    if (last != UINT64_MAX)
        fprintf(stderr, "  To go on where it ended: maskline events %s --follow --after %llu\n",
                choice->service, (unsigned long long)last);
    return failed;
}

static int page_through(struct cli *cli, struct choice *choice)
{
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    request.service = arena_string(cli->arena, choice->service);
    request.filter = &choice->filter;
    request.page_size = 1000;
    if (choice->has_after) {
        request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = choice->after;
    }
    for (;;) {
        const Maskline__V1__ListEventsResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_events_list_events(cli->channel, &call, &request, cli->arena, &response,
                                            &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_events; i++)
            print_event(cli, cli->arena, response->events[i]);
        if (response->through_position >= response->last_position)
            return EXIT_DONE;
        request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = response->through_position;
    }
}

static int events(struct cli *cli, struct words words)
{
    struct choice choice = {.filter = MASKLINE__V1__EVENT_FILTER__INIT};
    struct texts types = {0};
    uint64_t after = UINT64_MAX;
    Maskline__V1__EventType wanted[TEXTS_MOST];
    const struct option options[] = {
        {"follow", OPTION_FLAG, &choice.follow}, {"after", OPTION_NUMBER, &after},
        {"new", OPTION_FLAG, &choice.from_now},  {"session", OPTION_TEXT, &choice.filter.session},
        {"type", OPTION_TEXTS, &types},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 1, 1))
        return EXIT_USAGE;
    for (size_t i = 0; i < types.count; i++) {
        int value;
        if (!parse_enum("type", &maskline__v1__event_type__descriptor, types.texts[i], &value))
            return EXIT_USAGE;
        wanted[i] = (Maskline__V1__EventType)value;
    }
    choice.has_after = after != UINT64_MAX;
    if (choice.from_now && (choice.has_after || !choice.follow))
        return cli_usage("--new goes with --follow, and without --after");
    choice.after = after;
    choice.filter.types = wanted;
    choice.filter.n_types = types.count;
    choice.service = words.words[0];
    if (!cli_connect(cli))
        return EXIT_USAGE;
    return choice.follow ? follow(cli, &choice) : page_through(cli, &choice);
}

const struct command event_commands[] = {
    {"events", NULL, "SERVICE", "Show what happened in a Service",
     "  --follow                  go on as more happens, until Ctrl-C\n"
     "  --after POSITION          only what came after that event\n"
     "  --new                     with --follow: only what happens from now on\n"
     "  --session SESSION         only of this session\n"
     "  --type TYPE               only of this type, such as interaction-created; may be "
     "repeated\n",
     "rides --follow --after 17", events},
    {0},
};
