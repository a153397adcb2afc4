/*
 * StreamEvents: a log, followed.
 */
#ifndef MASKLINE_SERVER_API_EVENT_STREAM_H
#define MASKLINE_SERVER_API_EVENT_STREAM_H

#include "server/api/reads.h"

/* A read_function: finds where the stream begins, and opens it. */
bool event_stream_open(struct api *api, struct grpc_c_call *call, const void *request,
                       struct view *view, struct error *error);

#endif
