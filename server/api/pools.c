#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/reads.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/services/services.h"

static void set_warnings(struct arena *arena, const struct number_share *share,
                         Maskline__V1__PoolShare *message)
{
    enum { WARNINGS = 3 };
    message->warnings = arena_array(arena, WARNINGS, sizeof *message->warnings);
    if (!message->warnings)
        return;
    if (share->nearly_all_in_use)
        message->warnings[message->n_warnings++] =
            MASKLINE__V1__POOL_WARNING__POOL_WARNING_NEARLY_ALL_IN_USE;
    if (share->person_nearly_out)
        message->warnings[message->n_warnings++] =
            MASKLINE__V1__POOL_WARNING__POOL_WARNING_PERSON_NEARLY_OUT;
    if (share->crowded)
        message->warnings[message->n_warnings++] = MASKLINE__V1__POOL_WARNING__POOL_WARNING_CROWDED;
}

static Maskline__V1__PoolShare *share_message(struct arena *arena, const struct number_share *share)
{
    Maskline__V1__PoolShare *message = message_new(arena, &maskline__v1__pool_share__descriptor);
    if (!message)
        return NULL;
    message->country = message_text(share->country);
    message->area_code = message_text(share->area);
    message->size = share->size;
    message->choosable = share->choosable;
    message->reserved = share->reserved;
    message->in_use = share->in_use;
    message->busiest_number = (uint32_t)share->most_sessions;
    message->busiest_person = share->most_of_a_person;
    message->crowded = share->crowded;
    set_warnings(arena, share, message);
    return message;
}

static bool usage_read(struct api *api, struct grpc_c_call *call, const void *request,
                       struct view *view, struct error *error)
{
    const Maskline__V1__GetPoolUsageRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct pool_usage usage;
    if (!numbers_usage(view, masking_store(api->parts.masking), get->service, arena, &usage, error))
        return false;
    Maskline__V1__GetPoolUsageResponse response = MASKLINE__V1__GET_POOL_USAGE_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, usage.count);
    for (size_t i = 0; i < usage.count; i++)
        message_list_add(&messages, share_message(arena, &usage.shares[i]));
    response.shares = (Maskline__V1__PoolShare **)messages.items;
    response.n_shares = messages.count;
    response.sampled = usage.sampled;
    if (answer_fits(call))
        maskline_v1_phone_numbers_get_pool_usage_reply(call, &response);
    return true;
}

static void usage(void *data, struct grpc_c_call *call,
                  const Maskline__V1__GetPoolUsageRequest *request)
{
    read_later(data, call, request, usage_read);
}

static bool plan_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__PlanPoolRequest *plan = request;
    const Maskline__V1__PhoneNumberCapabilities *can = plan->capabilities;
    struct arena *arena = grpc_c_call_arena(call);
    struct pool_load load = {
        .service = plan->service,
        .country = plan->country,
        .area = plan->area_code,
        .sms = can && can->sms,
        .mms = can && can->mms,
        .voice = can && can->voice,
        .most_sessions = plan->most_sessions,
        .cool_down = SETTING_UNSET,
    };
    error_clear(error);
    field_duration(error, "session_length", plan->session_length, &load.session_length);
    field_duration(error, "cool_down", plan->cool_down, &load.cool_down);
    struct pool_plan found;
    if (error->code != STATUS_OK ||
        !numbers_plan(view, masking_store(api->parts.masking), &load, arena, &found, error))
        return false;
    Maskline__V1__PlanPoolResponse response = MASKLINE__V1__PLAN_POOL_RESPONSE__INIT;
    response.without_cool_down = found.without_cool_down;
    response.numbers = found.numbers;
    response.numbers_in_bursts = found.in_bursts;
    response.shared_numbers = found.shared;
    response.present = found.present;
    response.missing = found.missing;
    response.missing_in_bursts = found.missing_in_bursts;
    response.cool_down = duration_new(arena, found.cool_down);
    if (answer_fits(call))
        maskline_v1_phone_numbers_plan_pool_reply(call, &response);
    return true;
}

static void plan(void *data, struct grpc_c_call *call, const Maskline__V1__PlanPoolRequest *request)
{
    read_later(data, call, request, plan_read);
}

void pools_bind(struct maskline_v1_phone_numbers_service *service)
{
    service->get_pool_usage = usage;
    service->plan_pool = plan;
}
