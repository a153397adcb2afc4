#include "client/cli.h"

#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/phone_numbers.pb-c.h"

static const char *const usage_heads[] = {"COUNTRY",        "AREA",           "NUMBERS",
                                          "TO CHOOSE",      "IN USE",         "BUSIEST NUMBER",
                                          "BUSIEST PERSON", "LOOK AFTER THIS"};

static void usage_row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__PoolShare *share = (const Maskline__V1__PoolShare *)(const void *)message;
    const char *warnings = "";
    table_cell(table, *share->country ? share->country : "?");
    table_cell(table, share->area_code);
    table_cell(table, arena_printf(arena, "%u", share->size));
    table_cell(table, arena_printf(arena, "%u", share->choosable));
    table_cell(table, arena_printf(arena, "%u", share->in_use));
    table_cell(table, arena_printf(arena, "%u", share->busiest_number));
    table_cell(table, arena_printf(arena, "%u", share->busiest_person));
    for (size_t i = 0; i < share->n_warnings && warnings; i++)
        warnings = arena_printf(
            arena, "%s%s%s", warnings, *warnings ? ", " : "",
            show_enum(arena, &maskline__v1__pool_warning__descriptor, (int)share->warnings[i]));
    table_cell(table, warnings);
}

static const struct view usage_view = {
    .heads = usage_heads, .columns = sizeof usage_heads / sizeof *usage_heads, .row = usage_row};

static int print_usage(struct cli *cli, const ProtobufCMessage *message)
{
    const Maskline__V1__GetPoolUsageResponse *usage =
        (const Maskline__V1__GetPoolUsageResponse *)(const void *)message;
    struct listing listing = listing_begin(cli, &usage_view);
    for (size_t i = 0; i < usage->n_shares; i++)
        listing_add(&listing, &usage->shares[i]->base);
    int status = listing_end(&listing);
    if (usage->sampled)
        printf("There are very many people, and not all were looked at: some may be busier.\n");
    return status;
}

static int print_plan(struct cli *cli, const ProtobufCMessage *message)
{
    const Maskline__V1__PlanPoolResponse *plan =
        (const Maskline__V1__PlanPoolResponse *)(const void *)message;
    printf("%llu numbers, with a cool-down of %s\n", (unsigned long long)plan->numbers,
           show_duration(cli->arena, plan->cool_down));
    printf("  %llu when sessions begin all at once\n", (unsigned long long)plan->numbers_in_bursts);
    printf("  %llu without the cool-down\n", (unsigned long long)plan->without_cool_down);
    printf("  up to %llu if both sides were to see one number\n",
           (unsigned long long)plan->shared_numbers);
    if (plan->present || plan->missing)
        printf("  %llu are there, %llu are missing\n", (unsigned long long)plan->present,
               (unsigned long long)plan->missing);
    if (plan->missing_in_bursts > plan->missing)
        printf("  %llu are missing when sessions begin all at once\n",
               (unsigned long long)plan->missing_in_bursts);
    return EXIT_DONE;
}

static bool says_load(struct cli *cli, ProtobufCMessage *request)
{
    (void)request;
    if (input_given(cli, "sessions") && input_given(cli, "length"))
        return true;
    cli_usage("which load? --sessions COUNT, of the busiest person at once, and --length TIME, of "
              "a session, say it");
    return false;
}

static const struct option plan_options[] = {
    {.name = "sessions",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "how many sessions the busiest person has at once",
     .field = "most_sessions"},
    {.name = "length",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long a session lives",
     .field = "session_length"},
    {.name = "cool-down",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "another one than the Service's",
     .field = "cool_down"},
    {.name = "country", .value = "CC", .help = "count numbers of this country", .field = "country"},
    {.name = "area",
     .value = "CODE",
     .help = "count numbers of this area code",
     .field = "area_code"},
    {.name = "sms",
     .kind = OPTION_FLAG,
     .help = "count numbers that can text",
     .field = "capabilities.sms"},
    {.name = "voice",
     .kind = OPTION_FLAG,
     .help = "count numbers that can call",
     .field = "capabilities.voice"},
    {0},
};

const struct command pool_commands[] = {
    {.noun = "pool",
     .verb = "usage",
     .summary = "Show how a Service's pool is used",
     .more =
         "Of each country and area code. The busiest person is who has the most numbers in active "
         "sessions: when it has all that can be chosen, its next session is refused.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .examples = {"rides", "rides --json"},
     .method = &maskline_v1_phone_numbers_get_pool_usage__method,
     .print = print_usage},
    {.noun = "pool",
     .verb = "plan",
     .summary = "Tell how many numbers a load needs",
     .more = "A pool has to hold what its busiest person needs; how many people there are does not "
             "count.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = plan_options,
     .examples = {"rides --sessions 8 --length 1h", "rides --sessions 20 --length 1d --country US"},
     .method = &maskline_v1_phone_numbers_plan_pool__method,
     .print = print_plan,
     .fill = says_load},
    {0},
};
