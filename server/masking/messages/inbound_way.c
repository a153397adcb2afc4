#include "server/masking/messages/inbound_way.h"

#include "server/masking/calls/call_take.h"
#include "server/masking/messages/guard_step.h"
#include "server/masking/messages/number_steps.h"
#include "server/masking/messages/repeat_steps.h"
#include "server/masking/messages/route_steps.h"
#include "server/masking/messages/text_steps.h"

static enum step take_call(struct reception *r)
{
    enum rejection rejection;
    r->acceptance.service = r->service;
    r->acceptance.session = r->session;
    switch (call_take(r->in, &r->rows, r->sender, &r->acceptance, &rejection)) {
    case CALL_TAKEN:
        return STEP_END;
    case CALL_NOT_TAKEN:
        return inbound_reject(r, rejection);
    default:
        return STEP_BROKEN;
    }
}

/* The way of a message, in order; what an earlier step decides hides the later ones. */
static enum step (*const WAY[])(struct reception *reception) = {
    step_find_owner,
    step_check_loop,
    step_find_repeat,
    step_check_carrier,
    step_hear_keyword,
    step_check_number,
    step_find_route,
    step_find_partners,
    step_ask_guards,
    step_check_content,
    step_intercept,
    step_take_on,
    NULL,
};
/* Of a call. */
static enum step (*const CALL_WAY[])(struct reception *reception) = {
    step_find_owner, step_check_loop,    step_find_repeat, step_check_carrier, step_check_number,
    step_find_route, step_find_partners, step_ask_guards,  take_call,          NULL,
};

static void forget(struct inbound *inbound)
{
    inbound->accepted = NULL;
    inbound->notice = NULL;
    inbound->letters = NULL;
    inbound->note_time = 0;
    inbound->plan = NULL;
    inbound->spoken = NULL;
}

bool inbound_decide(struct inbound *inbound, struct txn *txn)
{
    struct reception r = {.in = inbound, .rows = rows_of_txn(txn, inbound->masking->store)};
    enum step step = STEP_ON;
    enum step (*const *way)(struct reception *) = inbound_is_call(inbound) ? CALL_WAY : WAY;
    forget(inbound);
    known_begin(inbound->masking->known);
    for (; *way && step == STEP_ON; way++)
        step = (*way)(&r);
    if (step != STEP_BROKEN)
        return true;
    forget(inbound);
    inbound->result = (struct inbound_result){.outcome = INBOUND_FAILED};
    return false;
}

void inbound_prefetch(struct inbound *inbound, struct view *view)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena || !inbound->from_known)
        return;
    struct rows rows = rows_of_view(view, inbound->masking->store, arena);
    struct error error;
    Maskline__Store__V1__NumberClaim *claim;
    if (rows_claim(&rows, inbound->to.text, &claim, &error) != KV_FOUND)
        return;
    rows.tenant = claim->tenant;
    Maskline__Store__V1__Service *service;
    if (rows_service(&rows, claim->service.data, &service, &error) != KV_FOUND)
        return;
    Maskline__Store__V1__Route *route;
    if (rows_route(&rows, service->pool.data, &inbound->sender, inbound->to.text, &route, &error) !=
        KV_FOUND)
        return;
    struct key key = key_session(rows.tenant, service->sid.data, route->session.data);
    struct kv_value value;
    rows_get(&rows, KV_LIVE, &key, &value, &error);
}
