#include "client/commands.h"

#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/interactions.pb-c.h"

static const char *const heads[] = {"SID",      "TIME",     "FROM", "TO",
                                    "OUTBOUND", "ATTEMPTS", "WHY",  "BODY"};

enum { COLUMNS = sizeof heads / sizeof *heads };

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Interaction *interaction =
        (const Maskline__V1__Interaction *)(const void *)message;
    const Maskline__V1__Leg *leg = interaction->n_outbound > 0 ? interaction->outbound[0] : NULL;
    table_cell(table, interaction->sid);
    table_cell(table, show_time(arena, interaction->create_time));
    table_cell(table, interaction->inbound ? interaction->inbound->participant_sid : "the Service");
    table_cell(table, leg ? leg->participant_sid : NULL);
    table_cell(table,
               leg ? show_enum(arena, &maskline__v1__leg_status__descriptor, (int)leg->status)
                   : NULL);
    table_cell(table, leg ? arena_printf(arena, "%u", leg->attempts) : NULL);
    table_cell(table, leg && leg->error ? leg->error->reason : NULL);
    table_cell(table, interaction->content ? interaction->content->body : NULL);
}

static int show(struct cli *cli, const Maskline__V1__Interaction *interaction)
{
    return show_one(cli, heads, COLUMNS, row, &interaction->base);
}

static int get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 3, 3) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetInteractionRequest request = MASKLINE__V1__GET_INTERACTION_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    request.interaction = words.words[2];
    const Maskline__V1__GetInteractionResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_interactions_get_interaction(cli->channel, &call, &request, cli->arena,
                                                  &response, &status))
        return cli_failed(cli, &status);
    return show(cli, response->interaction);
}

static int list(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    struct listing listing = listing_begin(cli, heads, COLUMNS, row);
    Maskline__V1__ListInteractionsRequest request = MASKLINE__V1__LIST_INTERACTIONS_REQUEST__INIT;
    request.service = words.words[0];
    request.session = words.words[1];
    request.page_size = 1000;
    do {
        const Maskline__V1__ListInteractionsResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_interactions_list_interactions(cli->channel, &call, &request, cli->arena,
                                                        &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_interactions; i++)
            listing_add(&listing, &response->interactions[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int send_message(struct cli *cli, struct words words)
{
    struct texts urls = {0};
    Maskline__V1__SendMessageRequest request = MASKLINE__V1__SEND_MESSAGE_REQUEST__INIT;
    const struct option options[] = {
        {"media", OPTION_TEXTS, &urls},
        {"max-life", OPTION_DURATION, &request.max_life},
        {"request-id", OPTION_TEXT, &request.request_id},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 3, 4) ||
        !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__Media media[TEXTS_MOST];
    Maskline__V1__Media *pointers[TEXTS_MOST];
    for (size_t i = 0; i < urls.count; i++) {
        maskline__v1__media__init(&media[i]);
        media[i].url = urls.texts[i];
        pointers[i] = &media[i];
    }
    request.service = words.words[0];
    request.session = words.words[1];
    request.participant = words.words[2];
    if (words.count > 3)
        request.body = words.words[3];
    request.media = pointers;
    request.n_media = urls.count;
    const Maskline__V1__SendMessageResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_interactions_send_message(cli->channel, &call, &request, cli->arena, &response,
                                               &status))
        return cli_failed(cli, &status);
    return show(cli, response->interaction);
}

const struct command interaction_commands[] = {
    {"interaction", "send", "SERVICE SESSION PARTICIPANT [BODY]",
     "Write to one participant, as the Service",
     "  --media URL               may be repeated\n"
     "  --max-life TIME           do not send it later than that\n"
     "  --request-id TEXT         makes a repeat safe\n",
     "rides trip-1 KP0123456789abcdef0123456789abcdef 'Your driver is here.'", send_message},
    {"interaction", "list", "SERVICE SESSION", "Show what was written in a session", NULL,
     "rides trip-1", list},
    {"interaction", "get", "SERVICE SESSION SID", "Show a message and what became of it", NULL,
     "rides trip-1 KI0123456789abcdef0123456789abcdef", get},
    {0},
};
