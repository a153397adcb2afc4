/*
 * A Service's settings: their bounds, and what they have to do with each other.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_SERVICE_SETTINGS_H
#define MASKLINE_SERVER_MASKING_SERVICES_SERVICE_SETTINGS_H

#include "server/masking/services/services.h"

/* Adds what is out of bounds to an error that was cleared before the first check. */
void settings_form(struct error *error, const struct service_settings *settings);

/* Takes over what is set. False: the arena is full. */
bool settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                     const struct service_settings *change, bool *ret_changed);

/* Whether the cool-down is long enough for the others. */
bool settings_agree(const Maskline__Store__V1__Settings *settings, struct error *error);

#endif
