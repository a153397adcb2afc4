/*
 * What tells two requests with one request_id apart.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_REQUEST_HASH_H
#define MASKLINE_SERVER_MASKING_ROWS_REQUEST_HASH_H

#include "server/masking/masking.h"

/* A keyed hash of a request's canonical encoding, for request_id.body_hash. Any thread. */
void request_hash(struct masking *masking, struct bytes encoding, uint8_t ret_hash[16]);

#endif
