#include "server/masking/services/service_settings.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/services/keyword_settings.h"
#include "server/masking/rows/requests.h"
#include "server/masking/services/rates.h"
#include "server/masking/messages/media.h"
#include "server/masking/services/notice_settings.h"

enum { CAP_MOST = 1000000000 };

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

enum { NUMBERS_MOST = 100000 };

struct service_settings service_settings_unset(void)
{
    return (struct service_settings){
        .default_ttl = SETTING_UNSET,
        .cool_down = SETTING_UNSET,
        .late_reply_window = SETTING_UNSET,
        .max_message_life = SETTING_UNSET,
        .closing_grace = SETTING_UNSET,
        .quarantine = SETTING_UNSET,
        .idle_cap = SETTING_UNSET,
        .closed_session_retention = SETTING_UNSET,
        .event_retention = SETTING_UNSET,
        .request_retention = SETTING_UNSET,
        .requests_per_second = SETTING_UNSET,
        .reuse_names = SETTING_UNSET,
        .most_reserved = SETTING_UNSET,
        .most_unreserved = SETTING_UNSET,
        .person_cap = SETTING_UNSET,
        .session_cap = SETTING_UNSET,
        .person_cap_period = SETTING_UNSET,
        .max_body_length = SETTING_UNSET,
        .max_media = SETTING_UNSET,
        .max_media_url_length = SETTING_UNSET,
    };
}

struct service_settings service_settings_default(void)
{
    return (struct service_settings){
        .default_ttl = 0,
        .cool_down = 4 * HOUR,
        .late_reply_window = 3 * HOUR,
        .max_message_life = 1 * HOUR,
        .closing_grace = 0,
        .quarantine = 7 * DAY,
        .idle_cap = 0,
        .closed_session_retention = 90 * DAY,
        .event_retention = 30 * DAY,
        .most_reserved = 5000,
        .most_unreserved = 500,
        .request_retention = REQUEST_KEPT,
        .requests_per_second = 0,
        .default_mode = MASKLINE__STORE__V1__MODE__MODE_VOICE_AND_MESSAGE,
        .number_selection = MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_PREFER_STICKY,
        .geo_match_level = MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_COUNTRY,
        .geo_matching = MASKLINE__STORE__V1__GEO_MATCHING__GEO_MATCHING_STRICT,
        .reuse_names = false,
        .keyword_handling = KEYWORDS_ON,
        .person_cap = 0,
        .session_cap = 0,
        .person_cap_period = DAY,
        .max_body_length = BODY_STANDARD,
        .max_media = MEDIA_STANDARD,
        .max_media_url_length = MEDIA_URL_MOST,
        .opt_out_scope = MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_SERVICE,
    };
}

/* The times, side by side: what a client gives, what is kept, and its bounds. */
#define SPANS(X)                                                                   \
    X(default_ttl, "session_policy.default_ttl", 0, SECONDS_MOST *SECOND)          \
    X(idle_cap, "session_policy.idle_cap", 0, SECONDS_MOST *SECOND)                \
    X(cool_down, "number_policy.cool_down", 0, 366 * DAY)                          \
    X(late_reply_window, "number_policy.late_reply_window", 0, 366 * DAY)          \
    X(quarantine, "number_policy.quarantine", 0, 366 * DAY)                        \
    X(max_message_life, "message_policy.max_life", 1, 7 * DAY)                     \
    X(closing_grace, "message_policy.closing_grace", 0, 7 * DAY)                   \
    X(closed_session_retention, "retention_policy.closed_sessions", 1, 3660 * DAY) \
    X(event_retention, "retention_policy.events", 1, 3660 * DAY)                   \
    X(request_retention, "retention_policy.request_ids", 1, 366 * DAY)             \
    X(person_cap_period, "cap_policy.person_period", 1, 366 * DAY)

/* What there may be of something. */
static void form_most(struct error *error, const char *path, int64_t most, int limit)
{
    if (most != SETTING_UNSET && (most < 1 || most > limit))
        error_field(error, path, "From 1 to %d.", limit);
}

static void form_cap(struct error *error, const char *path, int64_t cap)
{
    if (cap != SETTING_UNSET && (cap < 0 || cap > CAP_MOST))
        error_field(error, path, "It must be 0 to %d.", CAP_MOST);
}

static void take_cap(int64_t *cap, int64_t given, bool *changed)
{
    if (given == SETTING_UNSET || given == *cap)
        return;
    *cap = given;
    *changed = true;
}

