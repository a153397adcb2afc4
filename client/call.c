#include "client/cli.h"
#include "client/interaction.h"

#include "maskline/v1/interactions.grpc-c-client.h"

static const struct option place_options[] = {
    {.name = "request-id", .value = "TEXT", .help = "makes a repeat safe", .field = "request_id"},
    {0},
};

const struct command call_commands[] = {
    {.noun = "call",
     .verb = "place",
     .summary = "Ring one participant and, when it has picked up, its partner",
     .more = "Each sees its own proxy number as the caller. The answer comes when the call is "
             "durable, before anybody is rung: `maskline watch`, or `maskline interaction get`, "
             "tells what becomes of it.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "participant", LIVE_PARTICIPANT}},
     .options = place_options,
     .examples = {"rides trip-1 KP0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_interactions_place_call__method,
     .shown = "interaction",
     .view = &interaction_view},
    {.noun = "call",
     .verb = "end",
     .summary = "Hang up both sides of a call",
     .more = "The call has ended when `maskline watch` says so. One that has ended stays as it is.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"SESSION", "session", LIVE_SESSION},
                   {"SID", "interaction", LIVE_NOTHING}},
     .examples = {"rides trip-1 KI0123456789abcdef0123456789abcdef"},
     .method = &maskline_v1_interactions_end_call__method,
     .shown = "interaction",
     .view = &interaction_view},
    {0},
};
