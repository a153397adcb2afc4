/*
 * What becomes of a message or call that the guards refuse (guards.h).
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_GUARD_STEP_H
#define MASKLINE_SERVER_MASKING_MESSAGES_GUARD_STEP_H

#include "server/masking/messages/reception.h"

/* The way ends where they refuse; but what is only canceled goes on, with the reason in the acceptance: its row is kept. */
enum step step_ask_guards(struct reception *r);

#endif
