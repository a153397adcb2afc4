#include "server/api/settings.h"

#include "server/api/fields.h"
#include "server/api/keyword_settings.h"
#include "server/api/message.h"
#include "server/api/notice_settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

_Static_assert(SETTINGS < 64, "changes are bits of 64");

const struct mask_path *service_mask_paths(void)
{
#define PATH(kind, name, path, standard, least, most, wrong) {path, SETTING_CHANGE(name)},
    static const struct mask_path paths[] = {{"unique_name", CHANGE_OF_NAME},
                                             SERVICE_SETTINGS(PATH){NULL, 0}};
#undef PATH
    return paths;
}

/* ---- fields by their paths ---- */

enum { POLICY_NAME_SIZE = 64 };

/* Where the field of a setting is: a field of a policy, which is a field of the message. */
struct place {
    const ProtobufCFieldDescriptor *policy, *field;
};

static struct place place_of(const ProtobufCMessageDescriptor *message,
                             const struct setting *setting)
{
    char name[POLICY_NAME_SIZE];
    size_t size = strcspn(setting->path, ".");
    assert(setting->path[size] == '.' && size < sizeof name);
    snprintf(name, sizeof name, "%.*s", (int)size, setting->path);
    struct place place = {protobuf_c_message_descriptor_get_field_by_name(message, name), NULL};
    assert(place.policy && place.policy->type == PROTOBUF_C_TYPE_MESSAGE);
    place.field = protobuf_c_message_descriptor_get_field_by_name(place.policy->descriptor,
                                                                  setting->path + size + 1);
    assert(place.field);
    return place;
}

static ProtobufCMessage **policy_at(ProtobufCMessage *message, struct place place)
{
    return (ProtobufCMessage **)(void *)((char *)message + place.policy->offset);
}

static void *value_at(ProtobufCMessage *policy, struct place place)
{
    return (char *)policy + place.field->offset;
}

/* What a request has in the field: NULL if not even the policy is there. */
static const void *given_at(const ProtobufCMessage *request, struct place place)
{
    const char *policy =
        *(const char *const *)(const void *)((const char *)request + place.policy->offset);
    return policy ? policy + place.field->offset : NULL;
}

/* ---- from requests ---- */

static const Google__Protobuf__Duration *duration_in(const void *given)
{
    return given ? *(const Google__Protobuf__Duration *const *)given : NULL;
}

static const char *text_in(const void *given)
{
    return given ? *(const char *const *)given : "";
}

static bool is_set(const ProtobufCMessage *request, const struct setting *setting)
{
    struct place place = place_of(request->descriptor, setting);
    const void *given = given_at(request, place);
    if (!given)
        return false;
    switch (setting->kind) {
    case SETTING_TIME:
        return duration_in(given) != NULL;
    case SETTING_COUNT:
        return *(const uint32_t *)given != 0;
    case SETTING_CHOICE:
        return *(const int *)given != 0;
    case SETTING_SWITCH:
        return *(const protobuf_c_boolean *)given;
    case SETTING_TEXT:
        return *text_in(given) != '\0';
    case SETTING_LIST:
        return *(const size_t *)(const void *)((const char *)given - place.field->offset +
                                               place.field->quantifier_offset) != 0;
    }
    return false;
}

uint64_t settings_set(const ProtobufCMessage *request)
{
    uint64_t set = 0;
    for (size_t i = 0; i < SETTINGS; i++)
        if (is_set(request, service_setting(i)))
            set |= UINT64_C(1) << i;
    return set;
}

/* What is given, or the default. */
static int64_t read_one(struct error *error, const ProtobufCMessage *request,
                        const struct setting *setting)
{
    struct place place = place_of(request->descriptor, setting);
    const void *given = given_at(request, place);
    int64_t value = 0;
    switch (setting->kind) {
    case SETTING_TIME:
        value = setting->standard;
        field_duration(error, setting->path, duration_in(given), &value);
        return value;
    case SETTING_COUNT:
        value = given ? *(const uint32_t *)given : 0;
        break;
    case SETTING_CHOICE:
        value = given ? *(const int *)given : 0;
        field_enum(error, setting->path, place.field->descriptor, (int)value);
        break;
    case SETTING_SWITCH:
        return given && *(const protobuf_c_boolean *)given;
    case SETTING_TEXT:
    case SETTING_LIST:
        break;
    }
    return value ? value : setting->standard;
}

static int64_t *member_of(struct service_settings *settings, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)settings + setting->offset);
}

static const char **text_of(struct service_settings *settings, const struct setting *setting)
{
    return (const char **)(void *)((char *)settings + setting->offset);
}

static const void *policy_given(const ProtobufCMessage *request, size_t list)
{
    struct place place = place_of(request->descriptor, service_setting(list));
    return *(const void *const *)(const void *)((const char *)request + place.policy->offset);
}

struct service_settings settings_read(struct error *error, struct arena *arena,
                                      const ProtobufCMessage *request, uint64_t changes)
{
    struct service_settings settings = service_settings_unset();
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *setting = service_setting(i);
        if (setting->kind == SETTING_LIST)
            continue;
        if (setting->kind == SETTING_TEXT) {
            if (changes & (UINT64_C(1) << i))
                *text_of(&settings, setting) =
                    text_in(given_at(request, place_of(request->descriptor, setting)));
            continue;
        }
        int64_t value = read_one(error, request, setting);
        if (changes & (UINT64_C(1) << i))
            *member_of(&settings, setting) = value;
    }
    /* One name of a level for each. */
    if (settings.geo_match_level ==
        MASKLINE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_EXTENDED_AREA_CODE)
        settings.geo_match_level = MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_OVERLAY;
    if (changes & SETTING_CHANGE(keywords))
        settings.keywords = keywords_read(arena, policy_given(request, SETTING_keywords));
    if (changes & SETTING_CHANGE(notices))
        settings.notices = notices_read(arena, policy_given(request, SETTING_notices));
    return settings;
}

/* ---- to answers ---- */

static void show_one(struct arena *arena, ProtobufCMessage *service, const struct setting *setting,
                     struct service_settings *held)
{
    struct place place = place_of(service->descriptor, setting);
    ProtobufCMessage **policy = policy_at(service, place);
    if (!*policy)
        *policy = message_new(arena, place.policy->descriptor);
    if (!*policy)
        return; /* the call has no memory left, and will fail by that */
    void *at = value_at(*policy, place);
    switch (setting->kind) {
    case SETTING_TIME:
        *(Google__Protobuf__Duration **)at = duration_new(arena, *member_of(held, setting));
        break;
    case SETTING_COUNT:
        *(uint32_t *)at = (uint32_t)*member_of(held, setting);
        break;
    case SETTING_CHOICE:
        *(int *)at = (int)*member_of(held, setting);
        break;
    case SETTING_SWITCH:
        *(protobuf_c_boolean *)at = *member_of(held, setting) != 0;
        break;
    case SETTING_TEXT:
        *(char **)at = message_text(*text_of(held, setting));
        break;
    case SETTING_LIST:
        break;
    }
}

void settings_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                   Maskline__V1__Service *service)
{
    struct service_settings held = service_settings_held(settings);
    for (size_t i = 0; i < SETTINGS; i++)
        show_one(arena, &service->base, service_setting(i), &held);
    if (service->keyword_policy)
        keywords_show(arena, settings, service->keyword_policy);
    if (service->notice_policy)
        notices_show(arena, settings, service->notice_policy);
}
