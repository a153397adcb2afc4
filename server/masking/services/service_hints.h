/*
 * Hints for the timers after a change that moves the end of sessions that exist.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_SERVICE_HINTS_H
#define MASKLINE_SERVER_MASKING_SERVICES_SERVICE_HINTS_H

#include "server/masking/rows/rows.h"

/* Goes through some of the Service's sessions from the key on, which moves, and gives each that has an end a hint of it. *ret_first: the
 * earliest of these; 0: there was none. False: the store cannot be read. */
bool service_hint_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                        struct key *from, int64_t *ret_first, bool *ret_more, struct error *error);

/* Closes sessions that have ended by themselves and that nobody noticed, as the Service's settings are now: a change does not tell their
 * end differently, and does not bring them back. *ret_more: there are others. *ret_purge: when the first of them is purged; 0: there was
 * none. */
bool service_close_ended(struct rows *rows, const Maskline__Store__V1__Service *service,
                         bool *ret_more, int64_t *ret_purge, struct error *error);

#endif
