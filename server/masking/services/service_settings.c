#include "server/masking/services/service_settings.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/media.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/requests.h"
#include "server/masking/services/keyword_settings.h"
#include "server/masking/services/notice_settings.h"
#include "server/masking/services/rates.h"
#include "server/masking/services/voice_settings.h"

/* Each of the macros below says for one kind of setting what is done; USE_x(kind, ...) chooses. */

const struct setting *service_setting(size_t place)
{
#define STANDARD_TIME(standard)   standard
#define STANDARD_COUNT(standard)  standard
#define STANDARD_CHOICE(standard) standard
#define STANDARD_SWITCH(standard) standard
#define STANDARD_TEXT(standard)   0
#define STANDARD_LIST(type)       0
#define LINE(kind, name, path, standard, least, most, wrong) \
    {path, SETTING_##kind, offsetof(struct service_settings, name), STANDARD_##kind(standard)},
    static const struct setting settings[SETTINGS] = {SERVICE_SETTINGS(LINE)};
#undef LINE
    return &settings[place];
}

struct service_settings service_settings_unset(void)
{
#define UNSET_TIME(name)                                      .name = SETTING_UNSET,
#define UNSET_COUNT(name)                                     .name = SETTING_UNSET,
#define UNSET_CHOICE(name)                                    .name = 0,
#define UNSET_SWITCH(name)                                    .name = SETTING_UNSET,
#define UNSET_TEXT(name)                                      .name = NULL,
#define UNSET_LIST(name)                                      .name = NULL,
#define UNSET(kind, name, path, standard, least, most, wrong) UNSET_##kind(name)
    return (struct service_settings){SERVICE_SETTINGS(UNSET)};
#undef UNSET
}

struct service_settings service_settings_default(void)
{
#define DEFAULT_TIME(standard)                                  standard
#define DEFAULT_COUNT(standard)                                 standard
#define DEFAULT_CHOICE(standard)                                standard
#define DEFAULT_SWITCH(standard)                                standard
#define DEFAULT_TEXT(standard)                                  standard
#define DEFAULT_LIST(type)                                      NULL
#define DEFAULT(kind, name, path, standard, least, most, wrong) .name = DEFAULT_##kind(standard),
    return (struct service_settings){PLAIN_SETTINGS(DEFAULT) FORMED_SETTINGS(DEFAULT)};
#undef DEFAULT
}

/* What a record's value stands for. */
#define HELD_TIME(value, standard, least)   ((int64_t)(value) < (least) ? (standard) : (value))
#define HELD_COUNT(value, standard, least)  HELD_TIME(value, standard, least)
#define HELD_CHOICE(value, standard, least) HELD_TIME(value, standard, least)
#define HELD_SWITCH(value, standard, least) (value)

struct service_settings service_settings_held(const Maskline__Store__V1__Settings *settings)
{
    struct service_settings held = service_settings_default();
#define HOLD(kind, name, path, standard, least, most, wrong) \
    held.name = HELD_##kind((int64_t)settings->name, standard, least);
    PLAIN_SETTINGS(HOLD)
#undef HOLD
    keyword_settings_held(settings, &held);
    voice_settings_held(settings, &held);
    return held;
}

/* ---- what a client gives ---- */

#define CHECK_TIME(name, path, least, most, wrong) \
    if (settings->name != SETTING_UNSET)           \
        form_span(error, path, settings->name, least, most);
#define CHECK_COUNT(name, path, least, most, wrong)                              \
    if (settings->name != SETTING_UNSET && outside(settings->name, least, most)) \
        error_field(error, path, wrong, (int)(most));
#define CHECK_CHOICE(name, path, least, most, wrong)                 \
    if (settings->name != 0 && outside(settings->name, least, most)) \
        error_field(error, path, wrong);
#define CHECK_SWITCH(name, path, least, most, wrong)
#define CHECK_TEXT(name, path, least, most, wrong) \
    if (settings->name)                            \
        form_text(error, path, settings->name, most);
#define CHECK_LIST(name, path, least, most, wrong)

static bool outside(int64_t value, int64_t least, int64_t most)
{
    return value < least || value > most;
}

void settings_form(struct error *error, const struct service_settings *settings)
{
#define CHECK(kind, name, path, standard, least, most, wrong) \
    CHECK_##kind(name, path, least, most, wrong)
    SERVICE_SETTINGS(CHECK)
#undef CHECK
    keyword_settings_form(error, settings);
    notice_settings_form(error, settings);
}

/* ---- the record ---- */

/* One value of a change, into the record. */
#define TAKE_TIME(name)                                                             \
    if (change->name != SETTING_UNSET && (int64_t)settings->name != change->name) { \
        settings->name = (__typeof__(settings->name))change->name;                  \
        changed = true;                                                             \
    }
#define TAKE_COUNT(name)  TAKE_TIME(name)
#define TAKE_SWITCH(name) TAKE_TIME(name)
#define TAKE_CHOICE(name)  \
    if (change->name != 0) \
    TAKE_TIME(name)

bool settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                     const struct service_settings *change, bool *ret_changed)
{
    bool changed = false;
    struct service_settings held = service_settings_held(settings);
    /* What a record has to say that is older than a setting is said now; that is no change. */
#define FILL(kind, name, path, standard, least, most, wrong) \
    settings->name = (__typeof__(settings->name))held.name;
    PLAIN_SETTINGS(FILL)
#undef FILL
#define TAKE(kind, name, path, standard, least, most, wrong) TAKE_##kind(name)
    PLAIN_SETTINGS(TAKE)
#undef TAKE
    settings->reused_names = settings->reused_names || settings->reuse_names;
    *ret_changed = changed;
    return keyword_settings_change(arena, settings, change, ret_changed) &&
           voice_settings_change(arena, settings, change, ret_changed) &&
           notice_settings_change(arena, settings, change, ret_changed);
}

bool settings_agree(const Maskline__Store__V1__Settings *settings, struct error *error)
{
    int64_t least = settings->max_message_life + settings->late_reply_window;
    if (settings->cool_down >= least || MUTANT("cool_down_of_any_length"))
        return true;
    refuse(error, REFUSED_COOL_DOWN_TOO_SHORT);
    /* As JSON has a duration. */
    error_metadata(error, "least_cool_down", "%lld.%06llds", (long long)(least / MICROSECONDS),
                   (long long)(least % MICROSECONDS));
    return false;
}
