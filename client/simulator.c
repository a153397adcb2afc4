#include "client/commands.h"

#include "maskline/v1/simulator.grpc-c-client.h"
#include "maskline/v1/simulator.pb-c.h"
#include "proto/c/clock.h"

enum { TEXT_MEMORY = 4 * 1024 * 1024 };

static const char *const heads[] = {"NUMBER", "SEND", "RECEIPT", "ADDED"};

enum { COLUMNS = sizeof heads / sizeof *heads };

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

static int add(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__AddHandsetRequest request = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    request.phone_number = words.words[0];
    const Maskline__V1__AddHandsetResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_simulator_add_handset(cli->channel, &call, &request, cli->arena, &response,
                                           &status))
        return cli_failed(cli, &status);
    return show_one(cli, heads, COLUMNS, row, &response->handset->base);
}

static int list(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 0, 0) || !cli_connect(cli))
        return EXIT_USAGE;
    struct listing listing = listing_begin(cli, heads, COLUMNS, row);
    Maskline__V1__ListHandsetsRequest request = MASKLINE__V1__LIST_HANDSETS_REQUEST__INIT;
    request.page_size = 1000;
    do {
        const Maskline__V1__ListHandsetsResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_simulator_list_handsets(cli->channel, &call, &request, cli->arena,
                                                 &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_handsets; i++)
            listing_add(&listing, &response->handsets[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int text(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 3, 3) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__SendTextRequest request = MASKLINE__V1__SEND_TEXT_REQUEST__INIT;
    request.handset = words.words[0];
    request.recipient = words.words[1];
    request.body = words.words[2];
    const Maskline__V1__SendTextResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_simulator_send_text(cli->channel, &call, &request, cli->arena, &response,
                                         &status))
        return cli_failed(cli, &status);
    if (cli->json) {
        json_print(stdout, &response->base);
        putchar('\n');
    } else {
        printf("%s%s%s\n",
               show_enum(cli->arena, &maskline__v1__inbound_outcome__descriptor,
                         (int)response->outcome),
               *response->reason ? ": " : "", response->reason);
    }
    return response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED
               ? EXIT_DONE
               : EXIT_REFUSED;
}

static int watch(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__WatchHandsetRequest request = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
    request.handset = words.words[0];
    struct grpc_c_call_options call = cli_stream(cli);
    struct maskline_v1_simulator_watch_handset_call *stream =
        maskline_v1_simulator_watch_handset_begin(cli->channel, &call, &request);
    struct arena *arena = arena_new(TEXT_MEMORY);
    if (!stream || !arena) {
        fputs("maskline: no memory\n", stderr);
        return EXIT_REFUSED;
    }
    const Maskline__V1__WatchHandsetResponse *response;
    while (maskline_v1_simulator_watch_handset_read(stream, arena, &response)) {
        if (cli->json) {
            json_print(stdout, &response->base);
            putchar('\n');
        } else if (response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_TEXT) {
            const char *const line[] = {show_time(arena, response->text->receive_time),
                                        response->text->sender, response->text->body};
            table_print(table_new(arena, line, 3), stdout);
        }
        fflush(stdout);
        arena_reset(arena);
    }
    struct grpc_c_status status;
    bool ok = maskline_v1_simulator_watch_handset_finish(stream, cli->arena, &status);
    arena_free(arena);
    return ok ? EXIT_DONE : cli_failed(cli, &status);
}

static int clock_get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 0, 0) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetClockRequest request = MASKLINE__V1__GET_CLOCK_REQUEST__INIT;
    const Maskline__V1__GetClockResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_simulator_get_clock(cli->channel, &call, &request, cli->arena, &response,
                                         &status))
        return cli_failed(cli, &status);
    if (cli->json) {
        json_print(stdout, &response->base);
        putchar('\n');
    } else {
        puts(show_time(cli->arena, response->time));
    }
    return EXIT_DONE;
}

static int clock_move(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1))
        return EXIT_USAGE;
    int64_t us;
    if (!parse_duration(words.words[0], &us))
        return cli_usage("a duration such as 90s, 15m, 4h or 7d is wanted, not '%s'",
                         words.words[0]);
    if (!cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__MoveClockRequest request = MASKLINE__V1__MOVE_CLOCK_REQUEST__INIT;
    request.advance = duration_new(cli->arena, us);
    const Maskline__V1__MoveClockResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_simulator_move_clock(cli->channel, &call, &request, cli->arena, &response,
                                          &status))
        return cli_failed(cli, &status);
    if (cli->json) {
        json_print(stdout, &response->base);
        putchar('\n');
    } else {
        puts(show_time(cli->arena, response->time));
    }
    return EXIT_DONE;
}

const struct command simulator_commands[] = {
    {"handset", "add", "NUMBER", "Simulator: put a phone into the network, until the server ends",
     NULL, "+15551230001", add},
    {"handset", "list", "", "Simulator: show the phones", NULL, "", list},
    {"handset", "text", "NUMBER TO BODY", "Simulator: write a text on a phone", NULL,
     "+15551230001 +15550100001 'Are you there?'", text},
    {"handset", "watch", "NUMBER", "Simulator: show what a phone gets, until Ctrl-C", NULL,
     "+15551230001", watch},
    {"clock", "get", "", "Simulator: show the server's time", NULL, "", clock_get},
    {"clock", "move", "TIME", "Simulator: move the server's time forward", NULL, "4h", clock_move},
    {0},
};
