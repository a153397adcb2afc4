#include "server/masking/messages/inbound.h"
#include "server/masking/messages/notices.h"

#include <string.h>

static const struct {
    const char *reason;
    int32_t original;
    Maskline__Store__V1__NoticeOccasion notice; /* what the sender is told */
} REASONS[REJECTIONS] = {
    [REJECT_NUMBER_UNKNOWN] = {"NUMBER_UNKNOWN", 0, NOTICE(UNSPECIFIED)},
    [REJECT_NUMBER_QUARANTINED] = {"NUMBER_QUARANTINED", 0, NOTICE(NUMBER_UNAVAILABLE)},
    [REJECT_NUMBER_LOCKED] = {"NUMBER_LOCKED", 0, NOTICE(NUMBER_UNAVAILABLE)},
    [REJECT_CARRIER_UNKNOWN] = {"CARRIER_UNKNOWN", 0, NOTICE(UNSPECIFIED)},
    [REJECT_WRONG_CARRIER] = {"WRONG_CARRIER", 0, NOTICE(UNSPECIFIED)},
    [REJECT_PROVIDER_ID_INVALID] = {"PROVIDER_ID_INVALID", 80701, NOTICE(UNSPECIFIED)},
    [REJECT_TOO_LONG] = {"TOO_LONG", 0, NOTICE(UNSPECIFIED)},
    [REJECT_TOO_MUCH_MEDIA] = {"TOO_MUCH_MEDIA", 0, NOTICE(UNSPECIFIED)},
    [REJECT_MEDIA_INVALID] = {"MEDIA_INVALID", 0, NOTICE(UNSPECIFIED)},
    [REJECT_LOOP] = {"LOOP", 0, NOTICE(UNSPECIFIED)},
    [REJECT_NO_ROUTE] = {"NO_ROUTE", 80903, NOTICE(OUT_OF_SESSION)},
    [REJECT_SESSION_CLOSED] = {"SESSION_CLOSED", 80902, NOTICE(OUT_OF_SESSION)},
    [REJECT_SESSION_EXPIRED] = {"SESSION_EXPIRED", 80904, NOTICE(OUT_OF_SESSION)},
    [REJECT_PARTICIPANT_REMOVED] = {"PARTICIPANT_REMOVED", 80903, NOTICE(OUT_OF_SESSION)},
    [REJECT_NO_PARTNER] = {"NO_PARTNER", 80614, NOTICE(OUT_OF_SESSION)},
    [REJECT_MODE_REFUSED] = {"MODE_REFUSED", 80910, NOTICE(MODE_REFUSED)},
    [REJECT_BLOCKED] = {"BLOCKED", 0, NOTICE(UNSPECIFIED)},
    [REJECT_PERSON_CAP] = {"PERSON_CAP", 0, NOTICE(UNSPECIFIED)},
    [REJECT_SESSION_CAP] = {"SESSION_CAP", 0, NOTICE(UNSPECIFIED)},
    [REJECT_TOO_MANY_CALLS] = {"TOO_MANY_CALLS", 0, NOTICE(UNSPECIFIED)},
};

enum { ORIGINAL_NO_CALLS = 80911 };

const char *rejection_reason(enum rejection rejection)
{
    return REASONS[rejection].reason;
}

int32_t rejection_original(enum rejection rejection, Maskline__Store__V1__InteractionType type)
{
    if (rejection == REJECT_MODE_REFUSED &&
        type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE)
        return ORIGINAL_NO_CALLS;
    return rejection < REJECTIONS ? REASONS[rejection].original : 0;
}

Maskline__Store__V1__NoticeOccasion rejection_notice(enum rejection rejection)
{
    return rejection < REJECTIONS ? REASONS[rejection].notice : NOTICE(UNSPECIFIED);
}

enum rejection rejection_of(const char *reason)
{
    for (int i = 0; i < REJECTIONS; i++) {
        if (!strcmp(REASONS[i].reason, reason))
            return (enum rejection)i;
    }
    return REJECTIONS;
}
