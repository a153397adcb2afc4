/*
 * What makes a create, add or send safe to repeat.
 */
#ifndef MASKLINE_SERVER_API_REQUESTS_H
#define MASKLINE_SERVER_API_REQUESTS_H

#include "server/masking/masking.h"

#include <protobuf-c/protobuf-c.h>

/* The request id of a message that has a field `request_id`, with the hash of all its other fields. `method` is the RPC's name and
 * lives as long as the result is used. False: the arena is full. */
bool request_identity(struct masking *masking, struct arena *arena, const ProtobufCMessage *request,
                      const char *method, struct request_id *ret_request, struct error *error);

#endif
