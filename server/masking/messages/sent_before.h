/*
 * What a request with an id was answered that made an interaction: the entry that it became.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_SENT_BEFORE_H
#define MASKLINE_SERVER_MASKING_MESSAGES_SENT_BEFORE_H

#include "server/masking/internal.h"

/* The interaction of the entry at this position of the Service's log, as it was made. False: REQUEST_ANSWER_GONE, or it cannot be read. */
bool sent_before(struct rows *rows, const Maskline__Store__V1__Service *service, uint64_t position,
                 Maskline__Store__V1__Interaction **ret_interaction, struct error *error);

#endif
