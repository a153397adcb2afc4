/*
 * A Service's keywords, as settings.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_KEYWORD_SETTINGS_H
#define MASKLINE_SERVER_MASKING_SERVICES_KEYWORD_SETTINGS_H

#include "proto/c/arena.h"
#include "server/masking/services/services.h"

/* How words are handled, and what an opt-out is of, into the settings that hold. */
void keyword_settings_held(const Maskline__Store__V1__Settings *settings,
                           struct service_settings *held);

/* The words, as settings_form; and all of it, as settings_change (service_settings.h). */
void keyword_settings_form(struct error *error, const struct service_settings *settings);
bool keyword_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                             const struct service_settings *change, bool *ret_changed);

#endif
