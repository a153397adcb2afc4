#include "client/proxies.h"

const char *carriers_cell(struct arena *arena, char *const *carriers, size_t count)
{
    const char *joined = "";
    for (size_t i = 0; i < count && joined; i++)
        joined = i == 0 ? carriers[0] : arena_printf(arena, "%s,%s", joined, carriers[i]);
    return joined;
}

const char *capabilities_cell(struct arena *arena, const Maskline__V1__PhoneNumberCapabilities *can)
{
    return arena_printf(arena, "%s%s%s", can && can->sms ? "sms " : "",
                        can && can->mms ? "mms " : "", can && can->voice ? "voice" : "");
}

const struct option forced_options[] = {
    {.name = "force",
     .kind = OPTION_FLAG,
     .help = "also when active sessions use it: they fail",
     .field = "force"},
    {0},
};

bool proxies_check_update(struct cli *cli, ProtobufCMessage *request)
{
    (void)request;
    static const char *const pairs[][2] = {
        {"reserved", "not-reserved"}, {"sms", "no-sms"}, {"mms", "no-mms"}, {"voice", "no-voice"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (input_flag(cli, pairs[i][0]) && input_flag(cli, pairs[i][1]))
            return cli_usage("--%s or --%s, not both", pairs[i][0], pairs[i][1]), false;
    return true;
}
