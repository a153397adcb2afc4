/*
 * Naming, reading and changing a call in a decision.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_ROW_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_ROW_H

#include "server/masking/calls/call_legs.h"
#include "server/masking/internal.h"

struct call_id {
    struct log_id log;
    sid_bytes session;
    sid_bytes interaction;
};

/* The key that a carrier has of it: made for that carrier alone (outbox/outbound_key.h). */
void call_key_write(const struct call_id *id, const uint8_t *hash_key, const char *carrier,
                    char ret_key[CALL_KEY_SIZE]);
/* False: it is the key of no call. */
bool call_key_read(const char *key, struct call_id *ret_id);

/* ABSENT: it is gone, or was never a call. */
enum kv_found call_row(struct rows *rows, const struct call_id *id, struct call_sides *ret_sides,
                       struct error *error);

/* Writes down what the call is now. `due_before`: its due_time before that; `ends`: it lived before, and has ended by this. */
bool call_append(struct rows *rows, const uint8_t *service, struct call_sides *sides,
                 int64_t due_before, bool ends, struct error *error);

/* Its carrier carries a call no more of which nothing is left to do but what a row in the timers' index says: that goes. `likely`: when
 * that row is mostly due, so that it is found at once; 0: nobody knows. */
bool call_row_forget(struct rows *rows, const struct call_id *id, int64_t likely,
                     struct error *error);

#endif
