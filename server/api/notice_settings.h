/*
 * What a Service tells people, as requests and answers have it.
 */
#ifndef MASKLINE_SERVER_API_NOTICE_SETTINGS_H
#define MASKLINE_SERVER_API_NOTICE_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/message.h"
#include "server/masking/services/services.h"

/* Sets the notices if they change. `policy` may be NULL. */
void notice_policy_read(struct arena *arena, const Maskline__V1__NoticePolicy *policy,
                        uint32_t changes, struct service_settings *settings);

/* The Service's own: defaults are not in it. */
Maskline__V1__NoticePolicy *notice_policy_message(struct arena *arena,
                                                  const Maskline__Store__V1__Settings *settings);

#endif
