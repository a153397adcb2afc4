#include "server/api/keyword_settings.h"

#include "server/api/fields.h"
#include "server/api/settings.h"
#include "server/masking/messages/keywords.h"

uint32_t keyword_policy_set(const Maskline__V1__KeywordPolicy *policy)
{
    if (!policy)
        return 0;
    return (policy->handling ? CHANGES_KEYWORD_HANDLING : 0) |
           (policy->opt_out_scope ? CHANGES_OPT_OUT_SCOPE : 0) |
           (policy->n_keywords ? CHANGES_KEYWORDS : 0);
}

static const struct keyword_list *read_words(struct arena *arena,
                                             const Maskline__V1__KeywordPolicy *policy)
{
    struct keyword_list *list = arena_alloc(arena, sizeof *list);
    size_t count = policy ? policy->n_keywords : 0;
    struct keyword_setting *words = arena_array(arena, count, sizeof *words);
    if (!list || !words)
        return NULL; /* the call has no memory left, and will fail by that */
    for (size_t i = 0; i < count; i++)
        words[i] = (struct keyword_setting){
            .word = policy->keywords[i]->word,
            .action = (Maskline__Store__V1__KeywordAction)policy->keywords[i]->action,
            .language = policy->keywords[i]->language,
        };
    *list = (struct keyword_list){words, count};
    return list;
}

void keyword_policy_read(struct error *error, struct arena *arena,
                         const Maskline__V1__KeywordPolicy *policy, uint32_t changes,
                         struct service_settings *settings)
{
    int handling = policy ? (int)policy->handling : 0;
    int scope = policy ? (int)policy->opt_out_scope : 0;
    field_enum(error, "keyword_policy.handling", &maskline__v1__keyword_handling__descriptor,
               handling);
    field_enum(error, "keyword_policy.opt_out_scope", &maskline__v1__opt_out_scope__descriptor,
               scope);
    struct service_settings standard = service_settings_default();
    if (changes & CHANGES_KEYWORD_HANDLING)
        settings->keyword_handling =
            handling ? (enum keyword_handling)handling : standard.keyword_handling;
    if (changes & CHANGES_OPT_OUT_SCOPE)
        settings->opt_out_scope =
            scope ? (Maskline__Store__V1__OptOutScope)scope : standard.opt_out_scope;
    if (changes & CHANGES_KEYWORDS)
        settings->keywords = read_words(arena, policy);
}

static void add_word(struct arena *arena, struct message_list *list, const char *word, int action,
                     const char *language)
{
    Maskline__V1__Keyword *message = message_new(arena, &maskline__v1__keyword__descriptor);
    if (message) {
        message->word = message_text(word);
        message->action = (Maskline__V1__KeywordAction)action;
        message->language = message_text(language);
    }
    message_list_add(list, message);
}

Maskline__V1__KeywordPolicy *keyword_policy_message(struct arena *arena,
                                                    const Maskline__Store__V1__Settings *settings)
{
    const Maskline__Store__V1__KeywordPolicy *stored = settings->keyword_policy;
    Maskline__V1__KeywordPolicy *message =
        message_new(arena, &maskline__v1__keyword_policy__descriptor);
    if (!message)
        return NULL;
    bool off = stored && stored->off;
    message->handling = off ? MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_OFF
                            : MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_ON;
    message->opt_out_scope = stored && stored->scope
                                 ? (Maskline__V1__OptOutScope)stored->scope
                                 : MASKLINE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_SERVICE;
    bool own = stored && stored->n_words;
    size_t count;
    const struct keyword *standard = keywords_standard(&count);
    if (own)
        count = stored->n_words;
    struct message_list list = message_list_new(arena, count);
    for (size_t i = 0; i < count; i++) {
        if (own)
            add_word(arena, &list, stored->words[i]->word, (int)stored->words[i]->action,
                     stored->words[i]->language);
        else
            add_word(arena, &list, standard[i].word, (int)standard[i].action, standard[i].language);
    }
    message->keywords = (Maskline__V1__Keyword **)list.items;
    message->n_keywords = list.count;
    return message;
}
