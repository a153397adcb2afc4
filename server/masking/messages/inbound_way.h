/*
 * The way of an inbound message or call through the steps, in their order.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_WAY_H
#define MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_WAY_H

#include "server/masking/messages/inbound.h"

/* On the writer's thread: the way of one message or call, up to its one entry. False when the decision cannot be made; `error` says why. */
bool inbound_decide(struct inbound *inbound, struct txn *txn);

/* On the calling thread: reads what the writer will read. */
void inbound_prefetch(struct inbound *inbound, struct view *view);

#endif
