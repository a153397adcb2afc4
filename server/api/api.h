/*
 * The public API, maskline.v1: one file for each gRPC service.
 *
 * What happens here: a request's form is checked, it becomes the domain's own structs, and what the domain answers becomes a
 * response. The rules are the domain's.
 *
 * All of it runs on the server's threads, the writer's, and the readers'.
 */
#ifndef MASKLINE_SERVER_API_API_H
#define MASKLINE_SERVER_API_API_H

#include "server/carriers/carrier.h"
#include "server/carriers/simulator/test_clock.h"
#include "server/events/events.h"
#include "server/masking/masking.h"
#include "server/rpc/server.h"

/* What it works with; all of it outlives the API. */
struct api_parts {
    struct masking *masking;
    struct events *events;
    struct carriers *carriers;
    struct readers *readers;
    struct test_clock *test_clock; /* the server's time, when all carriers are simulated */
};

struct api;

/* NULL when there is no memory or no thread. */
struct api *api_new(const struct api_parts *parts);

/* Adds all services to a server that has not started. */
bool api_add(struct api *api, struct grpc_c_server *server, struct error *error);

/* The full names of the services, for health; NULL at the end. */
const char *const *api_service_names(void);

/* After the server was stopped. NULL is fine. */
void api_free(struct api *api);

#endif
