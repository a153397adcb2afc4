/*
 * A Service's keywords, as settings.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_KEYWORD_SETTINGS_H
#define MASKLINE_SERVER_MASKING_SERVICES_KEYWORD_SETTINGS_H

#include "proto/c/arena.h"
#include "server/masking/services/services.h"

/* As settings_form, settings_change (service_settings.h). */
void keyword_settings_form(struct error *error, const struct service_settings *settings);
bool keyword_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                             const struct service_settings *change, bool *ret_changed);

#endif
