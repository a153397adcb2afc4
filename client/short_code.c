#include "client/proxies.h"

#include "maskline/v1/short_codes.grpc-c-client.h"
#include "maskline/v1/short_codes.pb-c.h"

static const char *const heads[] = {"SID",      "SHORT CODE", "COUNTRY", "CAN",
                                    "RESERVED", "IN USE",     "CARRIERS"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__ShortCode *code = (const Maskline__V1__ShortCode *)(const void *)message;
    table_cell(table, code->sid);
    table_cell(table, code->short_code);
    table_cell(table, code->country);
    table_cell(table, capabilities_cell(arena, code->capabilities));
    table_cell(table, code->reserved ? "yes" : "no");
    table_cell(table, arena_printf(arena, "%u", code->in_use));
    table_cell(table, carriers_cell(arena, code->carriers, code->n_carriers));
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option add_options[] = {
    OPTION_SMS("it can send and get texts (without --sms, --mms and --voice: texts and media)"),
    OPTION_MMS,
    OPTION_VOICE,
    OPTION_CARRIER("a carrier that it works with; may be repeated, the first is sent by"),
    {0},
};

static const struct option list_options[] = {
    {.name = "country", .value = "CC", .help = "only of this country", .field = "country"},
    {0},
};

static const struct option update_options[] = {
    OPTION_RESERVED("a note for people"),
    OPTION_NOT_RESERVED("the note is taken back"),
    OPTIONS_CAN,
    OPTION_CARRIER("a carrier that it works with; may be repeated"),
    {0},
};

const struct command short_code_commands[] = {
    {.noun = "shortcode",
     .verb = "add",
     .summary = "Add a short code to a Service",
     .more = "It works within its country (an ISO code), and a participant has it only when it is "
             "asked for: NUMBER@12345 with `session create`, --proxy 12345 with `participant add`.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"DIGITS", "short_code", LIVE_NOTHING},
                   {"COUNTRY", "country", LIVE_NOTHING}},
     .options = add_options,
     .examples = {"rides 24687 US"},
     .method = &maskline_v1_short_codes_add_short_code__method,
     .shown = "short_code",
     .view = &view},
    {.noun = "shortcode",
     .verb = "list",
     .summary = "Show a Service's short codes",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = list_options,
     .examples = {"rides", "rides --country US"},
     .method = &maskline_v1_short_codes_list_short_codes__method,
     .shown = "short_codes",
     .view = &view},
    {.noun = "shortcode",
     .verb = "get",
     .summary = "Show a short code",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"DIGITS", "short_code", LIVE_NOTHING}},
     .examples = {"rides 24687"},
     .method = &maskline_v1_short_codes_get_short_code__method,
     .shown = "short_code",
     .view = &view},
    {.noun = "shortcode",
     .verb = "update",
     .summary = "Change a short code",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"DIGITS", "short_code", LIVE_NOTHING}},
     .options = update_options,
     .examples = {"rides 24687 --reserved"},
     .method = &maskline_v1_short_codes_update_short_code__method,
     .shown = "short_code",
     .view = &view,
     .updates = true,
     .masked = true,
     .fill = proxies_check_update},
    {.noun = "shortcode",
     .verb = "remove",
     .summary = "Take a short code from a Service",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"DIGITS", "short_code", LIVE_NOTHING}},
     .options = forced_options,
     .examples = {"rides 24687"},
     .method = &maskline_v1_short_codes_remove_short_code__method,
     .done = "is removed, and rests in quarantine"},
    {0},
};
