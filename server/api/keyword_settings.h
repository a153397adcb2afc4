/*
 * A Service's words, as requests and answers have them.
 */
#ifndef MASKLINE_SERVER_API_KEYWORD_SETTINGS_H
#define MASKLINE_SERVER_API_KEYWORD_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/message.h"
#include "server/masking/services/services.h"

/* In the arena; NULL when it is full. `policy` may be NULL. */
const struct keyword_list *keywords_read(struct arena *arena,
                                         const Maskline__V1__KeywordPolicy *policy);

/* The words that hold: a Service's own, or else the standard ones. */
void keywords_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                   Maskline__V1__KeywordPolicy *message);

#endif
