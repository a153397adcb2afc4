/*
 * The law of pools. A person needs a number for each session that it is in at once, and each number rests after its session: C
 * sessions of a length, with a cool-down, hold C x (length + cool-down) / length numbers when they begin evenly. When they begin and
 * end together, all that were taken in the time of one length and one cool-down are held: C for each length that was begun.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/geo.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/numbers/pool_numbers.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/rows/forms.h"
#include "server/masking/services/services.h"

#include <string.h>

#define SECOND INT64_C(1000000)
#define DAY    (24 * 3600 * SECOND)

enum { SESSIONS_MOST = 100000 };

static bool area_form(const char *area)
{
    return !*area || (strspn(area, "0123456789") == 3 && !area[3]);
}

static bool check_form(const struct pool_load *load, struct error *error)
{
    error_clear(error);
    if (load->most_sessions < 1 || load->most_sessions > SESSIONS_MOST)
        error_field(error, "most_sessions", "From 1 to %d.", SESSIONS_MOST);
    form_span(error, "session_length", load->session_length, SECOND, 366 * DAY);
    if (load->cool_down != SETTING_UNSET)
        form_span(error, "cool_down", load->cool_down, 0, 366 * DAY);
    if (!area_form(load->area))
        error_field(error, "area_code", "Three digits.");
    return error->code == STATUS_OK;
}

static uint64_t rounded_up(uint64_t dividend, uint64_t divisor)
{
    return dividend / divisor + (dividend % divisor ? 1 : 0);
}

static void calculate(const struct pool_load *load, int64_t cool_down, struct pool_plan *plan)
{
    uint64_t sessions = (uint64_t)load->most_sessions;
    uint64_t length = (uint64_t)load->session_length;
    uint64_t held = length + (MUTANT("plan_without_cool_down") ? 0 : (uint64_t)cool_down);
    plan->cool_down = cool_down;
    plan->without_cool_down = sessions;
    plan->numbers = rounded_up(sessions * held, length);
    plan->in_bursts = sessions * rounded_up(held, length);
    plan->shared = rounded_up((2 * sessions - 1) * held, length);
}

struct present {
    const struct pool_load *load;
    uint64_t count;
};

static bool count(void *data, struct rows *rows, const Maskline__Store__V1__PhoneNumber *number,
                  struct error *error)
{
    (void)rows;
    (void)error;
    struct present *present = data;
    const struct pool_load *load = present->load;
    struct geo geo;
    geo_of(number->phone_number, &geo);
    const char *country = *number->country ? number->country : geo.country;
    if (number_is_choosable(number) && (number->sms || !load->sms) && (number->mms || !load->mms) &&
        (number->voice || !load->voice) && (!*load->country || !strcmp(country, load->country)) &&
        (!*load->area || !strcmp(geo.area, load->area)))
        present->count++;
    return true;
}

static uint64_t missing(uint64_t wanted, uint64_t present)
{
    return wanted > present ? wanted - present : 0;
}

bool numbers_plan(struct view *view, const struct store *store, const struct pool_load *load,
                  struct arena *arena, struct pool_plan *ret_plan, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *service = NULL;
    struct present present = {.load = load};
    *ret_plan = (struct pool_plan){.numbers = 0};
    if ((*load->service && !rows_find_active_service(&rows, load->service, &service, error)) ||
        !check_form(load, error) ||
        (service && !pool_numbers(&rows, service->pool.data, count, &present, error)))
        return false;
    int64_t cool_down = load->cool_down != SETTING_UNSET ? load->cool_down
                        : service                        ? service->settings->cool_down
                                                         : service_settings_default().cool_down;
    calculate(load, cool_down, ret_plan);
    ret_plan->present = present.count;
    if (service) {
        ret_plan->missing = missing(ret_plan->numbers, present.count);
        ret_plan->missing_in_bursts = missing(
            MUTANT("bursts_miss_no_more") ? ret_plan->numbers : ret_plan->in_bursts, present.count);
    }
    return true;
}
