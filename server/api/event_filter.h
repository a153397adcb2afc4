/*
 * Which events of a log pass.
 */
#ifndef MASKLINE_SERVER_API_EVENT_FILTER_H
#define MASKLINE_SERVER_API_EVENT_FILTER_H

#include "maskline/v1/events.pb-c.h"
#include "server/masking/log.h"

enum { EVENT_TYPES_MOST = 256 }; /* types are below that */

/* Zeroed, it lets all of them pass. */
struct event_filter {
    bool by_type;
    uint8_t types[EVENT_TYPES_MOST / 8]; /* a bit each */
    bool by_session;
    uint8_t session[16];
};

/* The types that a request gives. */
bool event_filter_types(struct event_filter *filter, const Maskline__V1__EventFilter *given,
                        struct error *error);

bool event_passes(const struct event_filter *filter, const Maskline__Store__V1__Entry *entry);

#endif
