#include "client/cli.h"
#include "client/json.h"

#include "maskline/v1/simulator.grpc-c-client.h"
#include "maskline/v1/simulator.pb-c.h"
#include "client/reflect.h"
#include "client/value.h"

enum { TEXT_MEMORY = 4 * 1024 * 1024 };

static const char *const heads[] = {"NUMBER", "SEND", "RECEIPT", "CALL", "ADDED"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Handset *handset = (const Maskline__V1__Handset *)(const void *)message;
    const Maskline__V1__HandsetBehavior *behavior = handset->behavior;
    table_cell(table, handset->phone_number);
    table_cell(table, show_enum(arena, &maskline__v1__simulated_send__descriptor,
                                behavior ? (int)behavior->send : 0));
    table_cell(table, show_enum(arena, &maskline__v1__simulated_receipt__descriptor,
                                behavior ? (int)behavior->receipt : 0));
    table_cell(table, show_enum(arena, &maskline__v1__simulated_call__descriptor,
                                behavior ? (int)behavior->call : 0));
    table_cell(table, show_time(arena, handset->create_time));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static int print_outcome(struct cli *cli, Maskline__V1__InboundOutcome given, const char *reason)
{
    const char *outcome =
        show_enum(cli->arena, &maskline__v1__inbound_outcome__descriptor, (int)given);
    printf("%s%s", outcome, *reason ? ": " : "");
    print_plain(reason, stdout);
    putchar('\n');
    return EXIT_DONE;
}

static int print_text_outcome(struct cli *cli, const ProtobufCMessage *message)
{
    const Maskline__V1__SendTextResponse *response =
        (const Maskline__V1__SendTextResponse *)(const void *)message;
    return print_outcome(cli, response->outcome, response->reason);
}

static int print_call_outcome(struct cli *cli, const ProtobufCMessage *message)
{
    const Maskline__V1__StartCallResponse *response =
        (const Maskline__V1__StartCallResponse *)(const void *)message;
    return print_outcome(cli, response->outcome, response->reason);
}

static bool text_was_accepted(const ProtobufCMessage *message)
{
    const Maskline__V1__SendTextResponse *response =
        (const Maskline__V1__SendTextResponse *)(const void *)message;
    return response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
}

static bool call_was_accepted(const ProtobufCMessage *message)
{
    const Maskline__V1__StartCallResponse *response =
        (const Maskline__V1__StartCallResponse *)(const void *)message;
    return response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
}

static int print_key(struct cli *cli, const ProtobufCMessage *response)
{
    (void)response;
    printf("%s is pressed\n", input_word(cli, 1));
    return EXIT_DONE;
}

static int print_network(struct cli *cli, const ProtobufCMessage *response)
{
    (void)cli;
    (void)response;
    puts("the network has changed");
    return EXIT_DONE;
}

static int print_clock(struct cli *cli, const ProtobufCMessage *response)
{
    const ProtobufCMessage *time = reflect_message(response, "time");
    puts(show_time(cli->arena, (const Google__Protobuf__Timestamp *)(const void *)time));
    return EXIT_DONE;
}

static bool read_advance(struct cli *cli, ProtobufCMessage *request)
{
    int64_t us;
    if (!parse_duration(input_word(cli, 0), &us))
        return cli_usage("a duration such as 90s, 15m, 4h or 7d is wanted, not '%s'",
                         input_word(cli, 0)),
               false;
    return reflect_set(cli->arena, request, "advance", NULL, us) ||
           (cli_usage("'%s' is more than can be said", input_word(cli, 0)), false);
}

/* What is said in a call, or whom it is with, behind what happens. */
static const char *tell_call(struct arena *arena, const Maskline__V1__HandsetCall *call)
{
    switch (call->event) {
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_CALLS:
        return arena_printf(arena, "calls %s", call->other);
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_RINGS:
        return arena_printf(arena, "rings: %s calls", call->other);
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_PICKED_UP:
        return "is picked up";
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_HEARS:
        return arena_printf(arena, "hears: %s", call->text);
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_ASKED_FOR_KEY:
        return arena_printf(arena, "is asked for a key: %s", call->text);
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_CONNECTED:
        return "is connected";
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_RECORDING:
        return "is recorded";
    case MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_ENDS:
        return arena_printf(arena, "the call ends: %s", call->text);
    default:
        return show_enum(arena, &maskline__v1__handset_call_event__descriptor, (int)call->event);
    }
}

/* A line for people. */
static void print_watched(struct arena *arena, const Maskline__V1__WatchHandsetResponse *response)
{
    const char *line[] = {NULL, "(call)", NULL};
    if (response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_TEXT) {
        line[0] = show_time(arena, response->text->receive_time);
        line[1] = response->text->sender;
        line[2] = response->text->body;
    } else if (response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_CALL) {
        line[0] = show_time(arena, response->call->time);
        line[2] = tell_call(arena, response->call);
    } else {
        return;
    }
    table_print(table_new(arena, line, 3), stdout);
}

static int watch(struct cli *cli)
{
    if (!cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__WatchHandsetRequest request = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
    request.handset = input_word(cli, 0);
    struct maskline_v1_simulator_watch_handset_call *stream =
        maskline_v1_simulator_watch_handset_begin(cli->channel, NULL, &request);
    struct arena *arena = arena_new(TEXT_MEMORY);
    if (!stream || !arena)
        return cli_no_memory();
    cli_end_with_reader();
    const Maskline__V1__WatchHandsetResponse *response;
    bool heard = true;
    while (heard && maskline_v1_simulator_watch_handset_read(stream, arena, &response)) {
        if (cli->json) {
            json_print(stdout, &response->base);
            putchar('\n');
        } else {
            print_watched(arena, response);
        }
        heard = cli_flush();
        arena_reset(arena);
    }
    if (!heard)
        maskline_v1_simulator_watch_handset_cancel(stream);
    struct grpc_c_status status;
    bool ok = maskline_v1_simulator_watch_handset_finish(stream, cli->arena, &status);
    arena_free(arena);
    if (!heard)
        return EXIT_REFUSED;
    return ok ? EXIT_DONE : cli_failed(cli, &status);
}

static const struct option behavior_options[] = {
    {.name = "send",
     .value = "ANSWER",
     .kind = OPTION_CHOICE,
     .help = "what the network answers to an attempt to send it a text",
     .field = "behavior.send",
     .values = &maskline__v1__simulated_send__descriptor},
    {.name = "send-count",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "so many attempts get that answer (default all)",
     .field = "behavior.send_count"},
    {.name = "receipt",
     .value = "STATUS",
     .kind = OPTION_CHOICE,
     .help = "what the network tells of a text that it took",
     .field = "behavior.receipt",
     .values = &maskline__v1__simulated_receipt__descriptor},
    {.name = "receipt-copies",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "how often it tells it (default 1)",
     .field = "behavior.receipt_copies"},
    {.name = "receipt-delay",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long after the attempt (default at once)",
     .field = "behavior.receipt_delay"},
    {.name = "code",
     .value = "TEXT",
     .help = "what the carrier calls a failure",
     .field = "behavior.carrier_code"},
    {.name = "call",
     .value = "WHAT",
     .kind = OPTION_CHOICE,
     .help = "what it does when it is rung (default rings)",
     .field = "behavior.call",
     .values = &maskline__v1__simulated_call__descriptor},
    {.name = "pick-up-delay",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "picks-up: after ringing so long (default at once)",
     .field = "behavior.pick_up_delay"},
    {.name = "keys",
     .value = "KEYS",
     .help = "picks-up: what is pressed when a key is asked for",
     .field = "behavior.keys"},
    {.name = "hang-up-delay",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "picks-up: hangs up when it has been connected for so long",
     .field = "behavior.hang_up_delay"},
    {.name = "voicemail",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "a voicemail picks up when it has rung so long (default there is none)",
     .field = "behavior.voicemail_delay"},
    {.name = "greeting",
     .value = "TEXT",
     .help = "what the voicemail says (default \"You have reached\" and the number)",
     .field = "behavior.voicemail_greeting"},
    {0},
};

static const struct option call_options[] = {
    {.name = "withhold",
     .kind = OPTION_FLAG,
     .help = "hide the caller's number",
     .field = "withhold_caller"},
    {0},
};

static const struct option network_options[] = {
    {.name = "no-keys",
     .kind = OPTION_FLAG,
     .help = "it cannot ask who picks up for a key",
     .field = "asks_no_keys"},
    {.name = "no-placing",
     .kind = OPTION_FLAG,
     .help = "it takes no calls that are placed",
     .field = "places_no_calls"},
    {.name = "lose-reports",
     .kind = OPTION_FLAG,
     .help = "it tells nothing more of calls",
     .field = "loses_reports"},
    {.name = "ignore-hang-up",
     .kind = OPTION_FLAG,
     .help = "it does not hang up when it is told to",
     .field = "ignores_hang_up"},
    {0},
};

const struct command simulator_commands[] = {
    {.noun = "handset",
     .verb = "add",
     .summary = "Put a phone into the network",
     .arguments = {{"NUMBER", "phone_number", LIVE_NOTHING}},
     .options = behavior_options,
     .examples = {"+15551230001", "+15551230002", "+15551230009 --call picks-up --keys 1"},
     .method = &maskline_v1_simulator_add_handset__method,
     .shown = "handset",
     .view = &view},
    {.noun = "handset",
     .verb = "list",
     .summary = "Show the phones",
     .examples = {""},
     .method = &maskline_v1_simulator_list_handsets__method,
     .shown = "handsets",
     .view = &view},
    {.noun = "handset",
     .verb = "text",
     .summary = "Write a text on a phone",
     .more = "The status is 1 when nobody gets it.",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET},
                   {"TO", "recipient", LIVE_NOTHING},
                   {"BODY", "body", LIVE_NOTHING}},
     .examples = {"+15551230001 +15550100001 'Are you there?'"},
     .method = &maskline_v1_simulator_send_text__method,
     .print = print_text_outcome,
     .judge = text_was_accepted},
    {.noun = "handset",
     .verb = "watch",
     .summary = "Show what a phone gets, until Ctrl-C",
     .arguments = {{"NUMBER", NULL, LIVE_HANDSET}},
     .examples = {"+15551230002"},
     .run = watch},
    {.noun = "handset",
     .verb = "call",
     .summary = "Call a number from a phone",
     .more =
         "The call goes on by itself, by the server's time. The status is 1 when nobody gets it.",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET}, {"TO", "recipient", LIVE_NOTHING}},
     .options = call_options,
     .examples = {"+15551230001 +15550100001"},
     .method = &maskline_v1_simulator_start_call__method,
     .print = print_call_outcome,
     .judge = call_was_accepted},
    {.noun = "handset",
     .verb = "pick-up",
     .summary = "Pick up a phone that rings",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET}},
     .examples = {"+15551230002"},
     .method = &maskline_v1_simulator_pick_up__method,
     .done = "is picked up"},
    {.noun = "handset",
     .verb = "press",
     .summary = "Press a key on a phone that is in a call",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET}, {"KEY", "key", LIVE_NOTHING}},
     .examples = {"+15551230002 1"},
     .method = &maskline_v1_simulator_press_key__method,
     .print = print_key},
    {.noun = "handset",
     .verb = "hang-up",
     .summary = "Hang up a phone that is in a call, or decline one",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET}},
     .examples = {"+15551230001"},
     .method = &maskline_v1_simulator_hang_up__method,
     .done = "has hung up"},
    {.noun = "handset",
     .verb = "set",
     .summary = "Say what a phone and the network do with texts and calls to it",
     .more = "What is not said is as it is by default.",
     .arguments = {{"NUMBER", "handset", LIVE_HANDSET}},
     .options = behavior_options,
     .examples = {"+15551230009 --voicemail 20s", "+15551230009 --call busy"},
     .method = &maskline_v1_simulator_set_handset_behavior__method,
     .shown = "handset",
     .view = &view},
    {.noun = "network",
     .verb = "set",
     .summary = "Say what the simulated network can do in calls, until the server ends",
     .more = "What is not said it can.",
     .arguments = {{"CARRIER", "carrier", LIVE_NOTHING, .optional = true}},
     .options = network_options,
     .examples = {"--no-keys", ""},
     .method = &maskline_v1_simulator_set_network_behavior__method,
     .print = print_network},
    {.noun = "clock",
     .verb = "get",
     .summary = "Show the server's time",
     .examples = {""},
     .method = &maskline_v1_simulator_get_clock__method,
     .print = print_clock},
    {.noun = "clock",
     .verb = "move",
     .summary = "Move the server's time forward",
     .more =
         "What is due by the new time (expiry, another attempt, a late receipt) happens at once.",
     .arguments = {{"TIME", NULL, LIVE_NOTHING}},
     .examples = {"5m"},
     .method = &maskline_v1_simulator_move_clock__method,
     .print = print_clock,
     .fill = read_advance},
    {0},
};
