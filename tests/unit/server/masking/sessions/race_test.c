#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Many callers at once: two active participants never share a route, and each one's route is its own. */

enum { THREADS = 6, STEPS = 400, NUMBERS = 4, PEOPLE = 8, KEPT = 64 };

struct race {
    struct world *world;
    pthread_mutex_t lock;
    char sessions[KEPT][40];
    unsigned count;
    atomic_uint made, refused;
};

struct runner {
    struct race *race;
    uint64_t random;
    pthread_t thread;
    /* The call under way. */
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    char participant[40];
};

static unsigned pick(struct runner *runner, unsigned of)
{
    runner->random = runner->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(runner->random >> 33) % of;
}

static void told(void *data, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Session *session, const struct error *error)
{
    (void)service;
    struct runner *runner = data;
    struct race *race = runner->race;
    atomic_fetch_add(error ? &race->refused : &race->made, 1);
    if (session) {
        pthread_mutex_lock(&race->lock);
        struct sid_text sid = sid_format("KC", session->sid.data);
        memcpy(race->sessions[race->count++ % KEPT], sid.text, sizeof sid.text);
        pthread_mutex_unlock(&race->lock);
    }
    pthread_mutex_lock(&runner->lock);
    runner->participant[0] = '\0';
    if (session && session->n_participants) {
        size_t last = session->n_participants - 1;
        struct sid_text sid = sid_format("KP", session->participants[last]->sid.data);
        memcpy(runner->participant, sid.text, sizeof sid.text);
    }
    runner->is_done = true;
    pthread_cond_signal(&runner->done);
    pthread_mutex_unlock(&runner->lock);
}

static void wait_for(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    while (!runner->is_done)
        pthread_cond_wait(&runner->done, &runner->lock);
    runner->is_done = false;
    pthread_mutex_unlock(&runner->lock);
}

static bool some_session(struct runner *runner, char ret_sid[40])
{
    struct race *race = runner->race;
    pthread_mutex_lock(&race->lock);
    unsigned count = race->count < KEPT ? race->count : KEPT;
    if (count)
        memcpy(ret_sid, race->sessions[pick(runner, count)], 40);
    pthread_mutex_unlock(&race->lock);
    return count;
}

static void create(struct runner *runner)
{
    struct world *world = runner->race->world;
    char texts[2][32], proxy[32];
    const char *identifiers[2] = {texts[0], texts[1]};
    struct participant_draft people[2];
    unsigned first = pick(runner, PEOPLE);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(texts[i], sizeof texts[i], "+1555123%04u", (first + i * 3) % PEOPLE);
        people[i] =
            (struct participant_draft){.identifiers = &identifiers[i], .identifier_count = 1};
    }
    snprintf(proxy, sizeof proxy, "+1555999%04u", pick(runner, NUMBERS));
    if (!pick(runner, 3))
        people[0].proxy_identifier = proxy;
    const struct session_draft draft = {.service = world->service,
                                        .participants = people,
                                        .participant_count = 1 + pick(runner, 2)};
    sessions_create(world->masking, &draft, told, runner);
    wait_for(runner);
}

static void change(struct runner *runner, const char *sid)
{
    struct world *world = runner->race->world;
    const struct session_change update = {.service = world->service,
                                          .session = sid,
                                          .status = pick(runner, 2) ? SESSION_STATUS(CLOSED)
                                                                    : SESSION_STATUS(IN_PROGRESS)};
    sessions_update(world->masking, &update, told, runner);
    wait_for(runner);
}

static void join(struct runner *runner, const char *sid)
{
    struct world *world = runner->race->world;
    char text[32];
    const char *identifier = text;
    snprintf(text, sizeof text, "+1555123%04u", pick(runner, PEOPLE));
    const struct participant_add add = {
        .service = world->service,
        .session = sid,
        .participant = {.identifiers = &identifier, .identifier_count = 1},
    };
    participants_create(world->masking, &add, told, runner);
    wait_for(runner);
    if (!*runner->participant || pick(runner, 2))
        return;
    char left[40];
    memcpy(left, runner->participant, sizeof left);
    participants_delete(world->masking, world->service, sid, left, told, runner);
    wait_for(runner);
}

