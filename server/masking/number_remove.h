/*
 * Taking a number out of its pool, in whatever transaction.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBER_REMOVE_H
#define MASKLINE_SERVER_MASKING_NUMBER_REMOVE_H

#include "server/masking/rows.h"

/* The number goes; its claim is in quarantine until `free_time`. No active session may use it. `forced`: some failed for it. */
bool number_drop(struct rows *rows, const Maskline__Store__V1__Service *service,
                 Maskline__Store__V1__PhoneNumber *number, int64_t free_time, bool forced,
                 struct error *error);

#endif