void settings_form(struct error *error, const struct service_settings *settings)
{
#define CHECK(name, path, least, most)   \
    if (settings->name != SETTING_UNSET) \
        form_span(error, path, settings->name, least, most);
    SPANS(CHECK)
#undef CHECK
    if ((unsigned)settings->default_mode > MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY)
        error_field(error, "session_policy.default_mode", "This is no mode.");
    if ((unsigned)settings->number_selection >
        MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_AVOID_STICKY)
        error_field(error, "number_policy.selection_behavior", "This is no behaviour.");
    form_most(error, "number_policy.most_reserved", settings->most_reserved, NUMBERS_MOST);
    form_most(error, "number_policy.most_unreserved", settings->most_unreserved, NUMBERS_MOST);
    form_most(error, "message_policy.max_body_length", settings->max_body_length, BODY_MOST);
    form_most(error, "message_policy.max_media", settings->max_media, MEDIA_MOST);
    form_most(error, "message_policy.max_media_url_length", settings->max_media_url_length,
              MEDIA_URL_MOST);
    if ((unsigned)settings->geo_match_level >
        MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_RADIUS)
        error_field(error, "number_policy.geo_match_level", "This is no level.");
    if ((unsigned)settings->geo_matching >
        MASKLINE__STORE__V1__GEO_MATCHING__GEO_MATCHING_BEST_EFFORT)
        error_field(error, "number_policy.geo_matching", "STRICT or BEST_EFFORT.");
    form_cap(error, "cap_policy.person_interactions", settings->person_cap);
    form_cap(error, "cap_policy.session_interactions", settings->session_cap);
    keyword_settings_form(error, settings);
    notice_settings_form(error, settings);
    if (settings->requests_per_second > RATE_MOST)
        error_field(error, "rate_policy.requests_per_second", "At most %d.", RATE_MOST);
}

static bool take_most(uint32_t *most, int64_t change)
{
    if (change == SETTING_UNSET || change == *most)
        return false;
    *most = (uint32_t)change;
    return true;
}

bool settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                     const struct service_settings *change, bool *ret_changed)
{
    bool changed = false;
#define TAKE(name, path, least, most)                                      \
    if (change->name != SETTING_UNSET && change->name != settings->name) { \
        settings->name = change->name;                                     \
        changed = true;                                                    \
    }
    SPANS(TAKE)
#undef TAKE
    if (change->default_mode && change->default_mode != settings->default_mode) {
        settings->default_mode = change->default_mode;
        changed = true;
    }
    if (change->number_selection && change->number_selection != settings->number_selection) {
        settings->number_selection = change->number_selection;
        changed = true;
    }
    changed = take_most(&settings->most_reserved, change->most_reserved) || changed;
    changed = take_most(&settings->most_unreserved, change->most_unreserved) || changed;
    changed = take_most(&settings->max_body_length, change->max_body_length) || changed;
    changed = take_most(&settings->max_media, change->max_media) || changed;
    changed = take_most(&settings->max_media_url_length, change->max_media_url_length) || changed;
    if (change->geo_match_level && change->geo_match_level != settings->geo_match_level) {
        settings->geo_match_level = change->geo_match_level;
        changed = true;
    }
    if (change->geo_matching && change->geo_matching != settings->geo_matching) {
        settings->geo_matching = change->geo_matching;
        changed = true;
    }
    if (change->requests_per_second != SETTING_UNSET &&
        change->requests_per_second != settings->requests_per_second) {
        settings->requests_per_second = change->requests_per_second;
        changed = true;
    }
    if (change->reuse_names != SETTING_UNSET &&
        (change->reuse_names != 0) != settings->reuse_names) {
        settings->reuse_names = change->reuse_names != 0;
        settings->reused_names = settings->reused_names || settings->reuse_names;
        changed = true;
    }
    take_cap(&settings->person_cap, change->person_cap, &changed);
    take_cap(&settings->session_cap, change->session_cap, &changed);
    /* Of a Service that is older than caps. */
    if (!settings->person_cap_period)
        settings->person_cap_period = DAY;
    *ret_changed = changed;
    return keyword_settings_change(arena, settings, change, ret_changed) &&
           notice_settings_change(arena, settings, change, ret_changed);
}

bool settings_agree(const Maskline__Store__V1__Settings *settings, struct error *error)
{
    return settings->cool_down >= settings->max_message_life + settings->late_reply_window ||
           MUTANT("cool_down_of_any_length") || refuse(error, REFUSED_COOL_DOWN_TOO_SHORT);
}
