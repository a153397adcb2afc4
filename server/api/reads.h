/*
 * Reads: at once on the calling thread when they look up a row or two, else on the readers' threads.
 */
#ifndef MASKLINE_SERVER_API_READS_H
#define MASKLINE_SERVER_API_READS_H

#include "server/api/internal.h"

/* Answers the call, or returns false with an error. */
typedef bool (*read_function)(struct api *api, struct grpc_c_call *call, const void *request,
                              struct view *view, struct error *error);

void read_here(struct api *api, struct grpc_c_call *call, const void *request, read_function read);

/* The call is answered later; not at all read for, when the client has gone by then. */
void read_later(struct api *api, struct grpc_c_call *call, const void *request, read_function read);

#endif
