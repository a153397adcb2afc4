#include "server/api/keyword_settings.h"

#include "server/masking/messages/keywords.h"

const struct keyword_list *keywords_read(struct arena *arena,
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

void keywords_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                   Maskline__V1__KeywordPolicy *message)
{
    const Maskline__Store__V1__KeywordPolicy *stored = settings->keyword_policy;
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
}
