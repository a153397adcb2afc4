/*
 * The steps that find for whom a message or call is: the session, who in it has sent it, and whom they reach by that number.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_ROUTE_STEPS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_ROUTE_STEPS_H

#include "server/masking/messages/reception.h"

/* Which session, and who in it? */
enum step step_find_route(struct reception *r);

/* Into the acceptance: all who are reached by that number. */
enum step step_find_partners(struct reception *r);

#endif
