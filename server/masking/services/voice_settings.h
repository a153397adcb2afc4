/*
 * How a Service's calls are carried, as settings.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_VOICE_SETTINGS_H
#define MASKLINE_SERVER_MASKING_SERVICES_VOICE_SETTINGS_H

#include "proto/c/arena.h"
#include "server/masking/services/services.h"

/* Into the settings that hold; texts are the record's, or constants. */
void voice_settings_held(const Maskline__Store__V1__Settings *settings,
                         struct service_settings *held);

/* As settings_change (service_settings.h). */
bool voice_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                           const struct service_settings *change, bool *ret_changed);

#endif
