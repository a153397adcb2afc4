#include "tests/unit/server/masking/phones.h"

#include "storage/kv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[CARRIERS] = {"one", "two", "three"};

/* ---- waiting for answers ---- */

void waiter_init(struct waiter *waiter)
{
    memset(waiter, 0, sizeof *waiter);
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_cond_init(&waiter->done, NULL);
}

static void tells_nobody(const char *text)
{
    for (const char *at = text; (at = strstr(at, "+1555")); at++)
        ck_assert_msg(!strncmp(at, "+1555999", 8) || !strncmp(at, "+1555888", 8),
                      "it tells a person's number: %s", text);
}

void ck_tells_nobody(const struct error *error)
{
    tells_nobody(error->message);
    for (unsigned i = 0; i < error->field_count; i++) {
        tells_nobody(error->fields[i].name);
        tells_nobody(error->fields[i].description);
    }
    for (unsigned i = 0; i < error->metadata_count; i++)
        tells_nobody(error->metadata[i].value);
}

void waiter_finish(struct waiter *waiter, const struct error *error)
{
    pthread_mutex_lock(&waiter->lock);
    if (error)
        waiter->error = *error;
    else
        error_clear(&waiter->error);
    waiter->is_done = true;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

void waiter_wait(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->is_done)
        pthread_cond_wait(&waiter->done, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
    pthread_cond_destroy(&waiter->done);
    pthread_mutex_destroy(&waiter->lock);
    if (waiter->error.code != STATUS_OK)
        ck_tells_nobody(&waiter->error);
}

static void must(const struct waiter *waiter)
{
    ck_assert_msg(waiter->error.code == STATUS_OK, "%s: %s", waiter->error.reason,
                  waiter->error.message);
}

/* ---- carriers ---- */

static void copy(char *to, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size > room - 1)
        size = room - 1;
    memcpy(to, text, size);
    to[size] = 0;
}

static void fake_send(void *data, const struct outbound_message *message, void *attempt)
{
    struct fake *fake = data;
    struct world *world = fake->world;
    pthread_mutex_lock(&world->lock);
    ck_assert_uint_lt(fake->count, SENT_MOST);
    struct sent *sent = &fake->sent[fake->count++];
    copy(sent->key, sizeof sent->key, message->key);
    copy(sent->from, sizeof sent->from, message->from);
    copy(sent->to, sizeof sent->to, message->to);
    copy(sent->body, sizeof sent->body, message->body);
    sent->media_count = message->media_count;
    sent->expire_time = message->expire_time;
    sent->time = world_now(world);
    sent->attempt = attempt;
    bool holds = fake->holds;
    enum send_outcome outcome = fake->outcome;
    pthread_mutex_unlock(&world->lock);
    if (fake->watch)
        fake->watch(world, sent);
    if (!holds)
        world_answer(world, sent, outcome);
}

void world_answer(struct world *world, struct sent *sent, enum send_outcome outcome)
{
    struct fake *fake = NULL;
    for (int i = 0; i < CARRIERS; i++) {
        if (sent >= world->carriers[i].sent && sent < world->carriers[i].sent + SENT_MOST)
            fake = &world->carriers[i];
    }
    ck_assert_ptr_nonnull(fake);
    ck_assert_ptr_nonnull(sent->attempt);
    void *attempt = sent->attempt;
    sent->attempt = NULL;
    ingress_sent(world->masking, attempt,
                 &(struct send_result){.outcome = outcome,
                                       .provider_id = "provider",
                                       .carrier_code = fake->carrier_code,
                                       .retry_after = fake->retry_after});
}

struct sent *world_sent(struct world *world, unsigned carrier, unsigned back)
{
    struct fake *fake = &world->carriers[carrier];
    return back < fake->count ? &fake->sent[fake->count - 1 - back] : NULL;
}

static bool fake_idempotent(void *data)
{
    const struct fake *fake = data;
    return fake == fake->world->carriers;
}

/* ---- opening and closing ---- */

static void commit(void *data, struct kv *kv, struct kv_batch *batch,
                   void (*committed)(void *group, const struct error *failure), void *group)
{
    struct world *world = data;
    struct error error;
    size_t keys = kv_batch_count(batch);
    atomic_fetch_add(&world->keys, keys);
    if (keys > atomic_load(&world->keys_most))
        atomic_store(&world->keys_most, keys);
    bool ok = kv_write(kv, batch, true, &error);
    void (*during)(struct world * world) = atomic_exchange(&world->during, NULL);
    if (during)
        during(world);
    if (ok && atomic_exchange(&world->denies, false))
        ok = error_set(&error, STATUS_INTERNAL, "DENIED", 0, "It was written, in truth.");
    committed(group, ok ? NULL : &error);
}

