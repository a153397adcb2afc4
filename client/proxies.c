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
    if (input_flag(cli, "reserved") && input_flag(cli, "not-reserved"))
        return cli_usage("--reserved or --not-reserved, not both"), false;
    return true;
}
