/*
 * Rates of calls: each method that names a Service asks the domain first whether it may be carried out.
 */
#ifndef MASKLINE_SERVER_API_LIMITS_H
#define MASKLINE_SERVER_API_LIMITS_H

#include "server/api/internal.h"

/* What stands between the runtime and the services. NULL when there is no memory. */
struct limits *limits_new(struct masking *masking);
/* After the server. NULL is fine. */
void limits_free(struct limits *limits);

/* As grpc_c_server_add; calls come by way of the limits. */
bool limits_add(struct limits *limits, struct grpc_c_server *server,
                const struct grpc_c_service *service, const void *implementation,
                struct error *error);

#endif
