/*
 * Sessions.BatchSessions: many sessions over one stream.
 */
#ifndef MASKLINE_SERVER_API_SESSION_BATCH_H
#define MASKLINE_SERVER_API_SESSION_BATCH_H

struct grpc_c_call;

/* The RPC's handler; `data` is the struct api. */
void session_batch(void *data, struct grpc_c_call *call);

#endif
