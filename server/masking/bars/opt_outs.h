/*
 * Opt-outs: who gets no more messages from a Service, or from one of its numbers. People opt out and in by keywords; clients do it for
 * them here. An opt-out outlives sessions; it ends when it is taken back, or with its Service.
 */
#ifndef MASKLINE_SERVER_MASKING_BARS_OPT_OUTS_H
#define MASKLINE_SERVER_MASKING_BARS_OPT_OUTS_H

#include "server/masking/masking.h"

typedef void (*opt_out_done)(void *data, const Maskline__Store__V1__Service *service,
                             const Maskline__Store__V1__OptOut *opt_out, const struct error *error);

struct opt_out_name {
    const char *service;
    const char *identifier;       /* the person's number, E.164 */
    const char *proxy_identifier; /* E.164; empty: of all messages of the Service */
    struct request_id request;    /* of a create */
};

/* One that exists stays as it is, and is the answer; a request id is kept then, too, so that a repeat later makes nothing. What waits to be sent to the person is canceled. */
void opt_outs_create(struct masking *masking, const struct opt_out_name *name, opt_out_done done,
                     void *data);
/* The answer is what was taken back. */
void opt_outs_delete(struct masking *masking, const struct opt_out_name *name, opt_out_done done,
                     void *data);

struct opt_out_list {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__OptOut **opt_outs;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
/* Those of a person, or all when `identifier` is empty; in no order that means anything. */
bool opt_outs_list(struct view *view, const struct store *store, const char *service,
                   const char *identifier, const struct page *page, struct arena *arena,
                   struct opt_out_list *ret_list, struct error *error);

#endif