static void *run(void *data)
{
    struct runner *runner = data;
    struct world *world = runner->race->world;
    for (int i = 0; i < STEPS; i++) {
        char sid[40];
        unsigned what = pick(runner, 10);
        manual_clock_move(&world->clock, 1); /* all that rests comes free */
        if (what < 4 || !some_session(runner, sid)) {
            create(runner);
        } else if (what < 7) {
            change(runner, sid);
        } else if (what < 9) {
            join(runner, sid);
        } else {
            sessions_delete(world->masking, world->service, sid, told, runner);
            wait_for(runner);
        }
    }
    return NULL;
}

/* ---- what must always hold ---- */

static void check_participant(struct world *world, struct view *view, const uint8_t *service,
                              const Maskline__Store__V1__Session *session,
                              const Maskline__Store__V1__Participant *participant)
{
    struct person person_;
    ck_assert_uint_eq(participant->persons[0].len, PERSON_SIZE);
    memcpy(person_.bytes, participant->persons[0].data, PERSON_SIZE);
    struct key key =
        key_route(TENANT_DEFAULT, service, &person_, participant->bindings[0]->proxy_identifier);
    struct kv_value value;
    struct error error;
    ck_assert_int_eq(view_get(view, KV_LIVE, key_bytes(&key), world->arena, &value, &error),
                     KV_FOUND);
    const Maskline__Store__V1__Route *route = maskline__store__v1__route__unpack(
        arena_allocator(world->arena), value.bytes.size, value.bytes.data);
    ck_assert_ptr_nonnull(route);
    ck_assert_int_eq(memcmp(route->session.data, session->sid.data, SID_BYTES), 0);
    ck_assert_int_eq(memcmp(route->participant.data, participant->sid.data, SID_BYTES), 0);
    ck_assert_uint_eq(route->generation, participant->generation);
    ck_assert_int_eq(route->release_time, 0);
}

/* Each active participant's route row names it: so no two can share one. Returns how many there are. */
static unsigned check_routes(struct world *world)
{
    struct log_id log = world_log(world);
    struct key prefix = key_sessions(TENANT_DEFAULT, log_service(&log));
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    struct scan *scan = view_scan(view, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), world->arena), false);
    unsigned active = 0;
    for (; scan_valid(scan); scan_next(scan)) {
        struct bytes bytes = scan_value(scan).bytes;
        const Maskline__Store__V1__Session *session = maskline__store__v1__session__unpack(
            arena_allocator(world->arena), bytes.size, bytes.data);
        ck_assert_ptr_nonnull(session);
        if (session->status != SESSION_STATUS(OPEN) &&
            session->status != SESSION_STATUS(IN_PROGRESS))
            continue;
        for (size_t i = 0; i < session->n_participants; i++) {
            if (session->participants[i]->delete_time)
                continue;
            check_participant(world, view, log_service(&log), session, session->participants[i]);
            active++;
        }
    }
    scan_free(scan);
    view_close(view);
    return active;
}

/* The numbers' use counts are what the sessions say. */
static void check_uses(struct world *world)
{
    struct session_list list;
    const struct session_filter active = {.statuses = 1u << SESSION_STATUS(OPEN) |
                                                      1u << SESSION_STATUS(IN_PROGRESS)};
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    ck_assert(sessions_list(view, world->store, world->service, &active,
                            &(struct page){.size = 1000}, world->arena, &list, &call_error));
    ck_assert_str_eq(list.next_token, "");
    view_close(view);
    for (unsigned i = 0; i < NUMBERS; i++) {
        char number[32];
        int64_t uses = 0;
        snprintf(number, sizeof number, "+1555999%04u", i);
        for (size_t j = 0; j < list.count; j++) {
            bool used = false;
            for (size_t k = 0; k < list.sessions[j]->n_participants; k++) {
                const Maskline__Store__V1__Participant *participant =
                    list.sessions[j]->participants[k];
                used |= !participant->delete_time &&
                        !strcmp(participant->bindings[0]->proxy_identifier, number);
            }
            uses += used;
        }
        ck_assert_int_eq(call_number_get(world, number).in_use, uses);
    }
}

