/*
 * Media of requests and answers, and as carriers have them. Texts are not copied. NULL when the arena is full.
 */
#ifndef MASKLINE_SERVER_API_MEDIA_H
#define MASKLINE_SERVER_API_MEDIA_H

#include "maskline/v1/common.pb-c.h"
#include "server/api/message.h"
#include "server/masking/ingress.h"

struct ingress_media *media_read(struct arena *arena, Maskline__V1__Media *const *given,
                                 size_t count);

struct message_list media_messages(struct arena *arena, const struct ingress_media *media,
                                   size_t count);

#endif
