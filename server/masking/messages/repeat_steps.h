/*
 * The steps that keep a message or call from being taken twice, and from going in circles.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_REPEAT_STEPS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_REPEAT_STEPS_H

#include "server/masking/messages/reception.h"

/* Does it come from a number of ours? */
enum step step_check_loop(struct reception *r);

/* Seen before? Then it gets the answer that it got. */
enum step step_find_repeat(struct reception *r);

#endif
