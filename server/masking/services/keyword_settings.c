#include "server/masking/services/keyword_settings.h"

#include "proto/c/utf8.h"
#include "proto/c/utf8_fold.h"
#include "server/masking/messages/keywords.h"
#include "server/masking/rows/forms.h"

#include <stdio.h>
#include <string.h>

void keyword_settings_held(const Maskline__Store__V1__Settings *settings,
                           struct service_settings *held)
{
    const Maskline__Store__V1__KeywordPolicy *policy = settings->keyword_policy;
    if (!policy)
        return;
    held->keyword_handling = policy->off ? KEYWORDS_OFF : KEYWORDS_ON;
    if (policy->scope)
        held->opt_out_scope = policy->scope;
    held->opt_out_of_calls = policy->calls_too;
}

static struct utf8_part whole(const char *text)
{
    return (struct utf8_part){text, strlen(text)};
}

static bool has_equal(const struct keyword_list *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (utf8_same_word(whole(list->words[i].word), whole(word)))
            return true;
    return false;
}

static void check_word(struct error *error, const struct keyword_list *list, size_t index)
{
    const struct keyword_setting *setting = &list->words[index];
    char path[64];
    snprintf(path, sizeof path, "keyword_policy.keywords[%zu].word", index);
    if (!utf8_valid((const uint8_t *)setting->word, strlen(setting->word)))
        error_field(error, path, "This is no UTF-8.");
    else if (!*setting->word || utf8_length(setting->word) > KEYWORD_MOST)
        error_field(error, path, "It must have 1 to %d characters.", KEYWORD_MOST);
    else if (utf8_trim(setting->word).size != strlen(setting->word))
        error_field(error, path, "It must not have white space around it.");
    else if (has_equal(list, index, setting->word))
        error_field(error, path, "It is in the list already.");
    snprintf(path, sizeof path, "keyword_policy.keywords[%zu].action", index);
    if (setting->action < MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_OPT_OUT ||
        setting->action > MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_HELP)
        error_field(error, path, "It is needed, and this is none.");
    snprintf(path, sizeof path, "keyword_policy.keywords[%zu].language", index);
    form_text(error, path, setting->language, LANGUAGE_MOST);
}

void keyword_settings_form(struct error *error, const struct service_settings *settings)
{
    const struct keyword_list *list = settings->keywords;
    if (!list)
        return;
    if (list->count > KEYWORDS_MOST) {
        error_field(error, "keyword_policy.keywords", "At most %d words.", KEYWORDS_MOST);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        check_word(error, list, i);
}

static bool same_words(const Maskline__Store__V1__KeywordPolicy *policy,
                       const struct keyword_list *list)
{
    if (policy->n_words != list->count)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const Maskline__Store__V1__Keyword *stored = policy->words[i];
        const struct keyword_setting *given = &list->words[i];
        if (strcmp(stored->word, given->word) != 0 ||
            strcmp(stored->language, given->language) != 0 || stored->action != given->action)
            return false;
    }
    return true;
}

static bool set_words(struct arena *arena, Maskline__Store__V1__KeywordPolicy *policy,
                      const struct keyword_list *list)
{
    Maskline__Store__V1__Keyword *words = arena_array(arena, list->count, sizeof *words);
    policy->words = arena_array(arena, list->count, sizeof *policy->words);
    if (!words || !policy->words)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        maskline__store__v1__keyword__init(&words[i]);
        words[i].word = arena_string(arena, list->words[i].word);
        words[i].language = arena_string(arena, list->words[i].language);
        words[i].action = list->words[i].action;
        if (!words[i].word || !words[i].language)
            return false;
        policy->words[i] = &words[i];
    }
    policy->n_words = list->count;
    return true;
}

static Maskline__Store__V1__KeywordPolicy *policy_of(struct arena *arena,
                                                     Maskline__Store__V1__Settings *settings)
{
    if (settings->keyword_policy)
        return settings->keyword_policy;
    Maskline__Store__V1__KeywordPolicy *policy = arena_alloc(arena, sizeof *policy);
    if (!policy)
        return NULL;
    maskline__store__v1__keyword_policy__init(policy);
    policy->scope = MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_SERVICE;
    settings->keyword_policy = policy;
    return policy;
}

bool keyword_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                             const struct service_settings *change, bool *ret_changed)
{
    if (!change->keyword_handling && !change->opt_out_scope && !change->keywords &&
        change->opt_out_of_calls == SETTING_UNSET)
        return true;
    Maskline__Store__V1__KeywordPolicy *policy = policy_of(arena, settings);
    if (!policy)
        return false;
    bool off = change->keyword_handling == KEYWORDS_OFF;
    if (change->keyword_handling && off != policy->off) {
        policy->off = off;
        *ret_changed = true;
    }
    if (change->opt_out_scope && change->opt_out_scope != (int64_t)policy->scope) {
        policy->scope = (Maskline__Store__V1__OptOutScope)change->opt_out_scope;
        *ret_changed = true;
    }
    if (change->opt_out_of_calls != SETTING_UNSET &&
        change->opt_out_of_calls != policy->calls_too) {
        policy->calls_too = change->opt_out_of_calls != 0;
        *ret_changed = true;
    }
    if (!change->keywords || same_words(policy, change->keywords))
        return true;
    *ret_changed = true;
    return set_words(arena, policy, change->keywords);
}
