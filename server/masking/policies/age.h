/*
 * How long a Service keeps interactions, whatever becomes of their session (RetentionPolicy.interactions). What it does not keep any more is
 * absent for whoever asks, from that instant on, also before the timers have come to drop it.
 */
#ifndef MASKLINE_SERVER_MASKING_POLICIES_AGE_H
#define MASKLINE_SERVER_MASKING_POLICIES_AGE_H

#include "maskline/store/v1/records.pb-c.h"

#include <stdbool.h>

/* Interactions of before this time are too old; INT64_MIN: none is. */
int64_t interactions_since(const Maskline__Store__V1__Settings *settings, int64_t now);

/* Whether it is kept: it is not too old, or something can still happen to it by itself. */
bool interaction_kept(const Maskline__Store__V1__Settings *settings,
                      const Maskline__Store__V1__Interaction *interaction, int64_t now);

#endif
