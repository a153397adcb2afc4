#include "server/masking/messages/keywords.h"

#include "proto/c/fault.h"
#include "proto/c/utf8_fold.h"

#include <string.h>
#include <strings.h>

#define ACTION(name) MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_##name

/* The original's, with AIDE beside HELP. */
static const struct keyword STANDARD[] = {
    {"STOP", ACTION(OPT_OUT), "en"},        {"STOPALL", ACTION(OPT_OUT), "en"},
    {"UNSUBSCRIBE", ACTION(OPT_OUT), "en"}, {"END", ACTION(OPT_OUT), "en"},
    {"CANCEL", ACTION(OPT_OUT), "en"},      {"QUIT", ACTION(OPT_OUT), "en"},
    {"REVOKE", ACTION(OPT_OUT), "en"},      {"OPTOUT", ACTION(OPT_OUT), "en"},
    {"ARRET", ACTION(OPT_OUT), "fr"},       {"ARRETT", ACTION(OPT_OUT), "fr"},
    {"ARRETE", ACTION(OPT_OUT), "fr"},      {"ARRÊT", ACTION(OPT_OUT), "fr"},
    {"ARRÊTE", ACTION(OPT_OUT), "fr"},      {"UNSTOP", ACTION(OPT_IN_ONLY), "en"},
    {"START", ACTION(OPT_IN), "en"},        {"YES", ACTION(OPT_IN), "en"},
    {"DEBUT", ACTION(OPT_IN), "fr"},        {"DÉBUT", ACTION(OPT_IN), "fr"},
    {"HELP", ACTION(HELP), "en"},           {"INFO", ACTION(HELP), "en"},
    {"AIDE", ACTION(HELP), "fr"},
};

const struct keyword *keywords_standard(size_t *ret_count)
{
    *ret_count = sizeof STANDARD / sizeof *STANDARD;
    return STANDARD;
}

bool number_is_short(const char *number)
{
    return *number >= '0' && *number <= '9';
}

static bool is_word(struct utf8_part text, const char *word)
{
    if (MUTANT("keywords_are_case_sensitive"))
        return text.size == strlen(word) && !memcmp(text.begin, word, text.size);
    return utf8_same_word(text, (struct utf8_part){word, strlen(word)});
}

static bool find_standard(struct utf8_part text, bool only_needed, struct keyword *ret_keyword)
{
    for (size_t i = 0; i < sizeof STANDARD / sizeof *STANDARD; i++) {
        bool needed = STANDARD[i].action == ACTION(OPT_OUT) || STANDARD[i].action == ACTION(HELP);
        if ((only_needed && !needed) || !is_word(text, STANDARD[i].word))
            continue;
        *ret_keyword = STANDARD[i];
        return true;
    }
    return false;
}

static bool find_own(struct utf8_part text, const Maskline__Store__V1__KeywordPolicy *policy,
                     struct keyword *ret_keyword)
{
    for (size_t i = 0; i < policy->n_words; i++) {
        const Maskline__Store__V1__Keyword *own = policy->words[i];
        if (!is_word(text, own->word))
            continue;
        *ret_keyword = (struct keyword){own->word, own->action, own->language};
        return true;
    }
    return false;
}

bool keyword_find(const Maskline__Store__V1__Settings *settings, bool short_code, const char *body,
                  struct keyword *ret_keyword)
{
    const Maskline__Store__V1__KeywordPolicy *policy = settings->keyword_policy;
    bool off = policy && policy->off && !MUTANT("keywords_cannot_be_off");
    if (off && (!short_code || MUTANT("short_codes_may_be_off")))
        return false;
    struct utf8_part text = utf8_trim(body);
    if (MUTANT("first_word_is_the_keyword") && memchr(text.begin, ' ', text.size))
        text.size = (size_t)((const char *)memchr(text.begin, ' ', text.size) - text.begin);
    /* No character has more than four bytes, and an accent of its own has two. */
    if (!text.size || text.size > 6 * KEYWORD_MOST)
        return false;
    if (!off && policy && policy->n_words) {
        if (find_own(text, policy, ret_keyword))
            return true;
        return short_code && find_standard(text, true, ret_keyword);
    }
    return find_standard(text, off, ret_keyword);
}

static void consider(const char **found, const char *word, const char *its_language,
                     const char *language, bool *exact)
{
    bool same = !strcasecmp(its_language, language);
    if (!*found || (same && !*exact))
        *found = word;
    *exact |= same;
}

const char *keyword_for(const Maskline__Store__V1__Settings *settings,
                        Maskline__Store__V1__KeywordAction action, const char *language)
{
    const Maskline__Store__V1__KeywordPolicy *policy = settings->keyword_policy;
    const char *found = NULL;
    bool exact = false;
    for (size_t i = 0; policy && i < policy->n_words; i++) {
        if (policy->words[i]->action == action)
            consider(&found, policy->words[i]->word, policy->words[i]->language, language, &exact);
    }
    for (size_t i = 0; !(policy && policy->n_words) && i < sizeof STANDARD / sizeof *STANDARD;
         i++) {
        if (STANDARD[i].action == action)
            consider(&found, STANDARD[i].word, STANDARD[i].language, language, &exact);
    }
    return found;
}
