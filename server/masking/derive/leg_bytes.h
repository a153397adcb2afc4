/*
 * One leg of an interaction's row, without unpacking the rest: attempts and receipts change a leg, and nothing else of what may be
 * a long message.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_LEG_BYTES_H
#define MASKLINE_SERVER_MASKING_DERIVE_LEG_BYTES_H

#include "maskline/store/v1/records.pb-c.h"
#include "proto/c/arena.h"
#include "server/masking/sessions/metadata.h"
#include "storage/kv.h"

struct leg_bytes {
    Maskline__Store__V1__Leg
        *leg;                 /* in the arena; NULL: the interaction has no such outbound leg */
    int64_t expire_time;      /* the interaction's */
    struct metadata metadata; /* its session's; in the arena */
};

/* Reads an outbound leg of a packed interaction. False: it cannot be read, or the arena is full. */
bool leg_bytes_read(struct bytes interaction, uint32_t index, struct arena *arena,
                    struct leg_bytes *ret_leg);

/* The interaction with this packed leg in the place of the one with that index, in the arena; all else stays as it is, also what this
 * version does not know. False: it cannot be read, has no such leg, or the arena is full. */
bool leg_bytes_replace(struct bytes interaction, uint32_t index, struct bytes leg,
                       int64_t update_time, struct arena *arena, struct bytes *ret_interaction);

#endif
