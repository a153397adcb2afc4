#include "server/api/internal.h"

#include "server/api/limits.h"
#include "server/api/ticker.h"

#include <stdlib.h>

struct api *api_new(const struct api_parts *parts)
{
    struct api *api = calloc(1, sizeof *api);
    if (!api)
        return NULL;
    api->parts = *parts;
    api->ticker = ticker_new();
    api->limits = limits_new(parts->masking);
    if (!api->ticker || !api->limits) {
        api_free(api);
        return NULL;
    }
    services_bind(api);
    phone_numbers_bind(api);
    short_codes_bind(api);
    channel_senders_bind(api);
    sessions_bind(api);
    participants_bind(api);
    interactions_bind(api);
    events_bind(api);
    opt_outs_bind(api);
    blocks_bind(api);
    simulator_bind(api);
    carrier_gateway_bind(api);
    return api;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    ticker_free(api->ticker);
    limits_free(api->limits);
    free(api);
}

bool api_add(struct api *api, struct grpc_c_server *server, struct error *error)
{
    const struct {
        const struct grpc_c_service *service;
        const void *implementation;
    } all[] = {
        {&maskline_v1_services_descriptor, &api->services},
        {&maskline_v1_phone_numbers_descriptor, &api->phone_numbers},
        {&maskline_v1_short_codes_descriptor, &api->short_codes},
        {&maskline_v1_channel_senders_descriptor, &api->channel_senders},
        {&maskline_v1_sessions_descriptor, &api->sessions},
        {&maskline_v1_participants_descriptor, &api->participants},
        {&maskline_v1_interactions_descriptor, &api->interactions},
        {&maskline_v1_events_descriptor, &api->events},
        {&maskline_v1_opt_outs_descriptor, &api->opt_outs},
        {&maskline_v1_blocks_descriptor, &api->blocks},
        {&maskline_v1_simulator_descriptor, &api->simulator},
        {&maskline_v1_carrier_gateway_descriptor, &api->carrier_gateway},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!limits_add(api->limits, server, all[i].service, all[i].implementation, error))
            return false;
    return true;
}

const char *const *api_service_names(void)
{
    static const char *const names[] = {
        "maskline.v1.Services",
        "maskline.v1.PhoneNumbers",
        "maskline.v1.ShortCodes",
        "maskline.v1.ChannelSenders",
        "maskline.v1.Sessions",
        "maskline.v1.OptOuts",
        "maskline.v1.Blocks",
        "maskline.v1.Participants",
        "maskline.v1.Interactions",
        "maskline.v1.Events",
        "maskline.v1.Simulator",
        "maskline.v1.CarrierGateway",
        NULL,
    };
    return names;
}
