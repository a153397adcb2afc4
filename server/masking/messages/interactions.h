/*
 * Interactions: messages that the Service sends itself, and reading what went to and fro.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_INTERACTIONS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_INTERACTIONS_H

#include "server/masking/masking.h"

typedef void (*interaction_done)(void *data, const Maskline__Store__V1__Service *service,
                                 const Maskline__Store__V1__Interaction *interaction,
                                 const struct error *error);

struct message_draft {
    const char *service;
    const char *session;
    const char *participant; /* SID of whom it goes to, from its own proxy identifier */
    const char *sender; /* SID of who stands as the sender; empty or NULL: the Service itself */
    const char *body;   /* at most 1,600 characters */
    const Maskline__Store__V1__Media *const
        *media; /* at most 10; URLs of at most 2,048 characters */
    size_t media_count;
    int64_t max_life; /* microseconds; 0: the Service's */
    struct request_id request;
};
void interactions_send(struct masking *masking, const struct message_draft *draft,
                       interaction_done done, void *data);

struct interaction_name {
    const char *service;
    const char *session;
    const char *interaction; /* SID */
};
/* Takes out what was said, in the interaction and in the log; all else stays. What waits to be sent is canceled. A repeat changes
 * nothing. */
void interactions_redact(struct masking *masking, const struct interaction_name *name,
                         interaction_done done, void *data);
/* The same, and the interaction is gone. The answer is as it was, without content. */
void interactions_delete(struct masking *masking, const struct interaction_name *name,
                         interaction_done done, void *data);

struct interaction_result {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Interaction *interaction;
};
bool interactions_get(struct view *view, const struct store *store, const char *service,
                      const char *session, const char *interaction, struct arena *arena,
                      struct interaction_result *ret_result, struct error *error);

struct interaction_filter {
    Maskline__Store__V1__InteractionType type; /* UNSPECIFIED: all */
    uint32_t
        outbound_statuses; /* of any outbound leg, any of these: the sum of 1 << status; 0: all */
    int64_t created_from, created_to;
};
struct interaction_list {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Interaction **interactions;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
bool interactions_list(struct view *view, const struct store *store, const char *service,
                       const char *session, const struct interaction_filter *filter,
                       const struct page *page, struct arena *arena,
                       struct interaction_list *ret_list, struct error *error);

#endif