void world_tenant(struct world *world, uint32_t tenant)
{
    world->tenant = tenant;
    world->masking = masking_of_tenant(world->masking, tenant ? tenant : TENANT_DEFAULT);
    ck_assert_ptr_nonnull(world->masking);
}

static unsigned fake_numbers_can(void *data)
{
    const struct fake *fake = data;
    return fake->numbers_can;
}

static int64_t now_us(void *data)
{
    struct world *world = data;
    atomic_fetch_add(&world->clock_asked, 1);
    return atomic_load(&world->clock.now_us);
}

static void start(struct world *world)
{
    world->durability = (struct durability){world, commit};
    struct error error;
    struct store_options options = {.path = world->path ? world->path : ":memory:",
                                    .clock = {.now_us = now_us, .data = world}};
    ck_assert_msg(store_open(&options, &world->store, &error), "%s", error.message);
    struct masking_options masking = {.store = world->store,
                                      .pipeline = {.durability = &world->durability},
                                      .manual_timers = !world->threaded};
    ck_assert_msg(masking_new(&masking, &world->masking, &error), "%s", error.message);
    for (int i = 0; i < CARRIERS; i++)
        ck_assert(ingress_add_carrier(world->masking, &world->carriers[i].port, &error));
    if (world->more)
        ck_assert(ingress_add_carrier(world->masking, world->more, &error));
    ck_assert(masking_start(world->masking, &error));
    world_tenant(world, world->tenant);
}

static void stop(struct world *world)
{
    for (int i = 0; i < CARRIERS; i++) {
        struct fake *fake = &world->carriers[i];
        for (unsigned n = 0; n < fake->count; n++) {
            if (fake->sent[n].attempt)
                fake->sent[n].attempt = NULL; /* its result never came */
        }
    }
    masking_free(world->masking);
    store_close(world->store);
}

static struct world *open_world(const char *path, bool threaded, const struct carrier_port *more)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    pthread_mutex_init(&world->lock, NULL);
    manual_clock_set(&world->clock, INT64_C(1900000000) * SECOND);
    world->path = path;
    world->threaded = threaded;
    world->more = more;
    world->arena = arena_new(256 * 1024 * 1024);
    for (int i = 0; i < CARRIERS; i++) {
        struct fake *fake = &world->carriers[i];
        fake->world = world;
        fake->outcome = SEND_TAKEN;
        fake->port = (struct carrier_port){
            .data = fake,
            .name = NAMES[i],
            .idempotent = fake_idempotent,
            .send = fake_send,
            .calls = &world_call_port,
            .numbers_can = fake_numbers_can,
        };
        fake->numbers_can = NUMBER_CAN_ALL;
        fake->abilities = CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_PLACE | CALL_CAN_SPEAK |
                          CALL_CAN_ASK_KEY | CALL_CAN_RECORD;
        fake->plans = calloc(PLANS_MOST, sizeof *fake->plans);
        ck_assert_ptr_nonnull(fake->plans);
    }
    start(world);
    return world;
}

struct world *world_open(const char *path)
{
    return open_world(path, false, NULL);
}

struct world *world_open_threaded(const char *path, const struct carrier_port *carrier)
{
    return open_world(path, true, carrier);
}

void world_close(struct world *world)
{
    stop(world);
    for (int i = 0; i < CARRIERS; i++)
        free(world->carriers[i].plans);
    arena_free(world->arena);
    pthread_mutex_destroy(&world->lock);
    free(world);
}

void world_restart(struct world *world)
{
    stop(world);
    start(world);
}

void world_move(struct world *world, int64_t by)
{
    manual_clock_move(&world->clock, by);
    masking_kick(world->masking);
}

int64_t world_now(const struct world *world)
{
    return store_now(world->store);
}

unsigned world_run(struct world *world)
{
    return masking_run_due(world->masking);
}

/* ---- Services and numbers ---- */

static void service_ready(void *data, const Maskline__Store__V1__Service *service,
                          const struct error *error)
{
    struct waiter *waiter = data;
    if (service)
        copy(waiter->result, 40, sid_format("KS", service->sid.data).text);
    waiter_finish(waiter, error);
}

