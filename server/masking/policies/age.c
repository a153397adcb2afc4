#include "server/masking/policies/age.h"

#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"

int64_t interactions_since(const Maskline__Store__V1__Settings *settings, int64_t now)
{
    return settings->interaction_retention ? now - settings->interaction_retention : INT64_MIN;
}

/* It waits to be sent, or for an attempt's result; or it is a call that lives. */
static bool pending(const Maskline__Store__V1__Interaction *interaction)
{
    for (size_t i = 0; i < interaction->n_outbound; i++)
        if (leg_waits(interaction->outbound[i]))
            return true;
    return interaction->call && !interaction->call->end_time;
}

bool interaction_kept(const Maskline__Store__V1__Settings *settings,
                      const Maskline__Store__V1__Interaction *interaction, int64_t now)
{
    return interaction->create_time > interactions_since(settings, now) ||
           MUTANT("old_interactions_are_shown") ||
           (pending(interaction) && !MUTANT("pending_is_too_old"));
}
