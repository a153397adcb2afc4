/*
 * Handsets, as the API has them and as the simulator has them.
 */
#ifndef MASKLINE_SERVER_API_BEHAVIOR_H
#define MASKLINE_SERVER_API_BEHAVIOR_H

#include "maskline/v1/simulator.pb-c.h"
#include "server/api/message.h"
#include "server/carriers/simulator/simulator.h"

/* An absent behaviour is the one that gets everything. What is wrong is added to an error that was cleared before. */
struct simulator_behavior behavior_read(struct error *error,
                                        const Maskline__V1__HandsetBehavior *given);

/* Points into `handset`. */
Maskline__V1__Handset *handset_message(struct arena *arena,
                                       const struct simulator_handset *handset);

#endif
