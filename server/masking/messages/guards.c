#include "server/masking/messages/guards.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bars.h"

#include <string.h>

struct asking {
    struct masking *masking;
    struct rows *rows;
    const struct guard_subject *subject;
    struct guard_refusal *refusal;
    struct error *error;
};

static enum guard_answer refuses(struct asking *asking, enum guard guard, const char *reason,
                                 int32_t original)
{
    *asking->refusal = (struct guard_refusal){guard, reason, original, 0};
    return GUARD_REFUSES;
}

static enum guard_answer ask_mode(struct asking *asking)
{
    const struct guard_subject *subject = asking->subject;
    Maskline__Store__V1__Mode mode = subject->session->mode;
    if (subject->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE)
        return mode == MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY
                   ? refuses(asking, GUARD_MODE, "MODE_REFUSED", 80910)
                   : GUARD_PASSES;
    return mode == MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY
               ? refuses(asking, GUARD_MODE, "MODE_REFUSED", 80911)
               : GUARD_PASSES;
}

/* Where only some have opted out, the others get it: each leg is asked about again before it is sent. */
static enum guard_answer ask_opt_outs(struct asking *asking)
{
    const struct guard_subject *subject = asking->subject;
    bool holds = subject->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_MESSAGE ||
                 opt_out_of_calls(subject->service->settings);
    if (!holds || MUTANT("opt_out_is_not_asked_for"))
        return GUARD_PASSES;
    for (size_t i = 0; i < subject->recipient_count; i++) {
        const Maskline__Store__V1__Participant *recipient = subject->recipients[i];
        const Maskline__Store__V1__Binding *binding =
            binding_from(recipient, subject->sender ? &subject->sender->sid : NULL);
        if (!binding)
            continue;
        enum kv_found found = bars_participant_opted_out(asking->masking->bars, asking->rows,
                                                         subject->service->pool.data, recipient,
                                                         binding->proxy_identifier, asking->error);
        if (found != KV_FOUND)
            return found == KV_ABSENT ? GUARD_PASSES : GUARD_BROKEN;
    }
    return refuses(asking, GUARD_OPT_OUT, "OPTED_OUT", ORIGINAL_OPTED_OUT);
}

/* As with opt-outs. */
static enum guard_answer ask_blocks(struct asking *asking)
{
    const struct guard_subject *subject = asking->subject;
    for (size_t i = 0; i < subject->recipient_count && !MUTANT("block_is_not_asked_for"); i++) {
        enum kv_found found =
            bars_blocked(asking->masking->bars, asking->rows, subject->service->pool.data,
                         subject->sender, subject->recipients[i], asking->error);
        if (found != KV_FOUND)
            return found == KV_ABSENT ? GUARD_PASSES : GUARD_BROKEN;
    }
    return MUTANT("block_is_not_asked_for") ? GUARD_PASSES
                                            : refuses(asking, GUARD_BLOCK, "BLOCKED", 0);
}

ProtobufCBinaryData guard_capped(const struct guard_subject *subject)
{
    const Maskline__Store__V1__Participant *participant =
        subject->sender ? subject->sender : subject->recipients[0];
    return participant->n_persons ? participant->persons[0] : (ProtobufCBinaryData){0, NULL};
}

static enum guard_answer ask_person_cap(struct asking *asking)
{
    const Maskline__Store__V1__Settings *settings = asking->subject->service->settings;
    ProtobufCBinaryData capped = guard_capped(asking->subject);
    if (!settings->person_cap || capped.len != PERSON_SIZE || MUTANT("persons_have_no_cap"))
        return GUARD_PASSES;
    struct person person;
    memcpy(person.bytes, capped.data, PERSON_SIZE);
    struct key key = key_cap(asking->rows->tenant, asking->subject->service->pool.data, &person);
    struct kv_value value;
    enum kv_found found = rows_get(asking->rows, KV_LIVE, &key, &value, asking->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? GUARD_PASSES : GUARD_BROKEN;
    const Maskline__Store__V1__CapCount *used = rows_record(
        asking->rows, &maskline__store__v1__cap_count__descriptor, value.bytes, asking->error);
    if (!used)
        return GUARD_BROKEN;
    int64_t free_time = used->since_time + settings->person_cap_period;
    if (asking->rows->now >= free_time + MUTANT("cap_lasts_a_tick_more") ||
        used->count < settings->person_cap)
        return GUARD_PASSES;
    refuses(asking, GUARD_PERSON_CAP, "PERSON_CAP", 0);
    asking->refusal->free_time = free_time;
    return GUARD_REFUSES;
}

static enum guard_answer ask_session_cap(struct asking *asking)
{
    int64_t cap = asking->subject->service->settings->session_cap;
    if (!cap || asking->subject->session->interaction_count < (uint64_t)cap ||
        MUTANT("sessions_have_no_cap"))
        return GUARD_PASSES;
    return refuses(asking, GUARD_SESSION_CAP, "SESSION_CAP", 0);
}

/* In the order in which they are asked. */
static enum guard_answer (*const GUARDS[])(struct asking *asking) = {
    ask_mode, ask_opt_outs, ask_blocks, ask_person_cap, ask_session_cap,
};

enum guard_answer guards_ask(struct masking *masking, struct rows *rows,
                             const struct guard_subject *subject, struct guard_refusal *ret_refusal,
                             struct error *error)
{
    struct asking asking = {masking, rows, subject, ret_refusal, error};
    for (size_t i = 0; i < sizeof GUARDS / sizeof *GUARDS; i++) {
        enum guard_answer answer = GUARDS[i](&asking);
        if (answer != GUARD_PASSES)
            return answer;
    }
    return GUARD_PASSES;
}

const Maskline__Store__V1__Binding *binding_from(const Maskline__Store__V1__Participant *recipient,
                                                 const ProtobufCBinaryData *sender)
{
    for (size_t i = 0; i < recipient->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = recipient->bindings[i];
        if (binding->until_time)
            continue; /* honoured for replies only */
        if (!binding->peer.len)
            return binding;
        if (sender && binding->peer.len == sender->len &&
            !memcmp(binding->peer.data, sender->data, sender->len))
            return binding;
    }
    return NULL;
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
