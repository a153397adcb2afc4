/*
 * Services: configuration, name, life and deletion.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_SERVICES_H
#define MASKLINE_SERVER_MASKING_SERVICES_SERVICES_H

#include "server/masking/masking.h"
#include "server/masking/services/setting_list.h"

/* Settings that are not given are UNSET, or 0 (enums), or NULL (texts and lists): they stay as they are, or get the default. */
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

/* What makes a call one that somebody has taken, and whether it is recorded. */
enum call_acceptance { CALL_ACCEPTANCE_UNSET, CALLS_TAKE_KEY, CALLS_TAKE_PICK_UP };
enum call_recording { CALL_RECORDING_UNSET, CALLS_UNRECORDED, CALLS_RECORDED };

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

/* A member for each line of setting_list.h: microseconds, a count, an enum's value, whether; a text; or a list. */
struct service_settings {
#define MEMBER_TIME(name, type)                            int64_t name;
#define MEMBER_COUNT(name, type)                           int64_t name;
#define MEMBER_CHOICE(name, type)                          int64_t name;
#define MEMBER_SWITCH(name, type)                          int64_t name;
#define MEMBER_TEXT(name, type)                            const char *name;
#define MEMBER_LIST(name, type)                            const type *name;
#define MEMBER(kind, name, path, type, least, most, wrong) MEMBER_##kind(name, type)
    SERVICE_SETTINGS(MEMBER)
#undef MEMBER
};

/* Their order: SETTING_cool_down is the place of the cool-down. */
enum {
#define PLACE(kind, name, path, standard, least, most, wrong) SETTING_##name,
    SERVICE_SETTINGS(PLACE)
#undef PLACE
        SETTINGS
};

/* What is to be known of one. */
enum setting_kind {
    SETTING_TIME,
    SETTING_COUNT,
    SETTING_CHOICE,
    SETTING_SWITCH,
    SETTING_TEXT,
    SETTING_LIST,
};
struct setting {
    const char *path; /* "number_policy.cool_down" */
    enum setting_kind kind;
    size_t offset; /* in struct service_settings, of an int64_t; of a pointer for TEXT and LIST */
    int64_t standard; /* not of TEXT and LIST */
};
const struct setting *service_setting(size_t place);

/* All unset. */
struct service_settings service_settings_unset(void);
/* The defaults, without lists. */
struct service_settings service_settings_default(void);
/* What holds by a Service's record, whichever version wrote it; without lists. */
struct service_settings service_settings_held(const Maskline__Store__V1__Settings *settings);

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
