#include "server/api/settings.h"

#include "server/api/fields.h"
#include "server/api/keyword_settings.h"
#include "server/api/notice_settings.h"

const struct mask_path *service_mask_paths(void)
{
    static const struct mask_path paths[] = {
        {"unique_name", CHANGES_NAME},
        {"session_policy",
         CHANGES_DEFAULT_TTL | CHANGES_DEFAULT_MODE | CHANGES_IDLE_CAP | CHANGES_REUSE_NAMES},
        {"session_policy.default_ttl", CHANGES_DEFAULT_TTL},
        {"session_policy.default_mode", CHANGES_DEFAULT_MODE},
        {"session_policy.idle_cap", CHANGES_IDLE_CAP},
        {"session_policy.reuse_names", CHANGES_REUSE_NAMES},
        {"number_policy", CHANGES_SELECTION | CHANGES_COOL_DOWN | CHANGES_LATE_REPLY |
                              CHANGES_QUARANTINE | CHANGES_GEO_LEVEL | CHANGES_GEO_MATCHING |
                              CHANGES_MOST_RESERVED | CHANGES_MOST_UNRESERVED},
        {"number_policy.selection_behavior", CHANGES_SELECTION},
        {"number_policy.cool_down", CHANGES_COOL_DOWN},
        {"number_policy.late_reply_window", CHANGES_LATE_REPLY},
        {"number_policy.quarantine", CHANGES_QUARANTINE},
        {"number_policy.geo_match_level", CHANGES_GEO_LEVEL},
        {"number_policy.geo_matching", CHANGES_GEO_MATCHING},
        {"number_policy.most_reserved", CHANGES_MOST_RESERVED},
        {"number_policy.most_unreserved", CHANGES_MOST_UNRESERVED},
        {"message_policy", CHANGES_MAX_LIFE | CHANGES_CLOSING_GRACE | CHANGES_MAX_BODY |
                               CHANGES_MAX_MEDIA | CHANGES_MAX_MEDIA_URL},
        {"message_policy.max_body_length", CHANGES_MAX_BODY},
        {"message_policy.max_media", CHANGES_MAX_MEDIA},
        {"message_policy.max_media_url_length", CHANGES_MAX_MEDIA_URL},
        {"message_policy.max_life", CHANGES_MAX_LIFE},
        {"message_policy.closing_grace", CHANGES_CLOSING_GRACE},
        {"retention_policy", CHANGES_CLOSED_SESSIONS | CHANGES_EVENTS | CHANGES_REQUEST_IDS},
        {"retention_policy.closed_sessions", CHANGES_CLOSED_SESSIONS},
        {"retention_policy.events", CHANGES_EVENTS},
        {"keyword_policy", CHANGES_KEYWORD_HANDLING | CHANGES_OPT_OUT_SCOPE | CHANGES_KEYWORDS},
        {"keyword_policy.handling", CHANGES_KEYWORD_HANDLING},
        {"keyword_policy.opt_out_scope", CHANGES_OPT_OUT_SCOPE},
        {"keyword_policy.keywords", CHANGES_KEYWORDS},
        {"retention_policy.request_ids", CHANGES_REQUEST_IDS},
        {"rate_policy", CHANGES_RATE},
        {"rate_policy.requests_per_second", CHANGES_RATE},
        {"cap_policy", CHANGES_PERSON_CAP | CHANGES_PERSON_PERIOD | CHANGES_SESSION_CAP},
        {"cap_policy.person_interactions", CHANGES_PERSON_CAP},
        {"cap_policy.person_period", CHANGES_PERSON_PERIOD},
        {"cap_policy.session_interactions", CHANGES_SESSION_CAP},
        {"notice_policy", CHANGES_NOTICES},
        {"notice_policy.notices", CHANGES_NOTICES},
        {NULL, 0},
    };
    return paths;
}

/* One setting that is a duration: where it stands in the request, and in the settings. */
struct span {
    const char *path;
    uint32_t change;
    const Google__Protobuf__Duration *given;
    int64_t *setting;
    int64_t standard;
};

enum { SPANS = 11 };

