/*
 * What a Service tells people, as requests and answers have it.
 */
#ifndef MASKLINE_SERVER_API_NOTICE_SETTINGS_H
#define MASKLINE_SERVER_API_NOTICE_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/message.h"
#include "server/masking/services/services.h"

/* In the arena; NULL when it is full. `policy` may be NULL. */
const struct notice_list *notices_read(struct arena *arena,
                                       const Maskline__V1__NoticePolicy *policy);

/* The Service's own: defaults are not among them. */
void notices_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                  Maskline__V1__NoticePolicy *message);

#endif
