/*
 * What goes with a message: what carriers can be given, from wherever it comes.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_MEDIA_H
#define MASKLINE_SERVER_MASKING_MESSAGES_MEDIA_H

/* What is wrong with it, as a sentence; NULL: nothing. Of lengths others know. */
const char *media_url_fault(const char *url);
const char *media_type_fault(const char *content_type);

#endif
