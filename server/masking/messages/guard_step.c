#include "server/masking/messages/guard_step.h"

#include "proto/c/fault.h"
#include "server/masking/messages/guards.h"

enum step step_ask_guards(struct reception *r)
{
    const struct guard_subject subject = {
        .service = r->service,
        .session = r->session,
        .sender = r->sender,
        .recipients = r->acceptance.recipients,
        .recipient_count = r->acceptance.recipient_count,
        .type = r->in->type,
    };
    struct guard_refusal refusal;
    r->acceptance.capped = guard_capped(&subject);
    switch (guards_ask(r->in->masking, &r->rows, &subject, &refusal, &r->in->error)) {
    case GUARD_PASSES:
        return STEP_ON;
    case GUARD_BROKEN:
        return STEP_BROKEN;
    case GUARD_REFUSES:
        break;
    }
    if (MUTANT("inbound_unguarded"))
        return STEP_ON;
    switch (refusal.guard) {
    case GUARD_OPT_OUT:
        /* The row is kept; nothing is sent. */
        r->acceptance.canceled = refusal.reason;
        r->acceptance.canceled_code = refusal.original;
        return STEP_ON;
    case GUARD_BLOCK:
        return inbound_reject(r, REJECT_BLOCKED);
    case GUARD_PERSON_CAP:
        return inbound_reject(r, REJECT_PERSON_CAP);
    case GUARD_SESSION_CAP:
        return inbound_reject(r, REJECT_SESSION_CAP);
    default:
        return inbound_reject(r, REJECT_MODE_REFUSED);
    }
}
