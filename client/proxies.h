/*
 * What the commands of phone numbers, short codes and addresses in channels have in common.
 */
#ifndef MASKLINE_CLIENT_PROXIES_H
#define MASKLINE_CLIENT_PROXIES_H

#include "client/cli.h"
#include "maskline/v1/phone_numbers.pb-c.h"

/* Cells of tables, in the arena. */
const char *carriers_cell(struct arena *arena, char *const *carriers, size_t count);
const char *capabilities_cell(struct arena *arena,
                              const Maskline__V1__PhoneNumberCapabilities *can);

/* Lines of tables of options. `what` is the help. */
#define OPTION_SMS(what)                                                              \
    {                                                                                 \
        .name = "sms", .kind = OPTION_FLAG, .help = what, .field = "capabilities.sms" \
    }
#define OPTION_MMS                                                               \
    {                                                                            \
        .name = "mms", .kind = OPTION_FLAG, .help = "it can send and get media", \
        .field = "capabilities.mms"                                              \
    }
#define OPTION_VOICE                                                                               \
    {                                                                                              \
        .name = "voice", .kind = OPTION_FLAG, .help = "it can call", .field = "capabilities.voice" \
    }
#define OPTION_RESERVED(what)                                                      \
    {                                                                              \
        .name = "reserved", .kind = OPTION_FLAG, .help = what, .field = "reserved" \
    }
#define OPTION_NOT_RESERVED(what)                                                        \
    {                                                                                    \
        .name = "not-reserved", .kind = OPTION_UNFLAG, .help = what, .field = "reserved" \
    }
#define OPTION_NO(what, can)                                                                  \
    {                                                                                         \
        .name = "no-" what, .kind = OPTION_UNFLAG, .help = can, .field = "capabilities." what \
    }
/* For commands that change what it can do: each alone. */
#define OPTIONS_CAN                                                                             \
    OPTION_SMS("it can send and get texts"), OPTION_NO("sms", "it can do neither"), OPTION_MMS, \
        OPTION_NO("mms", "it can do neither"), OPTION_VOICE, OPTION_NO("voice", "it cannot call")
#define OPTION_CARRIER(what)                                                                \
    {                                                                                       \
        .name = "carrier", .value = "NAME", .help = what, .field = "carriers", .many = true \
    }

/* Of commands that remove one whose place no other can take. */
extern const struct option forced_options[];

/* For commands with both of the options for being reserved, and for each thing that it can do. */
bool proxies_check_update(struct cli *cli, ProtobufCMessage *request);

#endif
