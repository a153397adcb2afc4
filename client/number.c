#include "client/commands.h"

#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/phone_numbers.pb-c.h"

static const char *const heads[] = {"SID",   "NUMBER",   "COUNTRY", "NAME",    "CAN",
                                    "STATE", "RESERVED", "IN USE",  "CARRIERS"};

enum { COLUMNS = sizeof heads / sizeof *heads };

static const char *join(struct arena *arena, char **texts, size_t count)
{
    const char *joined = "";
    for (size_t i = 0; i < count && joined; i++)
        joined = i == 0 ? texts[0] : arena_printf(arena, "%s,%s", joined, texts[i]);
    return joined;
}

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__PhoneNumber *number =
        (const Maskline__V1__PhoneNumber *)(const void *)message;
    const Maskline__V1__PhoneNumberCapabilities *can = number->capabilities;
    table_cell(table, number->sid);
    table_cell(table, number->phone_number);
    table_cell(table, number->country);
    table_cell(table, number->friendly_name);
    table_cell(table,
               arena_printf(arena, "%s%s%s", can && can->sms ? "sms " : "",
                            can && can->mms ? "mms " : "", can && can->voice ? "voice" : ""));
    table_cell(table,
               show_enum(arena, &maskline__v1__phone_number_state__descriptor, (int)number->state));
    table_cell(table, number->reserved ? "yes" : "no");
    table_cell(table, arena_printf(arena, "%u", number->in_use));
    table_cell(table, join(arena, number->carriers, number->n_carriers));
}

static int show(struct cli *cli, const Maskline__V1__PhoneNumber *number)
{
    return show_one(cli, heads, COLUMNS, row, &number->base);
}

static int add(struct cli *cli, struct words words)
{
    Maskline__V1__AddPhoneNumberRequest request = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
    Maskline__V1__PhoneNumberCapabilities can = MASKLINE__V1__PHONE_NUMBER_CAPABILITIES__INIT;
    struct texts carriers = {0};
    bool reserved = false, sms = false, mms = false, voice = false;
    const struct option options[] = {
        {"country", OPTION_TEXT, &request.country},
        {"name", OPTION_TEXT, &request.friendly_name},
        {"reserved", OPTION_FLAG, &reserved},
        {"carrier", OPTION_TEXTS, &carriers},
        {"sms", OPTION_FLAG, &sms},
        {"mms", OPTION_FLAG, &mms},
        {"voice", OPTION_FLAG, &voice},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 2, 2) ||
        !cli_connect(cli))
        return EXIT_USAGE;
    request.service = words.words[0];
    request.phone_number = words.words[1];
    request.reserved = reserved;
    request.carriers = carriers.texts;
    request.n_carriers = carriers.count;
    can.sms = sms;
    can.mms = mms;
    can.voice = voice;
    if (sms || mms || voice)
        request.capabilities = &can;
    const Maskline__V1__AddPhoneNumberResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_phone_numbers_add_phone_number(cli->channel, &call, &request, cli->arena,
                                                    &response, &status))
        return cli_failed(cli, &status);
    return show(cli, response->phone_number);
}

static int get(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__GetPhoneNumberRequest request = MASKLINE__V1__GET_PHONE_NUMBER_REQUEST__INIT;
    request.service = words.words[0];
    request.phone_number = words.words[1];
    const Maskline__V1__GetPhoneNumberResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_phone_numbers_get_phone_number(cli->channel, &call, &request, cli->arena,
                                                    &response, &status))
        return cli_failed(cli, &status);
    return show(cli, response->phone_number);
}

static int list(struct cli *cli, struct words words)
{
    if (!cli_options(cli, &words, NULL, 0, 1, 1) || !cli_connect(cli))
        return EXIT_USAGE;
    struct listing listing = listing_begin(cli, heads, COLUMNS, row);
    Maskline__V1__ListPhoneNumbersRequest request = MASKLINE__V1__LIST_PHONE_NUMBERS_REQUEST__INIT;
    request.service = words.words[0];
    request.page_size = 1000;
    do {
        const Maskline__V1__ListPhoneNumbersResponse *response;
        struct grpc_c_status status;
        struct grpc_c_call_options call = cli_call(cli);
        if (!maskline_v1_phone_numbers_list_phone_numbers(cli->channel, &call, &request, cli->arena,
                                                          &response, &status))
            return cli_failed(cli, &status);
        for (size_t i = 0; i < response->n_phone_numbers; i++)
            listing_add(&listing, &response->phone_numbers[i]->base);
        request.page_token = response->next_page_token;
    } while (*request.page_token);
    listing_end(&listing);
    return EXIT_DONE;
}

