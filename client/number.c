#include "client/cli.h"
#include "client/number_add.h"
#include "client/proxies.h"

#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/phone_numbers.pb-c.h"

static const char *const heads[] = {"SID",   "NUMBER",   "COUNTRY", "NAME",    "CAN",
                                    "STATE", "RESERVED", "IN USE",  "CARRIERS"};

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__PhoneNumber *number =
        (const Maskline__V1__PhoneNumber *)(const void *)message;
    table_cell(table, number->sid);
    table_cell(table, number->phone_number);
    table_cell(table, number->country);
    table_cell(table, number->friendly_name);
    table_cell(table, capabilities_cell(arena, number->capabilities));
    table_cell(table,
               show_enum(arena, &maskline__v1__phone_number_state__descriptor, (int)number->state));
    table_cell(table, number->reserved ? "yes" : "no");
    table_cell(table, arena_printf(arena, "%u", number->in_use));
    table_cell(table, carriers_cell(arena, number->carriers, number->n_carriers));
}

const struct view number_view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row};

static const struct option add_options[] = {
    {.name = "file",
     .value = "FILE",
     .letter = 'f',
     .live = LIVE_FILE,
     .help = "numbers from a file, one a line; - reads them from the standard input"},
    {.name = "country",
     .value = "CC",
     .help = "ISO code, where the number does not tell it",
     .field = "country"},
    {.name = "name", .value = "TEXT", .help = "for people", .field = "friendly_name"},
    OPTION_SMS("it can send and get texts (without --sms, --mms and --voice: it can do all)"),
    OPTION_MMS,
    OPTION_VOICE,
    OPTION_RESERVED("never choose it by itself"),
    OPTION_CARRIER("a carrier that it works with; may be repeated, the first is sent by"),
    {0},
};

static const struct option update_options[] = {
    {.name = "state",
     .value = "STATE",
     .kind = OPTION_CHOICE,
     .help = "draining takes no new sessions, locked no traffic either",
     .field = "state",
     .values = &maskline__v1__phone_number_state__descriptor},
    OPTION_RESERVED("it is only given on request"),
    OPTION_NOT_RESERVED("it can be chosen by itself"),
    OPTIONS_CAN,
    {.name = "name", .value = "TEXT", .help = "for people", .field = "friendly_name"},
    OPTION_CARRIER("a carrier that it works with; may be repeated"),
    {0},
};

static const struct option remove_options[] = {
    {.name = "force",
     .kind = OPTION_FLAG,
     .help = "also when active sessions use it: they get another, or fail",
     .field = "force"},
    {0},
};

const struct command number_commands[] = {
    {.noun = "number",
     .verb = "add",
     .summary = "Add a number to a Service's pool, or many of a file",
     .more =
         "In a file, blank lines and what follows a # do not count. A number that is refused is "
         "told with its line, and the others are added all the same; the status is then 1. "
         "On a terminal it shows how far it is.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE},
                   {"NUMBER", "phone_number", LIVE_NOTHING, .optional = true}},
     .options = add_options,
     .examples = {"rides +15550100001", "rides +15550100002 --name airport --sms",
                  "rides -f numbers.txt", "rides -f - <more.txt"},
     .method = &maskline_v1_phone_numbers_add_phone_number__method,
     .shown = "phone_number",
     .view = &number_view,
     .run = number_add},
    {.noun = "number",
     .verb = "list",
     .summary = "Show a Service's pool",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .examples = {"rides"},
     .method = &maskline_v1_phone_numbers_list_phone_numbers__method,
     .shown = "phone_numbers",
     .view = &number_view},
    {.noun = "number",
     .verb = "get",
     .summary = "Show a number",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "phone_number", LIVE_NUMBER}},
     .examples = {"rides +15550100001"},
     .method = &maskline_v1_phone_numbers_get_phone_number__method,
     .shown = "phone_number",
     .view = &number_view},
    {.noun = "number",
     .verb = "update",
     .summary = "Change a number",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "phone_number", LIVE_NUMBER}},
     .options = update_options,
     .examples = {"rides +15550100002 --state draining",
                  "rides +15550100002 --state active --reserved",
                  "rides +15550100002 --voice --no-mms"},
     .method = &maskline_v1_phone_numbers_update_phone_number__method,
     .shown = "phone_number",
     .view = &number_view,
     .updates = true,
     .masked = true,
     .fill = proxies_check_update},
    {.noun = "number",
     .verb = "remove",
     .summary = "Take a number out of the pool",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}, {"NUMBER", "phone_number", LIVE_NUMBER}},
     .options = remove_options,
     .examples = {"rides +15550100002", "rides +15550100001 --force"},
     .method = &maskline_v1_phone_numbers_remove_phone_number__method,
     .done = "is removed, and rests in quarantine"},
    {0},
};
