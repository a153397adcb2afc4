/*
 * What went wrong with one of many, as a message of its own.
 */
#ifndef MASKLINE_SERVER_API_ENTRY_ERROR_H
#define MASKLINE_SERVER_API_ENTRY_ERROR_H

#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/error.h"
#include "server/api/message.h"

/* Points into the error. */
Maskline__V1__EntryError *entry_error(struct arena *arena, const struct error *error);

#endif
