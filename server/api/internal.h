/*
 * What the files of the API share. Not for anybody else.
 */
#ifndef MASKLINE_SERVER_API_INTERNAL_H
#define MASKLINE_SERVER_API_INTERNAL_H

#include "maskline/v1/blocks.grpc-c-server.h"
#include "maskline/v1/carrier_gateway.grpc-c-server.h"
#include "maskline/v1/channel_senders.grpc-c-server.h"
#include "maskline/v1/events.grpc-c-server.h"
#include "maskline/v1/interactions.grpc-c-server.h"
#include "maskline/v1/opt_outs.grpc-c-server.h"
#include "maskline/v1/participants.grpc-c-server.h"
#include "maskline/v1/phone_numbers.grpc-c-server.h"
#include "maskline/v1/services.grpc-c-server.h"
#include "maskline/v1/sessions.grpc-c-server.h"
#include "maskline/v1/short_codes.grpc-c-server.h"
#include "maskline/v1/simulator.grpc-c-server.h"
#include "server/api/api.h"

struct limits;
struct ticker;

struct api {
    struct api_parts parts;
    struct ticker *ticker;
    struct limits *limits;
    struct maskline_v1_services_service services;
    struct maskline_v1_phone_numbers_service phone_numbers;
    struct maskline_v1_short_codes_service short_codes;
    struct maskline_v1_channel_senders_service channel_senders;
    struct maskline_v1_sessions_service sessions;
    struct maskline_v1_participants_service participants;
    struct maskline_v1_interactions_service interactions;
    struct maskline_v1_events_service events;
    struct maskline_v1_opt_outs_service opt_outs;
    struct maskline_v1_blocks_service blocks;
    struct maskline_v1_simulator_service simulator;
    struct maskline_v1_carrier_gateway_service carrier_gateway;
};

/* Each fills in its service's handlers. */
void services_bind(struct api *api);
void phone_numbers_bind(struct api *api);
void short_codes_bind(struct api *api);
/* Those of its methods that look at a whole pool. */
void pools_bind(struct maskline_v1_phone_numbers_service *service);
void channel_senders_bind(struct api *api);
void sessions_bind(struct api *api);
void participants_bind(struct api *api);
void interactions_bind(struct api *api);
void events_bind(struct api *api);
void opt_outs_bind(struct api *api);
void blocks_bind(struct api *api);
void simulator_bind(struct api *api);
/* Those of its methods that are about calls. */
void simulator_calls_bind(struct maskline_v1_simulator_service *service);
void carrier_gateway_bind(struct api *api);

/* The simulator of that name, or with an empty one the first; NULL, and the call has failed, when there is none, or not all carriers are
 * simulators. */
struct simulator *simulator_named(struct api *api, const char *name, struct grpc_c_call *call);

/* The end of a stream whose server stops: come back, to another server or later. */
bool error_shutting_down(struct error *error);

/* Whether an answer was built whole; otherwise the call's memory was not enough, and the call has failed. */
bool answer_fits(struct grpc_c_call *call);

/* A copy of what the domain is asked for, which must live until it is done: in the call's arena. NULL, and the call has failed, when that is
 * full. */
void *keep_draft(struct grpc_c_call *call, const void *draft, size_t size);

/* Fails the call when the checks of its request have found something. */
bool request_is_bad(struct grpc_c_call *call, const struct error *error);

#endif
