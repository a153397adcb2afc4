/*
 * A Service, two numbers, a session, a message, a call from its making to its end: each made with one allocation that fails. What was acknowledged is there after the
 * store was opened again; what was refused says why, and goes well the next time.
 *
 * MASKLINE_LONG=1 tries every allocation, else about forty are picked over all of them.
 */
#include "server/masking/calls/calls.h"
#include "server/masking/ingress.h"
#include "server/masking/messages/interactions.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/services/services.h"
#include "server/masking/sessions/sessions.h"
#include "tests/stress/allocation/failing.h"
#include "proto/c/sid.h"
#include "tests/unit/storage/tools.h"

#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PICKED = 40, SID_ROOM = 40, PATIENCE_MS = 10000 };

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
}

struct place {
    struct manual_clock clock;
    struct store *store;
    struct masking *masking;
    struct carrier_port carrier;
    /* Of the call that was placed, and how often it was to be hung up. */
    char key[CALL_KEY_SIZE];
    _Atomic unsigned placed, hung_up;
};

/* ---- one call at a time ---- */

struct wait {
    _Atomic bool done;
    struct error error;
    char sid[SID_ROOM];
    char first[SID_ROOM]; /* of a session's participants */
};

static void finish(struct wait *wait, const struct error *error)
{
    error_clear(&wait->error);
    if (error)
        wait->error = *error;
    atomic_store(&wait->done, true);
}

/* Something may have been made or not: the store says so when it fails in the midst of a write. */
static bool unknown;

/* Refused, and nothing made: no memory, or the store is being opened again for want of it. */
static bool refused(const struct error *error)
{
    return error->code == STATUS_RESOURCE_EXHAUSTED || error->code == STATUS_UNAVAILABLE;
}

static bool ended_well(struct wait *wait, const char *what)
{
    while (!atomic_load(&wait->done))
        sched_yield();
    if (wait->error.code == STATUS_OK)
        return true;
    failing_pause();
    unknown = unknown || wait->error.code == STATUS_UNKNOWN;
    ck_assert_msg(refused(&wait->error) || wait->error.code == STATUS_UNKNOWN, "%s: %s %s: %s",
                  what, status_code_name(wait->error.code), wait->error.reason,
                  wait->error.message);
    failing_resume();
    return false;
}

static void service_made(void *data, const Maskline__Store__V1__Service *service,
                         const struct error *error)
{
    (void)service;
    finish(data, error);
}

static void number_made(void *data, const struct number_result *result, const struct error *error)
{
    (void)result;
    finish(data, error);
}

static void session_made(void *data, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct wait *wait = data;
    (void)service;
    if (session) {
        struct sid_text sid = sid_format("KC", session->sid.data);
        struct sid_text first = sid_format("KP", session->participants[0]->sid.data);
        memcpy(wait->sid, sid.text, sizeof(sid.text));
        memcpy(wait->first, first.text, sizeof(first.text));
    }
    finish(wait, error);
}

static void message_made(void *data, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Interaction *interaction,
                         const struct error *error)
{
    (void)service;
    (void)interaction;
    finish(data, error);
}

static bool make_service(struct place *place)
{
    struct wait wait = {.done = false};
    const struct service_draft draft = {.unique_name = "rides",
                                        .settings = service_settings_unset()};
    services_create(place->masking, &draft, service_made, &wait);
    return ended_well(&wait, "service");
}

static bool make_number(struct place *place, const char *number)
{
    struct wait wait = {.done = false};
    const struct number_draft draft = {
        .service = "rides", .phone_number = number, .sms = true, .mms = true, .voice = true};
    numbers_add(place->masking, &draft, number_made, &wait);
    return ended_well(&wait, number);
}

static bool make_session(struct place *place, struct wait *wait)
{
    static const char *const ann[] = {"+15551230001"};
    static const char *const ben[] = {"+15551230002"};
    const struct participant_draft people[] = {{.identifiers = ann, .identifier_count = 1},
                                               {.identifiers = ben, .identifier_count = 1}};
    const struct session_draft draft = {
        .service = "rides", .unique_name = "trip", .participants = people, .participant_count = 2};
    *wait = (struct wait){.done = false};
    sessions_create(place->masking, &draft, session_made, wait);
    return ended_well(wait, "session");
}