/* holds: CON-04 CON-07 INV-05 */
START_TEST(routes_are_never_shared)
{
    struct race race = {.world = world_open(NULL)};
    struct service_settings settings = service_settings_unset();
    settings.late_reply_window = 0;
    settings.max_message_life = 1;
    settings.cool_down = 1;
    pthread_mutex_init(&race.lock, NULL);
    world_service(race.world, &settings);
    for (unsigned i = 0; i < NUMBERS; i++)
        world_number(race.world, arena_printf(race.world->arena, "+1555999%04u", i), NULL);
    struct runner runners[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){.race = &race, .random = i + 1};
        pthread_mutex_init(&runners[i].lock, NULL);
        pthread_cond_init(&runners[i].done, NULL);
        ck_assert_int_eq(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    }
    for (int i = 0; i < 50; i++)
        check_routes(race.world); /* while it goes on */
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(runners[i].thread, NULL);
    ck_assert_uint_gt(check_routes(race.world), 0);
    check_uses(race.world);
    ck_assert_uint_gt(atomic_load(&race.made), THREADS * STEPS / 10);
    ck_assert_uint_gt(atomic_load(&race.refused), 0);
    world_close(race.world);
}
END_TEST

/* One person comes into as many sessions at once as there are numbers: each caller gets one, and none hears of the others. */

enum { AT_ONCE = 40 };

struct arrival {
    struct world *world;
    atomic_uint *left;
    char identifiers[2][32];
    const char *texts[2];
    struct participant_draft people[2];
    struct session_draft draft;
    char proxy[32];
};

static void arrived(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    (void)service;
    struct arrival *arrival = data;
    if (!error)
        snprintf(arrival->proxy, sizeof arrival->proxy, "%s",
                 session->participants[0]->bindings[0]->proxy_identifier);
    atomic_fetch_sub(arrival->left, 1);
}

static void *arrive(void *data)
{
    struct arrival *arrival = data;
    arrival->draft = (struct session_draft){.service = arrival->world->service,
                                            .participants = arrival->people,
                                            .participant_count = 2};
    sessions_create(arrival->world->masking, &arrival->draft, arrived, arrival);
    return NULL;
}

/* holds: CON-05 CON-08 */
START_TEST(one_person_in_many_at_once)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    static struct arrival arrivals[AT_ONCE];
    pthread_t threads[AT_ONCE];
    atomic_uint left = AT_ONCE;
    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct arrival *arrival = &arrivals[i];
        *arrival = (struct arrival){.world = world, .left = &left};
        snprintf(arrival->identifiers[0], 32, "+15551230000");
        snprintf(arrival->identifiers[1], 32, "+1555200%04u", i);
        for (unsigned j = 0; j < 2; j++) {
            arrival->texts[j] = arrival->identifiers[j];
            arrival->people[j] = (struct participant_draft){.identifiers = &arrival->texts[j],
                                                            .identifier_count = 1};
        }
        world_number(world, arena_printf(world->arena, "+1555999%04u", i), NULL);
    }
    for (unsigned i = 0; i < AT_ONCE; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, arrive, &arrivals[i]), 0);
    for (unsigned i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    while (atomic_load(&left))
        sched_yield();
    for (unsigned i = 0; i < AT_ONCE; i++) {
        ck_assert_str_ne(arrivals[i].proxy, "");
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(arrivals[i].proxy, arrivals[j].proxy);
    }
    ck_refused(call_talk(world, "+15551230000", NULL), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

SUITE_MAIN("race", routes_are_never_shared, one_person_in_many_at_once)
