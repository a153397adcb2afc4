/*
 * The steps that ask of the number by which something comes in: whose it is, and whether it may come by it.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_NUMBER_STEPS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_NUMBER_STEPS_H

#include "server/masking/messages/reception.h"

/* Whose number it is. What nobody owns leaves no trace: there is no log to leave it in. */
enum step step_find_owner(struct reception *r);

/* May it come by this carrier? */
enum step step_check_carrier(struct reception *r);

/* Does anything go further from here? */
enum step step_check_number(struct reception *r);

#endif
