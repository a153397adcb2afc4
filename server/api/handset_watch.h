/*
 * WatchHandset: what a simulated phone gets.
 */
#ifndef MASKLINE_SERVER_API_HANDSET_WATCH_H
#define MASKLINE_SERVER_API_HANDSET_WATCH_H

#include "server/api/internal.h"
#include "server/carriers/simulator/simulator.h"

/* Opens the stream, or fails the call. */
void handset_watch_open(struct simulator *simulator, struct grpc_c_call *call,
                        const Maskline__V1__WatchHandsetRequest *request);

#endif
