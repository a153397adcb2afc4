/* Calls: carriers that carry them as they are told to, and operations on them. */
#include "tests/model/subject_internal.h"

#include "server/masking/calls/calls.h"
#include "server/masking/outbox/outbound_key.h"

#include <stdio.h>
#include <string.h>

static unsigned fake_abilities(void *data)
{
    (void)data;
    return CALL_CAN_CARRY | CALL_CAN_ASK;
}

static bool fake_place(void *data, const struct call_plan *plan)
{
    (void)data;
    (void)plan;
    return false;
}

static const struct kept_call *find_key(const struct subject *subject, const char *key)
{
    for (int i = 0; i < subject->call_count; i++)
        if (strcmp(subject->calls[i].key, key) == 0)
            return &subject->calls[i];
    return NULL;
}

static const struct kept_call *find_call(const struct subject *subject, int message)
{
    for (int i = 0; i < subject->call_count; i++)
        if (subject->calls[i].message == message)
            return &subject->calls[i];
    return NULL;
}

static void fake_hang_up(void *data, const char *key)
{
    struct fake *fake = data;
    struct subject *subject = fake->subject;
    pthread_mutex_lock(&subject->mutex);
    const struct kept_call *call = find_key(subject, key);
    bool right = call && call->carrier == fake->index;
    if (subject->hung_up_count < HUNG_UP_MOST)
        subject->hung_up[subject->hung_up_count++] = right ? call->message : -1;
    pthread_mutex_unlock(&subject->mutex);
}

void fake_calls_init(struct fake *fake)
{
    fake->calls = (struct call_port){
        .abilities = fake_abilities, .place = fake_place, .hang_up = fake_hang_up};
    fake->port.calls = &fake->calls;
}

int subject_hung_up(struct subject *subject, const int **ret_messages)
{
    pthread_mutex_lock(&subject->mutex);
    int count = subject->hung_up_count;
    memcpy(subject->hung_up_shown, subject->hung_up, sizeof(int) * (size_t)count);
    subject->hung_up_count = 0;
    pthread_mutex_unlock(&subject->mutex);
    *ret_messages = subject->hung_up_shown;
    return count;
}

/* ---- operations ---- */

static bool plan_leaks(const struct world *world, const struct call_plan *plan)
{
    const char *const texts[] = {plan->key, plan->announcement, plan->whisper,
                                 plan->consent_notice};
    bool leaks = false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        leaks = leaks || world_leaks(world, texts[i], strlen(texts[i]), WHOS);
    for (size_t i = 0; i < plan->second.count; i++) {
        const struct call_target *target = &plan->second.targets[i];
        leaks = leaks || world_leaks(world, target->caller_id, strlen(target->caller_id), WHOS);
    }
    return leaks;
}

static void keep_call(struct doing *doing, const struct call_plan *plan)
{
    struct subject *subject = doing->subject;
    struct leg_id id;
    if (subject->call_count == CALLS_MOST || !outbound_key_read(plan->key, &id))
        subject_die("a call has no room, or no key", NULL);
    struct kept_call *call = &subject->calls[subject->call_count++];
    *call = (struct kept_call){.message = doing->op->message, .carrier = doing->op->carrier};
    snprintf(call->key, sizeof(call->key), "%s", plan->key);
    snprintf(call->sid, sizeof(call->sid), "%s", sid_format("KI", id.interaction).text);
    memcpy(doing->answer->interaction.sid.bytes, id.interaction, PLAIN_SID);
}

static void take_plan(struct doing *doing, const struct call_plan *plan)
{
    const struct world *world = &doing->subject->world;
    struct plain_plan *plain = &doing->answer->plan;
    plain->count = (int)(plan->first.count ? 0 : plan->second.count);
    plain->shown = -1;
    for (int i = 0; i < plain->count && i < 2; i++)
        plain->targets[i] = world_who(world, plan->second.targets[i].number);
    for (int i = 0; i < plain->count; i++) {
        int shown = world_number_of(world, plan->second.targets[i].caller_id);
        plain->shown = i && plain->shown != shown ? -1 : shown;
    }
    doing->answer->leaks = plan_leaks(world, plan);
    keep_call(doing, plan);
}

static void call_answered(void *data, const struct inbound_call_result *result)
{
    struct doing *doing = data;
    struct answer *answer = doing->answer;
    if (result->outcome == CALL_UNDECIDED) {
        convert_error(&doing->subject->world, result->error, answer);
    } else {
        answer->ok = answer->accepted = result->outcome == CALL_ACCEPTED;
        answer->repeated = result->repeated;
        answer->original = result->original;
        snprintf(answer->reason, sizeof(answer->reason), "%s",
                 result->reason ? result->reason : "");
    }
    if (answer->accepted)
        take_plan(doing, result->plan);
    subject_answered(doing->subject);
}

void subject_do_call(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char provider[PLAIN_TEXT];
    char from[ADDRESS_TEXT];
    char to[ADDRESS_TEXT];
    snprintf(provider, sizeof(provider), "call-%u-%d", subject->world.tag, op->message);
    world_address(&subject->world, op->from, from);
    world_number(&subject->world, op->number, to);
    const struct inbound_call call = {
        .carrier = world_carrier(op->carrier), .provider_id = provider, .from = from, .to = to};
    subject_expect(subject);
    ingress_call(subject->masking, &call, call_answered, doing);
    subject_wait(subject);
}

static void step_answered(void *data, const struct call_answer *answer)
{
    struct doing *doing = data;
    if (answer->error)
        convert_error(&doing->subject->world, answer->error, doing->answer);
    else
        doing->answer->ok = true;
    doing->answer->hang_up = answer->hang_up;
    subject_answered(doing->subject);
}

void subject_do_call_step(struct doing *doing)
{
    static const enum call_status statuses[] = {CALL_RINGING,   CALL_PICKED_UP, CALL_CONNECTED,
                                                CALL_COMPLETED, CALL_BUSY,      CALL_NO_ANSWER,
                                                CALL_FAILED,    CALL_CANCELED,  CALL_GONE};
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const struct kept_call *call = find_call(subject, op->message);
    const struct call_progress progress = {.carrier = world_carrier(call ? call->carrier : 0),
                                           .key = call ? call->key : "never",
                                           .side = op->second ? CALL_SECOND : CALL_FIRST,
                                           .status = statuses[op->step],
                                           .seconds = -1,
                                           .carrier_code = "",
                                           .provider_id = ""};
    subject_expect(subject);
    ingress_call_progress(subject->masking, &progress, step_answered, doing);
    subject_wait(subject);
}

static void end_answered(void *data, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Interaction *interaction,
                         const struct error *error)
{
    struct doing *doing = data;
    (void)service;
    (void)interaction;
    if (error)
        convert_error(&doing->subject->world, error, doing->answer);
    else
        doing->answer->ok = true;
    subject_answered(doing->subject);
}

void subject_do_call_end(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const struct kept_call *call = find_call(subject, op->message);
    const struct interaction_name name = {
        .service = subject_service_name(subject, op->service),
        .session = subject_session_name(subject, op->session),
        .interaction = call ? call->sid : "KI0123456789abcdef0123456789abcdef"};
    subject_expect(subject);
    calls_end(subject->masking, &name, end_answered, doing);
    subject_wait(subject);
}
