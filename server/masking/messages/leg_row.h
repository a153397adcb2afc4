/*
 * Reading and changing a leg in a decision.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_LEG_ROW_H
#define MASKLINE_SERVER_MASKING_MESSAGES_LEG_ROW_H

#include "server/masking/derive/leg_bytes.h"
#include "server/masking/outbox/outbound_key.h"
#include "server/masking/rows/rows.h"

/* The leg as it stands. ABSENT: the interaction is gone, or is a notice of a Service that goes; found without a leg: it never had it. */
enum kv_found leg_row(struct rows *rows, const struct leg_id *id, struct leg_bytes *ret_leg,
                      struct error *error);

/* Writes down what the leg is now; `due_before` is its due_time before that, `metadata` what its interaction has. */
bool leg_append(struct rows *rows, const struct leg_id *id, Maskline__Store__V1__Leg *leg,
                const struct metadata *metadata, int64_t due_before, struct error *error);

#endif