static bool send_message(struct place *place, const struct wait *session)
{
    struct wait wait = {.done = false};
    const struct message_draft draft = {.service = "rides",
                                        .session = session->sid,
                                        .participant = session->first,
                                        .body = "On my way."};
    interactions_send(place->masking, &draft, message_made, &wait);
    return ended_well(&wait, "message");
}

/* ---- a call ---- */

static void call_made(void *data, const Maskline__Store__V1__Service *service,
                      const Maskline__Store__V1__Interaction *interaction,
                      const struct error *error)
{
    struct wait *wait = data;
    (void)service;
    if (interaction) {
        struct sid_text sid = sid_format("KI", interaction->sid.data);
        memcpy(wait->sid, sid.text, sizeof(sid.text));
    }
    finish(wait, error);
}

static bool place_call(struct place *place, const struct wait *session, struct wait *wait)
{
    const struct call_draft draft = {
        .service = "rides", .session = session->sid, .participant = session->first};
    *wait = (struct wait){.done = false};
    calls_place(place->masking, &draft, call_made, wait);
    return ended_well(wait, "call");
}

static void reported(void *data, const struct call_answer *answer)
{
    finish(data, answer->error);
}

static bool report(struct place *place, enum call_side side, enum call_status status)
{
    struct wait wait = {.done = false};
    const struct call_progress progress = {
        .carrier = "one", .key = place->key, .side = side, .status = status, .seconds = -1};
    ingress_call_progress(place->masking, &progress, reported, &wait);
    return ended_well(&wait, "progress");
}

static bool hang_up(struct place *place, const struct wait *session, const struct wait *call)
{
    struct wait wait = {.done = false};
    const struct interaction_name name = {"rides", session->sid, call->sid};
    calls_end(place->masking, &name, message_made, &wait);
    return ended_well(&wait, "end of a call");
}

static unsigned abilities(void *data)
{
    (void)data;
    return CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_PLACE | CALL_CAN_SPEAK | CALL_CAN_ASK_KEY;
}

static bool take_call(void *data, const struct call_plan *plan)
{
    struct place *place = data;
    memcpy(place->key, plan->key, strlen(plan->key) + 1);
    atomic_fetch_add(&place->placed, 1);
    return true;
}

static void hear_hang_up(void *data, const char *key)
{
    struct place *place = data;
    /* A start tells it of what it had not got before. */
    failing_assert(!*place->key || !strcmp(place->key, key));
    atomic_fetch_add(&place->hung_up, 1);
}

static const struct call_port CALLS = {abilities, take_call, hear_hang_up};

/* ---- opening ---- */

static bool idempotent(void *data)
{
    (void)data;
    return true;
}

static void send_nothing(void *data, const struct outbound_message *message, void *attempt)
{
    struct place *place = data;
    (void)message;
    ingress_sent(place->masking, attempt,
                 &(struct send_result){.outcome = SEND_TAKEN, .provider_id = "provider"});
}

static bool open_place(struct place *place, const char *path, struct error *error)
{
    manual_clock_set(&place->clock, INT64_C(1900000000000000));
    place->carrier = (struct carrier_port){
        .data = place,
        .name = "one",
        .idempotent = idempotent,
        .send = send_nothing,
        .calls = &CALLS,
    };
    const struct store_options options = {.path = path, .clock = clock_manual(&place->clock)};
    if (!store_open(&options, &place->store, error))
        return false;
    const struct masking_options masking = {.store = place->store, .manual_timers = true};
    return masking_new(&masking, &place->masking, error) &&
           ingress_add_carrier(place->masking, &place->carrier, error) &&
           masking_start(place->masking, error);
}

static void close_place(struct place *place)
{
    masking_free(place->masking);
    store_close(place->store);
}

/* ---- the scenario ---- */

/* How far it came. */
struct made {
    bool service;
    bool numbers[2];
    bool session;
    struct wait as; /* its SIDs */
    int messages;
    struct wait call; /* its SID */
    bool placed, connected, to_end, ended;
};

