/*
 * The steps of messages alone.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_TEXT_STEPS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_TEXT_STEPS_H

#include "server/masking/messages/reception.h"

/* Keywords count whatever becomes of the text otherwise: without a session, and on numbers that are locked or in quarantine. */
enum step step_hear_keyword(struct reception *r);

/* Is it of a kind and size that is relayed? */
enum step step_check_content(struct reception *r);

/* May it go on, now that nothing else stands against it? */
enum step step_intercept(struct reception *r);

/* It is accepted: its one entry. */
enum step step_take_on(struct reception *r);

#endif
