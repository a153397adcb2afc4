/*
 * Where in a log a request begins.
 */
#ifndef MASKLINE_SERVER_API_EVENT_START_H
#define MASKLINE_SERVER_API_EVENT_START_H

#include "server/api/event_filter.h"
#include "server/api/internal.h"

enum event_place { AFTER_POSITION, FROM_OLDEST, FROM_NOW };

struct event_request {
    const char *service;
    const Maskline__V1__EventFilter *filter; /* may be NULL */
    enum event_place place;
    uint64_t after; /* AFTER_POSITION */
};

struct event_start {
    uint8_t service[16];
    struct log_id log;
    struct event_filter filter;
    uint64_t after;
    bool ended; /* the log will not grow any more: `last` is its end */
    uint64_t last;
};

/* False: what is wrong with the request, NOT_FOUND, or OUT_OF_RANGE. */
bool event_start_find(struct api *api, struct view *view, const struct event_request *request,
                      struct arena *arena, struct event_start *ret_start, struct error *error);

#endif