static void list_spans(const struct policies *policies, struct service_settings *settings,
                       struct span spans[SPANS])
{
    struct service_settings standard = service_settings_default();
    const Maskline__V1__SessionPolicy *session = policies->session;
    const Maskline__V1__NumberPolicy *number = policies->number;
    const Maskline__V1__MessagePolicy *message = policies->message;
    const Maskline__V1__RetentionPolicy *retention = policies->retention;
    const Maskline__V1__CapPolicy *cap = policies->cap;
    const struct span all[SPANS] = {
        {"session_policy.default_ttl", CHANGES_DEFAULT_TTL, session ? session->default_ttl : NULL,
         &settings->default_ttl, standard.default_ttl},
        {"session_policy.idle_cap", CHANGES_IDLE_CAP, session ? session->idle_cap : NULL,
         &settings->idle_cap, standard.idle_cap},
        {"number_policy.cool_down", CHANGES_COOL_DOWN, number ? number->cool_down : NULL,
         &settings->cool_down, standard.cool_down},
        {"number_policy.late_reply_window", CHANGES_LATE_REPLY,
         number ? number->late_reply_window : NULL, &settings->late_reply_window,
         standard.late_reply_window},
        {"number_policy.quarantine", CHANGES_QUARANTINE, number ? number->quarantine : NULL,
         &settings->quarantine, standard.quarantine},
        {"message_policy.max_life", CHANGES_MAX_LIFE, message ? message->max_life : NULL,
         &settings->max_message_life, standard.max_message_life},
        {"message_policy.closing_grace", CHANGES_CLOSING_GRACE,
         message ? message->closing_grace : NULL, &settings->closing_grace, standard.closing_grace},
        {"retention_policy.closed_sessions", CHANGES_CLOSED_SESSIONS,
         retention ? retention->closed_sessions : NULL, &settings->closed_session_retention,
         standard.closed_session_retention},
        {"retention_policy.events", CHANGES_EVENTS, retention ? retention->events : NULL,
         &settings->event_retention, standard.event_retention},
        {"retention_policy.request_ids", CHANGES_REQUEST_IDS,
         retention ? retention->request_ids : NULL, &settings->request_retention,
         standard.request_retention},
        {"cap_policy.person_period", CHANGES_PERSON_PERIOD, cap ? cap->person_period : NULL,
         &settings->person_cap_period, standard.person_cap_period},
    };
    for (size_t i = 0; i < SPANS; i++)
        spans[i] = all[i];
}

uint32_t policies_set(const struct policies *policies)
{
    struct service_settings ignored;
    struct span spans[SPANS];
    list_spans(policies, &ignored, spans);
    uint32_t set = 0;
    for (size_t i = 0; i < SPANS; i++)
        if (spans[i].given)
            set |= spans[i].change;
    if (policies->session && policies->session->default_mode != 0)
        set |= CHANGES_DEFAULT_MODE;
    if (policies->number && policies->number->selection_behavior != 0)
        set |= CHANGES_SELECTION;
    if (policies->number && policies->number->geo_match_level != 0)
        set |= CHANGES_GEO_LEVEL;
    if (policies->number && policies->number->geo_matching != 0)
        set |= CHANGES_GEO_MATCHING;
    if (policies->number && policies->number->most_reserved != 0)
        set |= CHANGES_MOST_RESERVED;
    if (policies->number && policies->number->most_unreserved != 0)
        set |= CHANGES_MOST_UNRESERVED;
    if (policies->session && policies->session->reuse_names)
        set |= CHANGES_REUSE_NAMES;
    if (policies->rate && policies->rate->requests_per_second > 0)
        set |= CHANGES_RATE;
    if (policies->cap && policies->cap->person_interactions)
        set |= CHANGES_PERSON_CAP;
    if (policies->cap && policies->cap->session_interactions)
        set |= CHANGES_SESSION_CAP;
    if (policies->message && policies->message->max_body_length)
        set |= CHANGES_MAX_BODY;
    if (policies->message && policies->message->max_media)
        set |= CHANGES_MAX_MEDIA;
    if (policies->message && policies->message->max_media_url_length)
        set |= CHANGES_MAX_MEDIA_URL;
    if (policies->notice && policies->notice->n_notices)
        set |= CHANGES_NOTICES;
    return set | keyword_policy_set(policies->keyword);
}

