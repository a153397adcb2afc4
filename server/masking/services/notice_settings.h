/*
 * What a Service tells people, as settings.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_NOTICE_SETTINGS_H
#define MASKLINE_SERVER_MASKING_SERVICES_NOTICE_SETTINGS_H

#include "proto/c/arena.h"
#include "server/masking/services/services.h"

/* As settings_form, settings_change (service_settings.h). */
void notice_settings_form(struct error *error, const struct service_settings *settings);
bool notice_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                            const struct service_settings *change, bool *ret_changed);

#endif
