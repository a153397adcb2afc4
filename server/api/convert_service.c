#include "server/api/convert.h"
#include "server/api/keyword_settings.h"
#include "server/api/notice_settings.h"
#include "server/masking/messages/media.h"
#include "server/masking/services/services.h"

static Maskline__V1__SessionPolicy *session_policy(struct arena *arena,
                                                   const Maskline__Store__V1__Settings *settings)
{
    Maskline__V1__SessionPolicy *policy =
        message_new(arena, &maskline__v1__session_policy__descriptor);
    if (!policy)
        return NULL;
    policy->default_ttl = duration_new(arena, settings->default_ttl);
    policy->default_mode = (Maskline__V1__SessionMode)settings->default_mode;
    policy->idle_cap = duration_new(arena, settings->idle_cap);
    policy->reuse_names = settings->reuse_names;
    return policy;
}

static Maskline__V1__NumberPolicy *number_policy(struct arena *arena,
                                                 const Maskline__Store__V1__Settings *settings)
{
    Maskline__V1__NumberPolicy *policy =
        message_new(arena, &maskline__v1__number_policy__descriptor);
    if (!policy)
        return NULL;
    policy->selection_behavior = (Maskline__V1__NumberSelectionBehavior)settings->number_selection;
    policy->cool_down = duration_new(arena, settings->cool_down);
    policy->late_reply_window = duration_new(arena, settings->late_reply_window);
    policy->quarantine = duration_new(arena, settings->quarantine);
    /* Services that are older than these settings have none. */
    policy->geo_match_level = settings->geo_match_level
                                  ? (Maskline__V1__GeoMatchLevel)settings->geo_match_level
                                  : MASKLINE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_COUNTRY;
    policy->geo_matching = settings->geo_matching
                               ? (Maskline__V1__GeoMatching)settings->geo_matching
                               : MASKLINE__V1__GEO_MATCHING__GEO_MATCHING_STRICT;
    struct service_settings standard = service_settings_default();
    policy->most_reserved =
        settings->most_reserved ? settings->most_reserved : (uint32_t)standard.most_reserved;
    policy->most_unreserved =
        settings->most_unreserved ? settings->most_unreserved : (uint32_t)standard.most_unreserved;
    return policy;
}

static Maskline__V1__MessagePolicy *message_policy(struct arena *arena,
                                                   const Maskline__Store__V1__Settings *settings)
{
    Maskline__V1__MessagePolicy *policy =
        message_new(arena, &maskline__v1__message_policy__descriptor);
    if (!policy)
        return NULL;
    policy->max_life = duration_new(arena, settings->max_message_life);
    policy->closing_grace = duration_new(arena, settings->closing_grace);
    struct message_limits most = message_limits(settings);
    policy->max_body_length = (uint32_t)most.body;
    policy->max_media = (uint32_t)most.media;
    policy->max_media_url_length = (uint32_t)most.media_url;
    return policy;
}

static Maskline__V1__RetentionPolicy *retention_policy(
    struct arena *arena, const Maskline__Store__V1__Settings *settings)
{
    Maskline__V1__RetentionPolicy *policy =
        message_new(arena, &maskline__v1__retention_policy__descriptor);
    if (!policy)
        return NULL;
    policy->closed_sessions = duration_new(arena, settings->closed_session_retention);
    policy->events = duration_new(arena, settings->event_retention);
    policy->request_ids = duration_new(arena, settings->request_retention
                                                  ? settings->request_retention
                                                  : service_settings_default().request_retention);
    return policy;
}

static Maskline__V1__CapPolicy *cap_policy(struct arena *arena,
                                           const Maskline__Store__V1__Settings *settings)
{
    Maskline__V1__CapPolicy *policy = message_new(arena, &maskline__v1__cap_policy__descriptor);
    if (!policy)
        return NULL;
    policy->person_interactions = (uint32_t)settings->person_cap;
    /* A Service that is older than caps has none. */
    int64_t period = settings->person_cap_period;
    policy->person_period =
        duration_new(arena, period ? period : service_settings_default().person_cap_period);
    policy->session_interactions = (uint32_t)settings->session_cap;
    return policy;
}

Maskline__V1__Service *service_message(struct arena *arena,
                                       const Maskline__Store__V1__Service *service)
{
    Maskline__V1__Service *message = message_new(arena, &maskline__v1__service__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KS", service->sid);
    message->unique_name = service->unique_name;
    message->state = (Maskline__V1__ServiceState)service->state;
    message->create_time = message_time(arena, service->create_time);
    message->update_time = message_time(arena, service->update_time);
    message->delete_time = message_time(arena, service->delete_time);
    if (!service->settings)
        return message;
    message->session_policy = session_policy(arena, service->settings);
    message->number_policy = number_policy(arena, service->settings);
    message->message_policy = message_policy(arena, service->settings);
    message->retention_policy = retention_policy(arena, service->settings);
    message->keyword_policy = keyword_policy_message(arena, service->settings);
    message->rate_policy = message_new(arena, &maskline__v1__rate_policy__descriptor);
    if (message->rate_policy)
        message->rate_policy->requests_per_second =
            (uint32_t)service->settings->requests_per_second;
    message->notice_policy = notice_policy_message(arena, service->settings);
    message->cap_policy = cap_policy(arena, service->settings);
    return message;
}