void world_service(struct world *world, const struct service_settings *settings)
{
    char name[32];
    snprintf(name, sizeof name, "service %u", ++world->ids);
    struct service_draft draft = {.unique_name = name,
                                  .settings = settings ? *settings : service_settings_unset()};
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = world->service;
    services_create(world->masking, &draft, service_ready, &waiter);
    waiter_wait(&waiter);
    must(&waiter);
}

static void number_ready(void *data, const struct number_result *result, const struct error *error)
{
    (void)result;
    waiter_finish(data, error);
}

void world_number(struct world *world, const char *number, const char *carriers)
{
    char names[64];
    const char *list[CARRIERS];
    size_t count = 0;
    copy(names, sizeof names, carriers ? carriers : "");
    char *rest = names;
    for (char *name; (name = strsep(&rest, " "));) {
        if (*name)
            list[count++] = name;
    }
    struct number_draft draft = {.service = world->service,
                                 .phone_number = number,
                                 .country = "",
                                 .friendly_name = "",
                                 .sms = true,
                                 .mms = true,
                                 .voice = true,
                                 .carriers = list,
                                 .carrier_count = count};
    struct waiter waiter;
    waiter_init(&waiter);
    numbers_add(world->masking, &draft, number_ready, &waiter);
    waiter_wait(&waiter);
    must(&waiter);
}

void world_number_state(struct world *world, const char *number,
                        Maskline__Store__V1__NumberState state)
{
    struct number_change change = {.service = world->service, .number = number, .state = state};
    struct waiter waiter;
    waiter_init(&waiter);
    numbers_update(world->masking, &change, number_ready, &waiter);
    waiter_wait(&waiter);
    must(&waiter);
}

struct world *world_with_numbers(unsigned count)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    for (unsigned i = 1; i <= count; i++) {
        char number[16];
        snprintf(number, sizeof number, "+1555999000%u", i % 10);
        world_number(world, number, NULL);
    }
    return world;
}

struct world *world_with_two(const char *path, const char *carriers,
                             const struct service_settings *settings)
{
    struct world *world = world_open(path);
    world_service(world, settings);
    world_number(world, "+15559990001", carriers);
    world_number(world, "+15559990002", carriers);
    return world;
}

/* ---- sessions ---- */

static void session_ready(void *data, const Maskline__Store__V1__Service *service,
                          const Maskline__Store__V1__Session *session, const struct error *error)
{
    (void)service;
    struct waiter *waiter = data;
    struct talk *talk = waiter->result;
    if (talk && session) {
        copy(talk->session, sizeof talk->session, sid_format("KC", session->sid.data).text);
        const Maskline__Store__V1__Participant *a = session->participants[0];
        const Maskline__Store__V1__Participant *b = session->participants[1];
        copy(talk->a, sizeof talk->a, sid_format("KP", a->sid.data).text);
        copy(talk->b, sizeof talk->b, sid_format("KP", b->sid.data).text);
        copy(talk->proxy_a, sizeof talk->proxy_a, a->bindings[0]->proxy_identifier);
        copy(talk->proxy_b, sizeof talk->proxy_b, b->bindings[0]->proxy_identifier);
    }
    waiter_finish(waiter, error);
}

static enum status_code make_talk(struct world *world, struct session_draft *draft, const char *a,
                                  const char *b, struct talk *ret_talk)
{
    const struct participant_draft people[] = {
        {.identifiers = &a,
         .identifier_count = 1,
         .friendly_name = "",
         .proxy_identifier = "",
         .proxy_number_sid = ""},
        {.identifiers = &b,
         .identifier_count = 1,
         .friendly_name = "",
         .proxy_identifier = "",
         .proxy_number_sid = ""},
    };
    struct waiter waiter;
    draft->service = world->service;
    draft->unique_name = "";
    draft->participants = people;
    draft->participant_count = 2;
    waiter_init(&waiter);
    waiter.result = ret_talk;
    sessions_create(world->masking, draft, session_ready, &waiter);
    waiter_wait(&waiter);
    copy(ret_talk->person_a, sizeof ret_talk->person_a, a);
    return waiter.error.code;
}

bool world_try_talk(struct world *world, const char *a, const char *b, int64_t ttl,
                    struct talk *ret_talk)
{
    struct session_draft draft = {.ttl_given = ttl != 0, .ttl = ttl};
    return make_talk(world, &draft, a, b, ret_talk) == STATUS_OK;
}

struct talk world_talk(struct world *world, const char *a, const char *b, int64_t ttl)
{
    struct talk talk;
    ck_assert(world_try_talk(world, a, b, ttl, &talk));
    return talk;
}