static int update(struct cli *cli, struct words words)
{
    Maskline__V1__UpdatePhoneNumberRequest request =
        MASKLINE__V1__UPDATE_PHONE_NUMBER_REQUEST__INIT;
    const char *state = NULL, *name = NULL;
    bool reserved = false, released = false;
    struct texts carriers = {0};
    const struct option options[] = {
        {"name", OPTION_TEXT, &name},
        {"reserved", OPTION_FLAG, &reserved},
        {"not-reserved", OPTION_FLAG, &released},
        {"carrier", OPTION_TEXTS, &carriers},
        {"state", OPTION_TEXT, &state},
    };
    if (!cli_options(cli, &words, options, sizeof options / sizeof *options, 2, 2))
        return EXIT_USAGE;
    if (reserved && released)
        return cli_usage("--reserved or --not-reserved, not both");
    int value = 0;
    if (state && !parse_enum("state", &maskline__v1__phone_number_state__descriptor, state, &value))
        return EXIT_USAGE;
    char *paths[4];
    size_t count = 0;
    if (name)
        paths[count++] = "friendly_name";
    if (reserved || released)
        paths[count++] = "reserved";
    if (carriers.count > 0)
        paths[count++] = "carriers";
    if (state)
        paths[count++] = "state";
    if (count == 0)
        return cli_usage("nothing to change; --help lists what can be");
    if (!cli_connect(cli))
        return EXIT_USAGE;
    request.service = words.words[0];
    request.phone_number = words.words[1];
    if (name)
        request.friendly_name = arena_string(cli->arena, name);
    request.reserved = reserved;
    request.carriers = carriers.texts;
    request.n_carriers = carriers.count;
    request.state = (Maskline__V1__PhoneNumberState)value;
    request.update_mask = mask_new(cli->arena, paths, count);
    const Maskline__V1__UpdatePhoneNumberResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_phone_numbers_update_phone_number(cli->channel, &call, &request, cli->arena,
                                                       &response, &status))
        return cli_failed(cli, &status);
    return show(cli, response->phone_number);
}

static int remove_number(struct cli *cli, struct words words)
{
    bool force = false;
    const struct option options[] = {{"force", OPTION_FLAG, &force}};
    if (!cli_options(cli, &words, options, 1, 2, 2) || !cli_connect(cli))
        return EXIT_USAGE;
    Maskline__V1__RemovePhoneNumberRequest request =
        MASKLINE__V1__REMOVE_PHONE_NUMBER_REQUEST__INIT;
    request.service = words.words[0];
    request.phone_number = words.words[1];
    request.force = force;
    const Maskline__V1__RemovePhoneNumberResponse *response;
    struct grpc_c_status status;
    struct grpc_c_call_options call = cli_call(cli);
    if (!maskline_v1_phone_numbers_remove_phone_number(cli->channel, &call, &request, cli->arena,
                                                       &response, &status))
        return cli_failed(cli, &status);
    if (!cli->json)
        printf("%s is removed, and rests in quarantine\n", words.words[1]);
    return EXIT_DONE;
}

const struct command number_commands[] = {
    {"number", "add", "SERVICE NUMBER", "Add a number to a Service's pool",
     "  --country CC              ISO code, where the number does not tell it\n"
     "  --name TEXT               for people\n"
     "  --sms --mms --voice       what it can do (default: all)\n"
     "  --reserved                never choose it by itself\n"
     "  --carrier NAME            a carrier that it works with; may be repeated, the first is sent "
     "by\n",
     "rides +15550100001", add},
    {"number", "list", "SERVICE", "Show a Service's pool", NULL, "rides", list},
    {"number", "get", "SERVICE NUMBER", "Show a number", NULL, "rides +15550100001", get},
    {"number", "update", "SERVICE NUMBER", "Change a number",
     "  --state STATE             active, draining (no new sessions) or locked (no traffic "
     "either)\n"
     "  --reserved --not-reserved whether it is only given on request\n"
     "  --name TEXT               for people\n"
     "  --carrier NAME            may be repeated\n",
     "rides +15550100001 --state draining", update},
    {"number", "remove", "SERVICE NUMBER", "Take a number out of the pool",
     "  --force                   also when active sessions use it: they fail\n",
     "rides +15550100001", remove_number},
    {0},
};
