#include "tests/unit/server/masking/phones.h"

#include <stdio.h>
#include <string.h>

/* ---- what carriers are told ---- */

static void copy(char *to, size_t room, const char *text)
{
    snprintf(to, room, "%s", text);
}

static void see_party(struct party_seen *seen, const struct call_party *party)
{
    ck_assert_uint_le(party->count, CALL_TARGETS);
    seen->count = party->count;
    for (size_t i = 0; i < party->count; i++) {
        copy(seen->caller_id[i], sizeof seen->caller_id[i], party->targets[i].caller_id);
        copy(seen->number[i], sizeof seen->number[i], party->targets[i].number);
    }
}

static void see_plan(struct plan_seen *seen, const struct call_plan *plan)
{
    copy(seen->key, sizeof seen->key, plan->key);
    see_party(&seen->first, &plan->first);
    see_party(&seen->second, &plan->second);
    copy(seen->announcement, sizeof seen->announcement, plan->announcement);
    copy(seen->whisper, sizeof seen->whisper, plan->whisper);
    copy(seen->consent_notice, sizeof seen->consent_notice, plan->consent_notice);
    seen->ask_key = plan->ask_key;
    seen->record = plan->record;
    seen->key_limit = plan->key_limit;
    seen->ring_limit = plan->ring_limit;
    seen->longest_call = plan->longest_call;
    seen->expire_time = plan->expire_time;
}

static unsigned abilities(void *data)
{
    const struct fake *fake = data;
    return fake->abilities;
}

static bool place(void *data, const struct call_plan *plan)
{
    struct fake *fake = data;
    pthread_mutex_lock(&fake->world->lock);
    bool takes = !fake->refuses_calls;
    if (takes) {
        ck_assert_uint_lt(fake->plan_count, PLANS_MOST);
        see_plan(&fake->plans[fake->plan_count++], plan);
    }
    pthread_mutex_unlock(&fake->world->lock);
    return takes;
}

static void hang_up(void *data, const char *key)
{
    struct fake *fake = data;
    pthread_mutex_lock(&fake->world->lock);
    unsigned place = fake->hang_up_count++ % HANG_UPS_MOST;
    copy(fake->hang_ups[place], CALL_KEY_SIZE, key);
    pthread_mutex_unlock(&fake->world->lock);
}

const struct call_port world_call_port = {abilities, place, hang_up};

unsigned world_placed(struct world *world, unsigned carrier)
{
    return world->carriers[carrier].plan_count;
}

const struct plan_seen *world_plan(struct world *world, unsigned carrier, unsigned back)
{
    const struct fake *fake = &world->carriers[carrier];
    ck_assert_uint_lt(back, fake->plan_count);
    return &fake->plans[fake->plan_count - 1 - back];
}

unsigned world_hang_ups(struct world *world, const char *key)
{
    unsigned count = 0;
    pthread_mutex_lock(&world->lock);
    for (unsigned c = 0; c < CARRIERS; c++) {
        const struct fake *fake = &world->carriers[c];
        for (unsigned i = 0; i < fake->hang_up_count && i < HANG_UPS_MOST; i++)
            count += !strcmp(fake->hang_ups[i], key);
    }
    pthread_mutex_unlock(&world->lock);
    return count;
}

unsigned world_all_hang_ups(struct world *world)
{
    unsigned count = 0;
    for (unsigned c = 0; c < CARRIERS; c++)
        count += world->carriers[c].hang_up_count;
    return count;
}

/* ---- calls that come in ---- */

static void call_ready(void *data, const struct inbound_call_result *result)
{
    struct waiter *waiter = data;
    struct call_seen *seen = waiter->result;
    ck_assert((result->outcome == CALL_ACCEPTED) == (result->plan != NULL));
    ck_assert((result->outcome == CALL_UNDECIDED) == (result->error != NULL));
    *seen = (struct call_seen){
        .outcome = result->outcome, .repeated = result->repeated, .original = result->original};
    copy(seen->reason, sizeof seen->reason, result->reason ? result->reason : "");
    copy(seen->notice, sizeof seen->notice, result->notice);
    if (result->plan)
        see_plan(&seen->plan, result->plan);
    waiter_finish(waiter, result->error);
}

struct call_seen world_call_in(struct world *world, const struct inbound_call *call)
{
    struct call_seen seen;
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = &seen;
    ingress_call(world->masking, call, call_ready, &waiter);
    waiter_wait(&waiter);
    return seen;
}

struct call_seen world_call(struct world *world, const char *from, const char *to)
{
    char id[32];
    snprintf(id, sizeof id, "call %u", ++world->ids);
    return world_call_in(
        world, &(struct inbound_call){.carrier = "one", .provider_id = id, .from = from, .to = to});
}

struct call_seen world_ring(struct world *world, const struct talk *talk)
{
    struct call_seen seen = world_call(world, talk->person_a, talk->proxy_a);
    ck_assert_msg(seen.outcome == CALL_ACCEPTED, "%s", seen.reason);
    return seen;
}

/* ---- progress ---- */

