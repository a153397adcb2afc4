#include "server/masking/messages/number_steps.h"

#include "proto/c/fault.h"
#include "server/masking/outbox/ports.h"

static bool is_quarantined(const struct reception *r)
{
    return r->holding.state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED;
}

enum step step_find_owner(struct reception *r)
{
    struct inbound *in = r->in;
    enum kv_found found =
        known_number(in->masking->known, &r->rows, in->to.text, &r->holding, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? inbound_settle(in, REJECT_NUMBER_UNKNOWN) : STEP_BROKEN;
    r->service = r->holding.service;
    r->rows.tenant = r->holding.tenant;
    if (!r->service ||
        r->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return inbound_settle(in, is_quarantined(r) ? REJECT_NUMBER_QUARANTINED
                                                    : REJECT_NUMBER_UNKNOWN);
    in->log = key_log(r->rows.tenant, r->service->sid.data);
    return STEP_ON;
}

/* Of a number in quarantine nobody knows any more which ones it had. */
enum step step_check_carrier(struct reception *r)
{
    struct inbound *in = r->in;
    const Maskline__Store__V1__PhoneNumber *number = r->holding.number;
    if (is_quarantined(r))
        return STEP_ON;
    if (!number)
        return inbound_reject(r, REJECT_NUMBER_UNKNOWN);
    if (!ports_named(in->masking->ports, number->carriers, number->n_carriers, in->carrier))
        return inbound_reject(r, REJECT_WRONG_CARRIER);
    return STEP_ON;
}

enum step step_check_number(struct reception *r)
{
    const Maskline__Store__V1__PhoneNumber *number = r->holding.number;
    if (is_quarantined(r))
        return inbound_reject(r, MUTANT("quarantine_untold") ? REJECT_NUMBER_UNKNOWN
                                                             : REJECT_NUMBER_QUARANTINED);
    if (number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED &&
        !MUTANT("inbound_to_locked_number"))
        return inbound_reject(r, REJECT_NUMBER_LOCKED);
    return STEP_ON;
}
