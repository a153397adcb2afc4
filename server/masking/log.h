/*
 * A Service's log, as who reads it needs it: which one it is, and what an entry says.
 */
#ifndef MASKLINE_SERVER_MASKING_LOG_H
#define MASKLINE_SERVER_MASKING_LOG_H

#include "maskline/store/v1/entry.pb-c.h"
#include "server/masking/masking.h"

/* Of a Service that was read by this view. */
struct log_id service_log(const struct view *view, const Maskline__Store__V1__Service *service);

/* An entry's bytes as a record in the arena. False: DATA_LOSS, or the arena is full. */
bool log_entry_read(struct bytes bytes, struct arena *arena, Maskline__Store__V1__Entry **ret_entry,
                    struct error *error);

#endif
