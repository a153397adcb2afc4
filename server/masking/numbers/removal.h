/*
 * Numbers that leave their pool although sessions use them: piece by piece, other commands between.
 *
 * A number that does not leave at once is LOCKED, and its record says since when it is being removed. No session takes it from then on.
 * Who asked for the removal has the pieces follow one another; after a crash, or when that could not go on, the timers do.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_REMOVAL_H
#define MASKLINE_SERVER_MASKING_NUMBERS_REMOVAL_H

#include "server/masking/internal.h"

/* Some of the sessions that use the number go on with another one, or fail (renumber.h); when none uses it any more, it is gone. *ret_more:
 * it has not come to that. *ret_due: when something is due next in a session that changed; INT64_MAX: nothing is. */
bool removal_piece(struct masking *masking, struct rows *rows,
                   const Maskline__Store__V1__Service *service,
                   Maskline__Store__V1__PhoneNumber *number, bool *ret_more, int64_t *ret_due,
                   struct error *error);

/* A number of the Service's that is being removed. ABSENT: there is none. */
enum kv_found removal_pending(struct rows *rows, const Maskline__Store__V1__Service *service,
                              Maskline__Store__V1__PhoneNumber **ret_number, struct error *error);

#endif
