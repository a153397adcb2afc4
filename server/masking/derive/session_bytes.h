/*
 * What a message changes in its session's row, without unpacking who is in the session: only numbers change.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_SESSION_BYTES_H
#define MASKLINE_SERVER_MASKING_DERIVE_SESSION_BYTES_H

#include "maskline/store/v1/entry.pb-c.h"
#include "proto/c/arena.h"
#include "storage/kv.h"

/* The packed session after session_apply_interaction, in the arena; all but its numbers stays as it is, also what this version does not
 * know. False: it cannot be read, or the arena is full. */
bool session_bytes_apply_interaction(struct bytes session,
                                     const Maskline__Store__V1__InteractionCreated *created,
                                     int64_t time, struct arena *arena, struct bytes *ret_session);

#endif
