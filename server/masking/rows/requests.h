/*
 * Requests that were answered before: a repeat of a create gets the answer of the first, as it was then.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_REQUESTS_H
#define MASKLINE_SERVER_MASKING_ROWS_REQUESTS_H

#include "server/masking/internal.h"

/* How long a request id is known, unless the Service says otherwise. */
#define REQUEST_KEPT (INT64_C(24) * 3600 * 1000000)

/* Whether the client gave one. */
bool request_given(const struct request_id *request);

/* As request_seen (internal.h), of the request that makes a Service, whose scope is the tenant. */
bool request_seen_service(struct rows *rows, const struct request_id *request, bool *ret_seen,
                          sid_bytes ret_service, struct error *error);

/* The entry that a request became; in the arena. */
bool request_answer(struct rows *rows, const uint8_t *service, uint64_t position,
                    Maskline__Store__V1__Entry **ret_entry, struct error *error);

#endif
