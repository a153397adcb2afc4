#include "server/api/attachment_calls.h"

#include "server/api/message.h"

static Maskline__V1__CarrierCallParty *party_message(struct arena *arena,
                                                     const struct call_party *party)
{
    Maskline__V1__CarrierCallParty *message =
        message_new(arena, &maskline__v1__carrier_call_party__descriptor);
    if (!message)
        return NULL;
    struct message_list targets = message_list_new(arena, party->count);
    for (size_t i = 0; i < party->count; i++) {
        Maskline__V1__CarrierCallTarget *target =
            message_new(arena, &maskline__v1__carrier_call_target__descriptor);
        if (!target)
            return NULL;
        target->caller_id = message_text(party->targets[i].caller_id);
        target->number = message_text(party->targets[i].number);
        message_list_add(&targets, target);
    }
    message->targets = (Maskline__V1__CarrierCallTarget **)targets.items;
    message->n_targets = targets.count;
    return message;
}

Maskline__V1__CarrierCallPlan *call_plan_message(struct arena *arena, const struct call_plan *plan)
{
    Maskline__V1__CarrierCallPlan *message =
        message_new(arena, &maskline__v1__carrier_call_plan__descriptor);
    if (!message)
        return NULL;
    message->key = message_text(plan->key);
    if (plan->first.count > 0)
        message->first = party_message(arena, &plan->first);
    message->second = party_message(arena, &plan->second);
    message->announcement = message_text(plan->announcement);
    message->whisper = message_text(plan->whisper);
    message->ask_key = plan->ask_key;
    message->key_limit = duration_new(arena, plan->key_limit);
    message->record = plan->record;
    message->consent_notice = message_text(plan->consent_notice);
    message->ring_limit = duration_new(arena, plan->ring_limit);
    message->longest_call = duration_new(arena, plan->longest_call);
    message->expire_time = message_time(arena, plan->expire_time);
    return message;
}

Maskline__V1__InboundOutcome outcome_message(enum inbound_outcome outcome)
{
    switch (outcome) {
    case INBOUND_ACCEPTED:
        return MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    case INBOUND_REJECTED:
        return MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_REJECTED;
    default:
        return MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_FAILED;
    }
}

Maskline__V1__CarrierInboundCallResult *call_result_message(struct arena *arena,
                                                            const struct gateway_answer *answer)
{
    Maskline__V1__CarrierInboundCallResult *message =
        message_new(arena, &maskline__v1__carrier_inbound_call_result__descriptor);
    if (!message)
        return NULL;
    message->provider_id = message_text(answer->id);
    message->outcome = outcome_message(answer->outcome);
    message->reason = message_text(answer->reason);
    message->original_code = answer->original;
    message->repeated_id = answer->repeated;
    message->notice = message_text(answer->notice);
    if (answer->plan)
        message->plan = call_plan_message(arena, answer->plan);
    return message;
}

Maskline__V1__CarrierCallProgressResult *call_progress_result_message(
    struct arena *arena, const struct gateway_answer *answer)
{
    Maskline__V1__CarrierCallProgressResult *message =
        message_new(arena, &maskline__v1__carrier_call_progress_result__descriptor);
    if (!message)
        return NULL;
    message->tag = answer->tag;
    message->key = message_text(answer->id);
    message->outcome = outcome_message(answer->outcome);
    message->reason = message_text(answer->reason);
    message->hang_up = answer->hang_up;
    return message;
}

Maskline__V1__CarrierHangUp *hang_up_message(struct arena *arena, const char *key)
{
    Maskline__V1__CarrierHangUp *message =
        message_new(arena, &maskline__v1__carrier_hang_up__descriptor);
    if (message)
        message->key = message_text(key);
    return message;
}
