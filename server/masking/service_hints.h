/*
 * Hints for the timers after a change that moves the end of sessions that exist.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICE_HINTS_H
#define MASKLINE_SERVER_MASKING_SERVICE_HINTS_H

#include "server/masking/rows.h"

/* Goes through some of the Service's sessions from the key on, which moves, and gives each that has an end a hint of it. *ret_first: the
 * earliest of these; 0: there was none. False: the store cannot be read. */
bool service_hint_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                        struct key *from, int64_t *ret_first, bool *ret_more, struct error *error);

#endif
