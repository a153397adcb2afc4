/*
 * grpc.health.v1.Health: what orchestrators and load balancers ask whether a service can be sent calls.
 *
 * Any thread may set a status; who watches the service is told.
 */
#ifndef MASKLINE_SERVER_RPC_HEALTH_H
#define MASKLINE_SERVER_RPC_HEALTH_H

#include "proto/c/error.h"
#include "server/rpc/server.h"

#include <stdbool.h>

struct grpc_c_health;

/* The server as a whole, whose name is "", is NOT_SERVING until something else is set; others are unknown. */
struct grpc_c_health *grpc_c_health_new(struct error *error);

/* A line of initial metadata in all its answers, say a version. Constant; before the server starts. */
void grpc_c_health_tell(struct grpc_c_health *health, const char *key, const char *value);

/* Before the server starts. The health must live as long as the server. */
bool grpc_c_health_add(struct grpc_c_health *health, struct grpc_c_server *server,
                       struct error *error);

/* `service` is a full name ("maskline.v1.Sessions") or "", and is copied. False when there is no memory to know a new one. */
bool grpc_c_health_set(struct grpc_c_health *health, const char *service, bool serving);

/* All that are known, to take a server out of service. */
void grpc_c_health_set_all(struct grpc_c_health *health, bool serving);

/* After the server was freed. NULL is fine. */
void grpc_c_health_free(struct grpc_c_health *health);

#endif
