/*
 * The key of an outbound message: what a carrier knows it by, and what its receipts name.
 *
 * It says in plain where the leg is, so that a receipt finds it by its key alone, and carries a keyed hash over that and the carrier's
 * name: a carrier cannot name what it was not given. It stays the same over all attempts by one carrier.
 */
#ifndef MASKLINE_SERVER_MASKING_OUTBOX_OUTBOUND_KEY_H
#define MASKLINE_SERVER_MASKING_OUTBOX_OUTBOUND_KEY_H

#include "server/masking/ingress.h"
#include "storage/keys.h"

struct leg_id {
    struct log_id log;
    sid_bytes session;
    sid_bytes interaction;
    uint32_t leg; /* below 65,536 */
};

void outbound_key_write(const struct leg_id *id, const uint8_t *hash_key, const char *carrier,
                        char ret_key[OUTBOUND_KEY_SIZE]);

/* Where a key points to. False when it is none. Says nothing of who was given it. */
bool outbound_key_read(const char *key, struct leg_id *ret_id);

/* Whether this key was made for this carrier. */
bool outbound_key_given(const char *key, const uint8_t *hash_key, const char *carrier);

#endif
