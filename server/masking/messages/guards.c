#include "server/masking/messages/guards.h"

#include <stddef.h>

static bool mode_allows(const struct guard_subject *subject, struct guard_refusal *ret_refusal)
{
    Maskline__Store__V1__Mode mode = subject->session->mode;
    if (subject->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE) {
        *ret_refusal = (struct guard_refusal){"MODE_REFUSED", 80910};
        return mode != MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY;
    }
    *ret_refusal = (struct guard_refusal){"MODE_REFUSED", 80911};
    return mode != MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY;
}

/* In the order in which they are asked: mode, opt-out, block lists, caps. */
static bool (*const GUARDS[])(const struct guard_subject *subject,
                              struct guard_refusal *ret_refusal) = {
    mode_allows,
};

bool guards_pass(const struct guard_subject *subject, struct guard_refusal *ret_refusal)
{
    for (size_t i = 0; i < sizeof GUARDS / sizeof *GUARDS; i++) {
        if (!GUARDS[i](subject, ret_refusal))
            return false;
    }
    return true;
}

bool session_expired(const Maskline__Store__V1__Session *session)
{
    if (session->status != MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED)
        return false;
    switch (session->closed_reason) {
    case MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_TTL_EXPIRED:
    case MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_DATE_EXPIRED:
    case MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_IDLE_CAP:
        return true;
    default:
        return false;
    }
}
