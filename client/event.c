#include "client/cli.h"
#include "client/json.h"
#include "client/watch.h"

#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/events.pb-c.h"

#include <string.h>

enum { EVENT_MEMORY = 8 * 1024 * 1024, PAGE_MEMORY = 128 * 1024 * 1024 };

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
    case MASKLINE__V1__EVENT__PAYLOAD_POOL_EXHAUSTED:
        return arena_printf(arena, "%s for +%s %s", event->pool_exhausted->reason,
                            event->pool_exhausted->calling_code,
                            *event->pool_exhausted->place ? event->pool_exhausted->place
                                                          : event->pool_exhausted->country);
    default:
        return "";
    }
}

/* Line by line, since it may never end. False when nobody reads any more. */
static bool print_event(const struct cli *cli, struct arena *arena,
                        const Maskline__V1__Event *event)
{
    if (cli->json) {
        json_print(stdout, &event->base);
    } else {
        const char *words = in_words(arena, event);
        printf("%6llu  %s  %-21s  %s", (unsigned long long)event->position,
               show_time(arena, event->event_time),
               show_enum(arena, &maskline__v1__event_type__descriptor, (int)event->type),
               *event->session_sid ? event->session_sid : "-");
        if (words && *words) {
            printf("%*s", *event->session_sid ? 2 : 35, "");
            print_plain(words, stdout);
        }
    }
    putchar('\n');
    return cli_flush();
}

struct choice {
    uint64_t after;
    bool has_after;
    Maskline__V1__EventFilter filter;
};

static int follow(struct cli *cli, const struct choice *choice)
{
    Maskline__V1__StreamEventsRequest request = MASKLINE__V1__STREAM_EVENTS_REQUEST__INIT;
    request.service = input_word(cli, 0);
    request.filter = (Maskline__V1__EventFilter *)&choice->filter;
    if (choice->has_after) {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = choice->after;
    } else if (!input_flag(cli, "new")) {
        request.start_case = MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_OLDEST;
        request.from_oldest = true;
    }
    struct maskline_v1_events_stream_events_call *stream =
        maskline_v1_events_stream_events_begin(cli->channel, NULL, &request);
    struct arena *arena = arena_new(EVENT_MEMORY);
    if (!stream || !arena)
        return cli_no_memory();
    cli_end_with_reader();
    uint64_t last = choice->after;
    bool heard = true;
    const Maskline__V1__StreamEventsResponse *response;
    while (heard && maskline_v1_events_stream_events_read(stream, arena, &response)) {
        if (response->message_case == MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT) {
            heard = print_event(cli, arena, response->event);
            last = response->event->position;
        }
        arena_reset(arena);
    }
    if (!heard)
        maskline_v1_events_stream_events_cancel(stream);
    struct grpc_c_status status;
    bool ok = maskline_v1_events_stream_events_finish(stream, cli->arena, &status);
    arena_free(arena);
    if (ok || !heard)
        return ok ? EXIT_DONE : EXIT_REFUSED;
    int failed = cli_failed(cli, &status);
    /* Nothing is missed: the log is read from where the stream broke. */
    if (last != UINT64_MAX)
        fprintf(stderr, "  To go on where it ended: maskline events %s --follow --after %llu\n",
                input_word(cli, 0), (unsigned long long)last);
    return failed;
}

static int page_through(struct cli *cli, const struct choice *choice, struct arena *page)
{
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    request.service = input_word(cli, 0);
    request.filter = (Maskline__V1__EventFilter *)&choice->filter;
    request.page_size = 1000;
    if (choice->has_after) {
        request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = choice->after;
    }
    for (;; arena_reset(page)) {
        int status;
        const Maskline__V1__ListEventsResponse *response =
            cli_ask(cli, &maskline_v1_events_list_events__method, &request.base, page, &status);
        if (!response)
            return status;
        for (size_t i = 0; i < response->n_events; i++)
            if (!print_event(cli, page, response->events[i]))
                return EXIT_REFUSED;
        if (response->through_position >= response->last_position)
            return EXIT_DONE;
        request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = response->through_position;
    }
}

static int events(struct cli *cli)
{
    struct choice choice = {.after = UINT64_MAX, .filter = MASKLINE__V1__EVENT_FILTER__INIT};
    Maskline__V1__EventType wanted[MANY_MOST];
    const struct given *types[MANY_MOST], *after = input_given(cli, "after");
    choice.filter.types = wanted;
    choice.filter.n_types = input_many(cli, "type", types);
    for (size_t i = 0; i < choice.filter.n_types; i++)
        wanted[i] = (Maskline__V1__EventType)types[i]->value;
    if (input_text(cli, "session"))
        choice.filter.session = input_text(cli, "session");
    choice.has_after = after != NULL;
    if (after)
        choice.after = (uint64_t)after->value;
    if (input_flag(cli, "new") && (after || !input_flag(cli, "follow")))
        return cli_usage("--new goes with --follow, and without --after");
    if (!cli_connect(cli))
        return EXIT_USAGE;
    if (input_flag(cli, "follow"))
        return follow(cli, &choice);
    struct arena *page = arena_new(PAGE_MEMORY);
    int status = page ? page_through(cli, &choice, page) : cli_no_memory();
    arena_free(page);
    return status;
}

static const struct option events_options[] = {
    {.name = "follow", .kind = OPTION_FLAG, .help = "go on as more happens, until Ctrl-C"},
    {.name = "after",
     .value = "POSITION",
     .kind = OPTION_NUMBER,
     .help = "only what came after that event"},
    {.name = "new", .kind = OPTION_FLAG, .help = "with --follow: only what happens from now on"},
    {.name = "session", .value = "SESSION", .help = "only of this session", .live = LIVE_SESSION},
    {.name = "type",
     .value = "TYPE",
     .kind = OPTION_CHOICE,
     .help = "only of this type; may be repeated",
     .many = true,
     .values = &maskline__v1__event_type__descriptor},
    {0},
};

static const struct option watch_options[] = {
    {.name = "from-oldest",
     .kind = OPTION_FLAG,
     .help = "begin at the oldest event that is left (default: at what happens from now on)"},
    {.name = "since",
     .value = "TIME",
     .kind = OPTION_PAST,
     .help = "begin then: 2030-01-02T03:04:05Z, or 10m ago"},
    {.name = "after",
     .value = "POSITION",
     .kind = OPTION_NUMBER,
     .help = "begin behind that event"},
    {0},
};

const struct command event_commands[] = {
    {.noun = "events",
     .summary = "Show what happened in a Service, event by event",
     .arguments = {{"SERVICE", NULL, LIVE_SERVICE}},
     .options = events_options,
     .examples = {"rides", "rides --session trip-1 --type interaction-created --json",
                  "rides --follow --after 3"},
     .run = events},
    {.noun = "watch",
     .summary = "Follow a Service's conversations, in words",
     .more =
         "One line for each thing that happens: who wrote to whom, and through which proxy "
         "numbers; "
         "how far a message got; sessions and people that come and go. People are shown by their "
         "names, never by their own numbers; those without a name, and sessions without one, by "
         "the end of their SIDs. With --json, the events as `maskline events` has them. When the "
         "server goes it waits for it, and goes on behind the last event that it showed. Ctrl-C "
         "ends it, as it ends any program; so does whoever closes its output.",
     .arguments = {{"SERVICE", NULL, LIVE_SERVICE},
                   {"SESSION", NULL, LIVE_SESSION, .optional = true}},
     .options = watch_options,
     .examples = {"rides", "rides trip-1 --from-oldest", "rides --since 10m --color never"},
     .run = watch},
    {0},
};
