/*
 * Texts that are a keyword: somebody opts out of messages, opts in again, or asks for help.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_KEYWORDS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_KEYWORDS_H

#include "maskline/store/v1/records.pb-c.h"

#include <stdbool.h>

enum { KEYWORDS_MOST = 100, KEYWORD_MOST = 64 /* characters */, LANGUAGE_MOST = 35 };

struct keyword {
    const char *word;
    Maskline__Store__V1__KeywordAction action;
    const char *language; /* may be empty */
};

/* The keyword that a text is, as a whole, white space around it aside, and without regard to case. `short_code`: it came to one, where
 * opting out and asking for help always works. */
bool keyword_find(const Maskline__Store__V1__Settings *settings, bool short_code, const char *body,
                  struct keyword *ret_keyword);

/* A word that does this, in that language if there is one; NULL: there is none at all. */
const char *keyword_for(const Maskline__Store__V1__Settings *settings,
                        Maskline__Store__V1__KeywordAction action, const char *language);

/* Whether a number is a short code: those are not in E.164. */
bool number_is_short(const char *number);

/* The words of a Service that has none of its own. */
const struct keyword *keywords_standard(size_t *ret_count);

#endif