struct talk world_talk_mode(struct world *world, const char *a, const char *b,
                            Maskline__Store__V1__Mode mode)
{
    struct session_draft draft = {.mode = mode};
    struct talk talk;
    ck_assert_int_eq(make_talk(world, &draft, a, b, &talk), STATUS_OK);
    return talk;
}

static bool set_status(struct world *world, const struct talk *talk,
                       Maskline__Store__V1__SessionStatus status)
{
    struct session_change change = {
        .service = world->service, .session = talk->session, .status = status};
    struct waiter waiter;
    waiter_init(&waiter);
    sessions_update(world->masking, &change, session_ready, &waiter);
    waiter_wait(&waiter);
    return waiter.error.code == STATUS_OK;
}

bool world_try_reopen(struct world *world, const struct talk *talk)
{
    return set_status(world, talk, MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS);
}

void world_end_talk(struct world *world, const struct talk *talk)
{
    ck_assert(set_status(world, talk, MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED));
}

void world_reopen_talk(struct world *world, const struct talk *talk)
{
    ck_assert(world_try_reopen(world, talk));
}

void world_delete_talk(struct world *world, const struct talk *talk)
{
    struct waiter waiter;
    waiter_init(&waiter);
    sessions_delete(world->masking, world->service, talk->session, session_ready, &waiter);
    waiter_wait(&waiter);
    must(&waiter);
}

void world_leave(struct world *world, const struct talk *talk, const char *participant)
{
    struct waiter waiter;
    waiter_init(&waiter);
    participants_delete(world->masking, world->service, talk->session, participant, session_ready,
                        &waiter);
    waiter_wait(&waiter);
    must(&waiter);
}

/* ---- messages ---- */

static void inbound_ready(void *data, const struct inbound_result *result)
{
    struct waiter *waiter = data;
    struct answer *answer = waiter->result;
    answer->outcome = result->outcome;
    answer->repeated = result->repeated;
    answer->original = result->original;
    copy(answer->reason, sizeof answer->reason, result->reason ? result->reason : "");
    waiter_finish(waiter, result->error);
}

struct answer world_hand_in(struct world *world, const struct inbound_message *message)
{
    struct answer answer;
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = &answer;
    ingress_message(world->masking, message, inbound_ready, &waiter);
    waiter_wait(&waiter);
    return answer;
}

static struct answer hand_text_in(struct world *world, const char *carrier, const char *from,
                                  const char *to, const char *body)
{
    char id[32];
    snprintf(id, sizeof id, "text %u", ++world->ids);
    return world_hand_in(
        world, &(struct inbound_message){
                   .carrier = carrier, .provider_id = id, .from = from, .to = to, .body = body});
}

struct answer world_text(struct world *world, const char *from, const char *to, const char *body)
{
    return hand_text_in(world, "one", from, to, body);
}

void world_say(struct world *world, const struct talk *talk, const char *carrier, const char *body)
{
    ck_accepted(hand_text_in(world, carrier, talk->person_a, talk->proxy_a, body));
}

static void interaction_ready(void *data, const Maskline__Store__V1__Service *service,
                              const Maskline__Store__V1__Interaction *interaction,
                              const struct error *error)
{
    (void)service;
    struct waiter *waiter = data;
    if (interaction && waiter->result)
        copy(waiter->result, 40, sid_format("KI", interaction->sid.data).text);
    waiter_finish(waiter, error);
}

enum status_code world_send(struct world *world, const struct message_draft *draft,
                            char ret_sid[40], char ret_reason[48])
{
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.result = ret_sid;
    interactions_send(world->masking, draft, interaction_ready, &waiter);
    waiter_wait(&waiter);
    if (ret_reason)
        copy(ret_reason, 48, waiter.error.code ? waiter.error.reason : "");
    return waiter.error.code;
}

static void receipt_ready(void *data, const struct error *error)
{
    waiter_finish(data, error);
}

enum status_code world_receipt(struct world *world, const char *carrier, const char *key,
                               enum receipt_status status)
{
    return world_receipt_of(world, carrier, key, status, "by receipt");
}

enum status_code world_receipt_of(struct world *world, const char *carrier, const char *key,
                                  enum receipt_status status, const char *provider_id)
{
    struct receipt receipt = {.carrier = carrier,
                              .key = key,
                              .status = status,
                              .carrier_code = "",
                              .provider_id = provider_id};
    struct waiter waiter;
    waiter_init(&waiter);
    ingress_receipt(world->masking, &receipt, receipt_ready, &waiter);
    waiter_wait(&waiter);
    return waiter.error.code;
}