static void read_enums(struct error *error, const struct policies *policies, uint32_t changes,
                       struct service_settings *settings)
{
    struct service_settings standard = service_settings_default();
    int mode = policies->session ? (int)policies->session->default_mode : 0;
    int selection = policies->number ? (int)policies->number->selection_behavior : 0;
    field_enum(error, "session_policy.default_mode", &maskline__v1__session_mode__descriptor, mode);
    field_enum(error, "number_policy.selection_behavior",
               &maskline__v1__number_selection_behavior__descriptor, selection);
    if (changes & CHANGES_DEFAULT_MODE)
        settings->default_mode =
            mode == 0 ? standard.default_mode : (Maskline__Store__V1__Mode)mode;
    if (changes & CHANGES_SELECTION)
        settings->number_selection = selection == 0
                                         ? standard.number_selection
                                         : (Maskline__Store__V1__NumberSelection)selection;
}

/* One name of a level for each. */
static Maskline__Store__V1__GeoMatchLevel geo_level(int level)
{
    return level == MASKLINE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_EXTENDED_AREA_CODE
               ? MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_OVERLAY
               : (Maskline__Store__V1__GeoMatchLevel)level;
}

static void read_geo(struct error *error, const Maskline__V1__NumberPolicy *number,
                     uint32_t changes, struct service_settings *settings)
{
    struct service_settings standard = service_settings_default();
    int level = number ? (int)number->geo_match_level : 0;
    int matching = number ? (int)number->geo_matching : 0;
    field_enum(error, "number_policy.geo_match_level", &maskline__v1__geo_match_level__descriptor,
               level);
    field_enum(error, "number_policy.geo_matching", &maskline__v1__geo_matching__descriptor,
               matching);
    if (changes & CHANGES_GEO_LEVEL)
        settings->geo_match_level = level == 0 ? standard.geo_match_level : geo_level(level);
    if (changes & CHANGES_GEO_MATCHING)
        settings->geo_matching =
            matching == 0 ? standard.geo_matching : (Maskline__Store__V1__GeoMatching)matching;
}

static void read_mosts(const Maskline__V1__NumberPolicy *number, uint32_t changes,
                       struct service_settings *settings)
{
    struct service_settings standard = service_settings_default();
    uint32_t reserved = number ? number->most_reserved : 0;
    uint32_t unreserved = number ? number->most_unreserved : 0;
    if (changes & CHANGES_MOST_RESERVED)
        settings->most_reserved = reserved ? reserved : standard.most_reserved;
    if (changes & CHANGES_MOST_UNRESERVED)
        settings->most_unreserved = unreserved ? unreserved : standard.most_unreserved;
}

static void read_sizes(const Maskline__V1__MessagePolicy *message, uint32_t changes,
                       struct service_settings *settings)
{
    struct service_settings standard = service_settings_default();
    uint32_t body = message ? message->max_body_length : 0;
    uint32_t media = message ? message->max_media : 0;
    uint32_t url = message ? message->max_media_url_length : 0;
    if (changes & CHANGES_MAX_BODY)
        settings->max_body_length = body ? body : standard.max_body_length;
    if (changes & CHANGES_MAX_MEDIA)
        settings->max_media = media ? media : standard.max_media;
    if (changes & CHANGES_MAX_MEDIA_URL)
        settings->max_media_url_length = url ? url : standard.max_media_url_length;
}

struct service_settings settings_read(struct error *error, struct arena *arena,
                                      const struct policies *policies, uint32_t changes)
{
    struct service_settings settings = service_settings_unset();
    struct span spans[SPANS];
    list_spans(policies, &settings, spans);
    for (size_t i = 0; i < SPANS; i++) {
        int64_t us = spans[i].standard;
        field_duration(error, spans[i].path, spans[i].given, &us);
        if (changes & spans[i].change)
            *spans[i].setting = us;
    }
    read_enums(error, policies, changes, &settings);
    read_geo(error, policies->number, changes, &settings);
    if (changes & CHANGES_RATE)
        settings.requests_per_second = policies->rate ? policies->rate->requests_per_second : 0;
    if (changes & CHANGES_REUSE_NAMES)
        settings.reuse_names = policies->session && policies->session->reuse_names;
    keyword_policy_read(error, arena, policies->keyword, changes, &settings);
    read_mosts(policies->number, changes, &settings);
    read_sizes(policies->message, changes, &settings);
    notice_policy_read(arena, policies->notice, changes, &settings);
    const Maskline__V1__CapPolicy *cap = policies->cap;
    if (changes & CHANGES_PERSON_CAP)
        settings.person_cap = cap ? cap->person_interactions : 0;
    if (changes & CHANGES_SESSION_CAP)
        settings.session_cap = cap ? cap->session_interactions : 0;
    return settings;
}
