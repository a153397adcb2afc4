/*
 * A Service's keywords, as requests and answers have them.
 */
#ifndef MASKLINE_SERVER_API_KEYWORD_SETTINGS_H
#define MASKLINE_SERVER_API_KEYWORD_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/message.h"
#include "server/masking/services/services.h"

/* The changes (settings.h) of the fields that are set. `policy` may be NULL. */
uint32_t keyword_policy_set(const Maskline__V1__KeywordPolicy *policy);

/* Sets those settings that change; what is absent has its default then. The words are kept in the arena, and the first ones of the
 * request alone when there are more than the domain takes. */
void keyword_policy_read(struct error *error, struct arena *arena,
                         const Maskline__V1__KeywordPolicy *policy, uint32_t changes,
                         struct service_settings *settings);

/* With the words that hold. */
Maskline__V1__KeywordPolicy *keyword_policy_message(struct arena *arena,
                                                    const Maskline__Store__V1__Settings *settings);

#endif
