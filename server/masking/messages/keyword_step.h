/*
 * What becomes of an inbound text that is a keyword.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_KEYWORD_STEP_H
#define MASKLINE_SERVER_MASKING_MESSAGES_KEYWORD_STEP_H

#include "server/masking/messages/inbound.h"

enum heard {
    HEARD_ON,     /* a text like others; or a keyword that is relayed all the same */
    HEARD_END,    /* it goes no further, and that is written down */
    HEARD_BROKEN, /* the decision cannot be made; the error is set */
};

/* On the writer's thread, of a text to a number of this Service from an address, which need not have a session. */
enum heard keyword_hear(struct inbound *in, struct rows *rows,
                        const Maskline__Store__V1__Service *service);

#endif