static void progress_ready(void *data, const struct call_answer *answer)
{
    struct waiter *waiter = data;
    struct progress_seen *seen = waiter->result;
    seen->hang_up = answer->hang_up;
    seen->code = answer->error ? answer->error->code : STATUS_OK;
    copy(seen->reason, sizeof seen->reason, answer->error ? answer->error->reason : "");
    waiter_finish(waiter, answer->error);
}

struct progress_seen world_report(struct world *world, const struct call_progress *progress)
{
    struct progress_seen seen;
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = &seen;
    ingress_call_progress(world->masking, progress, progress_ready, &waiter);
    waiter_wait(&waiter);
    return seen;
}

struct progress_seen world_progress(struct world *world, const char *key, enum call_side side,
                                    enum call_status status)
{
    return world_report(world, &(struct call_progress){.carrier = "one",
                                                       .key = key,
                                                       .side = side,
                                                       .status = status,
                                                       .seconds = -1,
                                                       .carrier_code = "",
                                                       .provider_id = ""});
}

void world_connect(struct world *world, const char *key)
{
    static const enum call_status WAY[] = {CALL_RINGING, CALL_PICKED_UP, CALL_CONNECTED};
    for (size_t i = 0; i < 3; i++) {
        struct progress_seen seen = world_progress(world, key, CALL_SECOND, WAY[i]);
        ck_assert_int_eq(seen.code, STATUS_OK);
        ck_assert(!seen.hang_up);
    }
}

/* ---- what a Service asks for ---- */

struct pause {
    struct command command;
    struct waiter waiter;
};

static bool decide_nothing(struct command *command, struct txn *txn)
{
    (void)command;
    (void)txn;
    return true;
}

static void paused(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)outcome;
    waiter_finish(&((struct pause *)command)->waiter, error);
}

void world_settle(struct world *world)
{
    for (int i = 0; i < 2; i++) {
        struct pause pause = {.command = {.decide = decide_nothing, .done = paused}};
        waiter_init(&pause.waiter);
        pipeline_submit(masking_pipeline(world->masking), &pause.command);
        waiter_wait(&pause.waiter);
    }
}

static void interaction_ready(void *data, const Maskline__Store__V1__Service *service,
                              const Maskline__Store__V1__Interaction *interaction,
                              const struct error *error)
{
    struct waiter *waiter = data;
    ck_assert(!service == !interaction);
    if (interaction && waiter->result)
        copy(waiter->result, 40, sid_format("KI", interaction->sid.data).text);
    waiter_finish(waiter, error);
}

static enum status_code answer(struct waiter *waiter, char *ret_reason)
{
    waiter_wait(waiter);
    if (ret_reason)
        copy(ret_reason, 48, waiter->error.code ? waiter->error.reason : "");
    return waiter->error.code;
}

enum status_code world_place_draft(struct world *world, const struct call_draft *draft,
                                   char ret_sid[40], char ret_reason[48])
{
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = ret_sid;
    calls_place(world->masking, draft, interaction_ready, &waiter);
    enum status_code code = answer(&waiter, ret_reason);
    world_settle(world);
    return code;
}

enum status_code world_place(struct world *world, const struct talk *talk, const char *participant,
                             char ret_reason[48])
{
    struct call_draft draft = {.service = world->service,
                               .session = talk->session,
                               .participant = participant,
                               .request = {.method = "PlaceCall"}};
    return world_place_draft(world, &draft, NULL, ret_reason);
}

static struct interaction_name name_of(struct world *world, const struct talk *talk, unsigned index)
{
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, talk, index);
    const char *sid = arena_string(world->arena, sid_format("KI", interaction->sid.data).text);
    return (struct interaction_name){world->service, talk->session, sid};
}

const char *world_delete_call(struct world *world, const struct talk *talk, unsigned index,
                              bool deletes)
{
    struct interaction_name name = name_of(world, talk, index);
    char reason[48];
    struct waiter waiter;
    waiter_init(&waiter);
    if (deletes)
        interactions_delete(world->masking, &name, interaction_ready, &waiter);
    else
        interactions_redact(world->masking, &name, interaction_ready, &waiter);
    (void)answer(&waiter, reason);
    return arena_string(world->arena, reason);
}

enum status_code world_hang_up(struct world *world, const struct talk *talk, unsigned index,
                               char ret_reason[48])
{
    struct interaction_name name = name_of(world, talk, index);
    struct waiter waiter;
    waiter_init(&waiter);
    calls_end(world->masking, &name, interaction_ready, &waiter);
    return answer(&waiter, ret_reason);
}

void world_end_call(struct world *world, const char *session, const char *interaction)
{
    struct interaction_name name = {world->service, session, interaction};
    struct waiter waiter;
    waiter_init(&waiter);
    calls_end(world->masking, &name, interaction_ready, &waiter);
    waiter_wait(&waiter);
}

const Maskline__Store__V1__Interaction *world_call_at(struct world *world, const struct talk *talk,
                                                      unsigned index)
{
    const Maskline__Store__V1__Interaction *interaction = world_interaction(world, talk, index);
    ck_assert_int_eq(interaction->type,
                     MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE);
    ck_assert_ptr_nonnull(interaction->call);
    return interaction;
}
