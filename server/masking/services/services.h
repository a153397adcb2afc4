/*
 * Services: configuration, name, life and deletion.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_SERVICES_H
#define MASKLINE_SERVER_MASKING_SERVICES_SERVICES_H

#include "server/masking/masking.h"

/* Settings that are not given have value UNSET (times) or UNSPECIFIED (enums): they stay as they are, or get the default. */
enum { SETTING_UNSET = -1 };

/* The words of a Service. */
struct keyword_setting {
    const char *word; /* 1 to 64 characters */
    Maskline__Store__V1__KeywordAction action;
    const char *language; /* may be empty */
};
struct keyword_list {
    const struct keyword_setting *words; /* at most 100 */
    size_t count;                        /* 0: those that the server knows by itself */
};
enum keyword_handling { KEYWORDS_UNSET, KEYWORDS_ON, KEYWORDS_OFF };

/* What people are told. */
struct notice_setting {
    Maskline__Store__V1__NoticeOccasion occasion;
    const char *language; /* may be empty: of any */
    const char *text;     /* at most 1,600 characters; empty: nothing is told */
};
struct notice_list {
    const struct notice_setting *notices; /* at most 100 */
    size_t count;
};

struct service_settings {
    int64_t default_ttl, cool_down, late_reply_window, max_message_life, closing_grace, quarantine,
        idle_cap, closed_session_retention, event_retention, request_retention; /* microseconds */
    int64_t requests_per_second;
    int64_t most_reserved, most_unreserved; /* numbers of the pool */
    int64_t max_body_length, max_media, max_media_url_length;
    Maskline__Store__V1__Mode default_mode;
    Maskline__Store__V1__NumberSelection number_selection;
    Maskline__Store__V1__GeoMatchLevel geo_match_level;
    Maskline__Store__V1__GeoMatching geo_matching;
    int reuse_names; /* SETTING_UNSET, or whether */
    enum keyword_handling keyword_handling;
    Maskline__Store__V1__OptOutScope opt_out_scope;
    const struct keyword_list *keywords; /* NULL: unset */
    int64_t person_cap, session_cap;     /* 0: off */
    int64_t person_cap_period;           /* microseconds */
    const struct notice_list *notices;   /* likewise */
};

/* All unset. */
struct service_settings service_settings_unset(void);
/* The design's defaults. */
struct service_settings service_settings_default(void);

typedef void (*service_done)(void *data, const Maskline__Store__V1__Service *service,
                             const struct error *error);

struct service_draft {
    const char *unique_name; /* 1 to 191 characters, not shaped like a SID */
    struct service_settings settings;
    struct request_id request;
};
void services_create(struct masking *masking, const struct service_draft *draft, service_done done,
                     void *data);

struct service_change {
    const char *service;
    const char *unique_name; /* NULL: as it is */
    struct service_settings settings;
};
void services_update(struct masking *masking, const struct service_change *change,
                     service_done done, void *data);

/* The Service is DELETING at once: nothing routes, nothing is sent, its name is free. Sessions, numbers and the rest go in pieces after
 * that, also after a crash. `done` gets the Service in state DELETING. */
void services_delete(struct masking *masking, const char *service, service_done done, void *data);

/* Reads. Results live in the arena. A deleted Service is found by its SID for as long as its log can be read. */
bool services_get(struct view *view, const struct store *store, const char *service,
                  struct arena *arena, Maskline__Store__V1__Service **ret_service,
                  struct error *error);

struct service_list {
    Maskline__Store__V1__Service **services;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
bool services_list(struct view *view, const struct store *store, const struct page *page,
                   struct arena *arena, struct service_list *ret_list, struct error *error);

#endif
