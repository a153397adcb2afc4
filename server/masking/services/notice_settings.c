#include "server/masking/services/notice_settings.h"

#include "server/masking/messages/accept.h"
#include "server/masking/messages/keywords.h"
#include "server/masking/messages/notices.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/media.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_there(const struct notice_list *list, size_t count,
                     const struct notice_setting *notice)
{
    for (size_t i = 0; i < count; i++)
        if (list->notices[i].occasion == notice->occasion &&
            !strcasecmp(list->notices[i].language, notice->language))
            return true;
    return false;
}

void notice_settings_form(struct error *error, const struct service_settings *settings)
{
    const struct notice_list *list = settings->notices;
    if (!list)
        return;
    if (list->count > NOTICES_MOST) {
        error_field(error, "notice_policy.notices", "At most %d notices.", NOTICES_MOST);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct notice_setting *notice = &list->notices[i];
        char path[64];
        snprintf(path, sizeof path, "notice_policy.notices[%zu].occasion", i);
        if (notice->occasion < NOTICE(OPT_OUT) || notice->occasion > NOTICE(NUMBER_UNAVAILABLE))
            error_field(error, path, "It is needed, and this is none.");
        else if (is_there(list, i, notice))
            error_field(error, path, "There is one for it in this language already.");
        snprintf(path, sizeof path, "notice_policy.notices[%zu].language", i);
        form_text(error, path, notice->language, LANGUAGE_MOST);
        snprintf(path, sizeof path, "notice_policy.notices[%zu].text", i);
        form_text(error, path, notice->text, BODY_STANDARD);
    }
}

static bool same(const Maskline__Store__V1__Settings *settings, const struct notice_list *list)
{
    if (settings->n_notices != list->count)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const Maskline__Store__V1__Notice *stored = settings->notices[i];
        const struct notice_setting *given = &list->notices[i];
        if (stored->occasion != given->occasion || strcmp(stored->language, given->language) != 0 ||
            strcmp(stored->text, given->text) != 0)
            return false;
    }
    return true;
}

bool notice_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                            const struct service_settings *change, bool *ret_changed)
{
    const struct notice_list *list = change->notices;
    if (!list || same(settings, list))
        return true;
    Maskline__Store__V1__Notice *notices = arena_array(arena, list->count, sizeof *notices);
    settings->notices = arena_array(arena, list->count, sizeof *settings->notices);
    if (!notices || !settings->notices)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        maskline__store__v1__notice__init(&notices[i]);
        notices[i].occasion = list->notices[i].occasion;
        notices[i].language = arena_string(arena, list->notices[i].language);
        notices[i].text = arena_string(arena, list->notices[i].text);
        if (!notices[i].language || !notices[i].text)
            return false;
        settings->notices[i] = &notices[i];
    }
    settings->n_notices = list->count;
    *ret_changed = true;
    return true;
}
