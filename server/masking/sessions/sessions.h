/*
 * Sessions and their participants.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSIONS_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSIONS_H

#include "server/masking/masking.h"
#include "server/masking/sessions/metadata.h"

/* `service` is the session's Service: clients see its SID. */
typedef void (*session_done)(void *data, const Maskline__Store__V1__Service *service,
                             const Maskline__Store__V1__Session *session,
                             const struct error *error);

struct participant_draft {
    const char *const *identifiers; /* E.164, in ring order; at least one, at most 10 */
    size_t identifier_count;
    bool lenient;                 /* identifiers as people write them (proto/c/address.h) */
    const char *friendly_name;    /* at most 255 characters */
    const char *proxy_identifier; /* empty: chosen */
    const char *proxy_number_sid; /* instead of proxy_identifier */
};

struct session_draft {
    const char *service;
    const char *unique_name;        /* empty: none */
    Maskline__Store__V1__Mode mode; /* UNSPECIFIED: the Service's default */
    bool ttl_given;
    int64_t ttl;                               /* microseconds */
    int64_t expire_time;                       /* 0: none */
    Maskline__Store__V1__SessionStatus status; /* UNSPECIFIED or OPEN, IN_PROGRESS, CLOSED */
    const struct participant_draft *participants;
    size_t participant_count; /* at most 2 */
    struct metadata metadata; /* tidy */
    struct request_id request;
};
/* All or nothing, participants too. */
void sessions_create(struct masking *masking, const struct session_draft *draft, session_done done,
                     void *data);

struct session_change {
    const char *service;
    const char *session;
    bool set_ttl, ttl_given; /* set_ttl without ttl_given: back to the Service's default */
    int64_t ttl;
    bool set_expire_time;
    int64_t expire_time; /* 0: none */
    Maskline__Store__V1__SessionStatus
        status; /* UNSPECIFIED: as it is; IN_PROGRESS re-opens, CLOSED closes */
    bool
        ended_is_closed; /* with CLOSED: one that has ended already stays as it is, and that is no error */
    bool set_metadata;
    struct metadata metadata; /* tidy; all of it becomes this */
};
void sessions_update(struct masking *masking, const struct session_change *change,
                     session_done done, void *data);

/* `done` gets the session as it was last. */
void sessions_delete(struct masking *masking, const char *service, const char *session,
                     session_done done, void *data);

/* The new participant is the last in the session that `done` gets. */
struct participant_add {
    const char *service;
    const char *session;
    struct participant_draft participant;
    struct request_id request;
};
void participants_create(struct masking *masking, const struct participant_add *add,
                         session_done done, void *data);

struct participant_change {
    const char *service;
    const char *session;
    const char *participant; /* SID */
    bool set_identifiers;
    bool set_friendly_name;
    bool set_proxy; /* draft names it, or neither is given: another one is chosen */
    struct participant_draft draft;
    bool life_given;         /* else the Service's late-reply window */
    int64_t old_number_life; /* microseconds */
};
/* Another person, number or name. */
void participants_update(struct masking *masking, const struct participant_change *change,
                         session_done done, void *data);

/* Soft: the row stays with its delete_time. `done` gets the session after that. */
void participants_delete(struct masking *masking, const char *service, const char *session,
                         const char *participant, session_done done, void *data);

/* ---- reads ---- */

struct session_result {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session
        *session; /* an expired one reads as CLOSED, also before its timer ran */
};
bool sessions_get(struct view *view, const struct store *store, const char *service,
                  const char *session, struct arena *arena, struct session_result *ret_result,
                  struct error *error);

struct time_range {
    int64_t from; /* included; 0: any */
    int64_t to;   /* excluded; 0: any */
};

struct session_filter {
    uint32_t statuses; /* any of these: the sum of 1 << status; 0: all */
    Maskline__Store__V1__Mode mode;
    const char *unique_name;
    const char *identifier; /* of a participant, as E.164 */
    struct time_range created, ended, last_interaction;
};

struct session_list {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session **sessions;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
/* Oldest first. A page may be short, even empty, and yet have a token: the scan has a budget. */
bool sessions_list(struct view *view, const struct store *store, const char *service,
                   const struct session_filter *filter, const struct page *page,
                   struct arena *arena, struct session_list *ret_list, struct error *error);

/* A participant of a session, by SID. */
bool participants_find(const Maskline__Store__V1__Session *session, const char *participant,
                       const Maskline__Store__V1__Participant **ret_participant,
                       struct error *error);

#endif
