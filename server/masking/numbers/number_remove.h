/*
 * Taking a number out of its pool, in whatever transaction.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_REMOVE_H
#define MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_REMOVE_H

#include "server/masking/rows/rows.h"

/* How long a number that leaves a Service is kept from others: from other tenants for the quarantine, which is never shorter
 * than the cool-down; from other Services of its tenant for the cool-down, since their pools do not know whom it stood for. */
struct number_rest {
    int64_t free_time;
    int64_t rest_time;
};
struct number_rest number_rest(const Maskline__Store__V1__Service *service, int64_t since);

/* The number goes; its quarantine counts from `since`. No active session may use it. `forced`: some failed for it. */
bool number_drop(struct rows *rows, const Maskline__Store__V1__Service *service,
                 Maskline__Store__V1__PhoneNumber *number, int64_t since, bool forced,
                 struct error *error);

#endif
