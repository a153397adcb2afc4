/*
 * A Service's policies, as requests have them, and as the domain's settings.
 */
#ifndef MASKLINE_SERVER_API_SETTINGS_H
#define MASKLINE_SERVER_API_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/masks.h"
#include "server/masking/services/services.h"

/* Each may be NULL. */
struct policies {
    const Maskline__V1__SessionPolicy *session;
    const Maskline__V1__NumberPolicy *number;
    const Maskline__V1__MessagePolicy *message;
    const Maskline__V1__RetentionPolicy *retention;
    const Maskline__V1__KeywordPolicy *keyword;
    const Maskline__V1__RatePolicy *rate;
    const Maskline__V1__NoticePolicy *notice;
    const Maskline__V1__CapPolicy *cap;
};

/* Bits of a Service's changes. */
enum {
    CHANGES_NAME = 1 << 0,
    CHANGES_DEFAULT_TTL = 1 << 1,
    CHANGES_DEFAULT_MODE = 1 << 2,
    CHANGES_IDLE_CAP = 1 << 3,
    CHANGES_REUSE_NAMES = 1 << 4,
    CHANGES_SELECTION = 1 << 5,
    CHANGES_COOL_DOWN = 1 << 6,
    CHANGES_LATE_REPLY = 1 << 7,
    CHANGES_QUARANTINE = 1 << 8,
    CHANGES_GEO_LEVEL = 1 << 9,
    CHANGES_GEO_MATCHING = 1 << 10,
    CHANGES_MOST_RESERVED = 1 << 11,
    CHANGES_MOST_UNRESERVED = 1 << 12,
    CHANGES_MAX_LIFE = 1 << 13,
    CHANGES_CLOSING_GRACE = 1 << 14,
    CHANGES_CLOSED_SESSIONS = 1 << 15,
    CHANGES_EVENTS = 1 << 16,
    CHANGES_REQUEST_IDS = 1 << 17,
    CHANGES_KEYWORD_HANDLING = 1 << 18,
    CHANGES_OPT_OUT_SCOPE = 1 << 19,
    CHANGES_KEYWORDS = 1 << 20,
    CHANGES_RATE = 1 << 21,
    CHANGES_NOTICES = 1 << 22,
    CHANGES_PERSON_CAP = 1 << 23,
    CHANGES_PERSON_PERIOD = 1 << 24,
    CHANGES_SESSION_CAP = 1 << 25,
    CHANGES_MAX_BODY = 1 << 26,
    CHANGES_MAX_MEDIA = 1 << 27,
    CHANGES_MAX_MEDIA_URL = 1 << 28,
};

/* For mask_changes. */
const struct mask_path *service_mask_paths(void);

/* The changes of the fields that are set. */
uint32_t policies_set(const struct policies *policies);

/* The settings that change: what is absent has its default then. The others are unset. Bad values are added to an error that
 * was cleared before. Lists are kept in the arena. */
struct service_settings settings_read(struct error *error, struct arena *arena,
                                      const struct policies *policies, uint32_t changes);

#endif
