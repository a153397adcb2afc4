/*
 * Entries of a log out of the store. For the event module alone.
 */
#ifndef MASKLINE_SERVER_EVENTS_READ_H
#define MASKLINE_SERVER_EVENTS_READ_H

#include "server/events/events.h"

/* As events_page. */
bool events_read(struct store *store, struct pipeline *pipeline, const struct log_id *log,
                 uint64_t after, size_t count, struct arena *arena, struct log_page *ret_page,
                 struct error *error);

#endif
