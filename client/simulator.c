#include "client/cli.h"
#include "client/json.h"

#include "maskline/v1/simulator.grpc-c-client.h"
#include "maskline/v1/simulator.pb-c.h"
#include "client/reflect.h"
#include "client/value.h"

enum { TEXT_MEMORY = 4 * 1024 * 1024 };

static const char *const heads[] = {"NUMBER", "SEND", "RECEIPT", "ADDED"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Handset *handset = (const Maskline__V1__Handset *)(const void *)message;
    const Maskline__V1__HandsetBehavior *behavior = handset->behavior;
    table_cell(table, handset->phone_number);
    table_cell(table, show_enum(arena, &maskline__v1__simulated_send__descriptor,
                                behavior ? (int)behavior->send : 0));
    table_cell(table, show_enum(arena, &maskline__v1__simulated_receipt__descriptor,
                                behavior ? (int)behavior->receipt : 0));
    table_cell(table, show_time(arena, handset->create_time));
}

static const struct view view = {heads, sizeof heads / sizeof *heads, row};

static int print_outcome(struct cli *cli, const ProtobufCMessage *message)
{
    const Maskline__V1__SendTextResponse *response =
        (const Maskline__V1__SendTextResponse *)(const void *)message;
    const char *outcome =
        show_enum(cli->arena, &maskline__v1__inbound_outcome__descriptor, (int)response->outcome);
    printf("%s%s", outcome, *response->reason ? ": " : "");
    print_plain(response->reason, stdout);
    putchar('\n');
    return EXIT_DONE;
}

static bool was_accepted(const ProtobufCMessage *message)
{
    const Maskline__V1__SendTextResponse *response =
        (const Maskline__V1__SendTextResponse *)(const void *)message;
    return response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
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
    const Maskline__V1__WatchHandsetResponse *response;
    bool heard = true;
    while (heard && maskline_v1_simulator_watch_handset_read(stream, arena, &response)) {
        if (cli->json) {
            json_print(stdout, &response->base);
            putchar('\n');
        } else if (response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_TEXT) {
            const char *const line[] = {show_time(arena, response->text->receive_time),
                                        response->text->sender, response->text->body};
            table_print(table_new(arena, line, 3), stdout);
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

const struct command simulator_commands[] = {
    {.noun = "handset",
     .verb = "add",
     .summary = "Put a phone into the network, until the server ends",
     .arguments = {{"NUMBER", "phone_number", LIVE_NOTHING}},
     .examples = {"+15551230001", "+15551230002"},
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
     .print = print_outcome,
     .judge = was_accepted},
    {.noun = "handset",
     .verb = "watch",
     .summary = "Show what a phone gets, until Ctrl-C",
     .arguments = {{"NUMBER", NULL, LIVE_HANDSET}},
     .examples = {"+15551230002"},
     .run = watch},
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
