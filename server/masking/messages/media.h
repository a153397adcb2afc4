/*
 * What goes with a message: what carriers can be given, from wherever it comes.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_MEDIA_H
#define MASKLINE_SERVER_MASKING_MESSAGES_MEDIA_H

#include "maskline/store/v1/records.pb-c.h"

#include <stddef.h>

enum { MEDIA_TYPE_MOST = 255 }; /* characters of a content type */

/* What a Service may allow at most, and what it does when nothing else was asked for. */
enum {
    BODY_MOST = 10000, /* characters */
    BODY_STANDARD = 1600,
    MEDIA_MOST = 20, /* items */
    MEDIA_STANDARD = 10,
    MEDIA_URL_MOST = 2048, /* characters; standard, too */
};

/* What a Service allows. */
struct message_limits {
    size_t body, media, media_url;
};
struct message_limits message_limits(const Maskline__Store__V1__Settings *settings);

/* What is wrong with it, as a sentence; NULL: nothing. Of lengths others know. */
const char *media_url_fault(const char *url);
const char *media_type_fault(const char *content_type);

#endif