/* Makes what is not made yet; what was refused can be asked for again. */
static void make_all(struct place *place, struct made *made)
{
    static const char *const numbers[] = {"+15557770001", "+15557770002"};
    made->service = made->service || make_service(place);
    if (!made->service)
        return;
    for (int i = 0; i < 2; i++)
        made->numbers[i] = made->numbers[i] || make_number(place, numbers[i]);
    if (!made->numbers[0] || !made->numbers[1])
        return;
    made->session = made->session || make_session(place, &made->as);
    if (!made->session)
        return;
    made->messages += !made->messages && send_message(place, &made->as);
    masking_run_due(place->masking);
    made->placed = made->placed || place_call(place, &made->as, &made->call);
    if (!made->placed || !atomic_load(&place->placed))
        return;
    made->connected = made->connected || (report(place, CALL_FIRST, CALL_PICKED_UP) &&
                                          report(place, CALL_SECOND, CALL_CONNECTED));
    made->to_end = made->connected && (made->to_end || hang_up(place, &made->as, &made->call));
    masking_run_due(place->masking);
    if (made->to_end && atomic_load(&place->hung_up))
        made->ended = made->ended || report(place, CALL_SECOND, CALL_COMPLETED);
}

static void check(const char *path, const struct made *made)
{
    struct place place = {.store = NULL};
    struct error error;
    struct session_result session;
    struct interaction_list list = {.count = 0};
    ck_assert_msg(open_place(&place, path, &error), "%s", error.message);
    struct arena *arena = arena_new(1 << 20);
    struct view *view = view_open(place.store);
    ck_assert(arena && view);
    if (made->session) {
        ck_assert(sessions_get(view, place.store, "rides", "trip", arena, &session, &error));
        ck_assert_uint_eq(session.session->n_participants, 2);
        ck_assert(interactions_list(view, place.store, "rides", "trip",
                                    &(struct interaction_filter){.outbound_statuses = 0},
                                    &(struct page){.size = 100}, arena, &list, &error));
    }
    size_t count = (size_t)made->messages + made->placed;
    ck_assert_uint_ge(list.count, count);
    ck_assert_uint_le(list.count, count + (unknown ? 1 : 0));
    if (made->ended) {
        ck_assert_uint_eq(session.session->n_live_calls, 0);
        /* What was refused at first came after it. */
        const Maskline__Store__V1__Interaction *first = list.interactions[0];
        const Maskline__Store__V1__Call *call =
            first->call ? first->call : list.interactions[1]->call;
        ck_assert(call && call->connect_time && call->end_time);
    }
    view_close(view);
    arena_free(arena);
    close_place(&place);
}

/* With nothing that fails it is `count_all`. */
static bool run(long nth, long *ret_count)
{
    struct folder folder = folder_make();
    const char *path = folder_file(&folder, "store");
    struct place place = {.store = NULL};
    struct made made = {.service = false};
    struct error error;
    unknown = false;
    failing_start(nth, false);
    bool opened = open_place(&place, path, &error);
    if (opened)
        make_all(&place, &made);
    *ret_count = failing_count();
    bool hit = failing_end();
    if (!opened)
        ck_assert_msg(error.code == STATUS_RESOURCE_EXHAUSTED, "opening: %s %s",
                      status_code_name(error.code), error.message);
    for (int tries = 0; opened && !unknown && !(made.messages && made.ended) && tries < PATIENCE_MS;
         tries++) {
        make_all(&place, &made);
        pause_a_little();
    }
    ck_assert_msg(
        !opened || unknown || (made.messages == 1 && made.ended),
        "allocation %ld: %d messages, placed %d, connected %d, to end %d, told %u, ended %d", nth,
        made.messages, made.placed, made.connected, made.to_end,
        (unsigned)atomic_load(&place.hung_up), made.ended);
    close_place(&place);
    check(path, &made);
    folder_remove(&folder);
    return hit;
}

START_TEST(nothing_is_lost)
{
    long count, ignored;
    ck_assert(!run(LONG_MAX, &count));
    ck_assert_int_gt(count, 50);
    long step = getenv("MASKLINE_LONG") ? 1 : count / PICKED + 1;
    int hits = 0;
    for (long nth = 1; nth <= count; nth += step)
        hits += run(nth, &ignored);
    ck_assert_int_gt(hits, 10);
}
END_TEST

SUITE_MAIN("masking", nothing_is_lost)
