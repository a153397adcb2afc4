#include "server/masking/rows/kept.h"

#include "server/masking/internal.h"
#include "server/masking/messages/accept.h"
#include "server/masking/rows/known.h"
#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xorshift */
static uint32_t roll(uint32_t *state, uint32_t sides)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % sides;
}

/* Sessions as they are kept, beside sessions as their rows say. */

enum { TALKS = 5, PAIRS = 2 * TALKS, STEPS = 400 };

static const char *const PEOPLE[PAIRS] = {
    "+15551230001", "+15551230002", "+15551230003", "+15551230004", "+15551230005",
    "+15551230006", "+15551230007", "+15551230008", "+15551230009", "+15551230010",
};

/* ---- decisions of the test's own ---- */

struct looking {
    struct command command;
    struct world *world;
    const struct talk *talk;
    bool writes;        /* a message, and is undone */
    const void *shared; /* what the kept session points to */
    enum command_outcome outcome;
    _Atomic bool done;
};

static struct bytes pack(const Maskline__Store__V1__Session *session, struct arena *arena)
{
    size_t size = maskline__store__v1__session__get_packed_size(session);
    uint8_t *bytes = arena_alloc(arena, size);
    ck_assert_ptr_nonnull(bytes);
    maskline__store__v1__session__pack(session, bytes);
    return (struct bytes){bytes, size};
}

/* The kept one, after a look whether it is as its row says. */
static Maskline__Store__V1__Session *look(struct looking *looking, struct rows *rows)
{
    sid_bytes sid;
    struct error error;
    struct log_id log = world_log(looking->world);
    ck_assert(sid_parse("KC", looking->talk->session, sid));
    Maskline__Store__V1__Session *kept, *read;
    enum kv_found found =
        kept_session(looking->world->masking->kept, rows, log_service(&log), sid, &kept, &error);
    ck_assert_int_eq(rows_session(rows, log_service(&log), sid, &read, &error), found);
    if (found != KV_FOUND)
        return NULL;
    struct bytes want = pack(read, rows->arena), have = pack(kept, rows->arena);
    ck_assert_uint_eq(have.size, want.size);
    ck_assert_mem_eq(have.data, want.data, want.size);
    looking->shared = kept->participants;
    return kept;
}

static bool decide(struct command *command, struct txn *txn)
{
    struct looking *looking = (struct looking *)command;
    struct world *world = looking->world;
    struct rows rows = rows_of_txn(txn, world->store);
    Maskline__Store__V1__Session *session = look(looking, &rows);
    if (!looking->writes || !session)
        return true;
    struct log_id log = world_log(world);
    struct error error;
    struct acceptance acceptance = {.session = session, .life = HOUR};
    known_begin(world->masking->known);
    ck_assert_int_eq(
        known_service(world->masking->known, &rows, log_service(&log), &acceptance.service, &error),
        KV_FOUND);
    Maskline__Store__V1__Content content = MASKLINE__STORE__V1__CONTENT__INIT;
    Maskline__Store__V1__Interaction *made;
    acceptance.content = &content;
    acceptance.recipients[acceptance.recipient_count++] = session->participants[0];
    ck_assert(message_accept(&rows, &acceptance, &made, &error));
    ck_assert_int_eq(look(looking, &rows)->last_interaction_time, rows.now);
    return false;
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error;
    struct looking *looking = (struct looking *)command;
    looking->outcome = outcome;
    looking->done = true;
}

/* What the kept session points to. */
static const void *run(struct world *world, const struct talk *talk, bool writes)
{
    struct looking looking = {.command = {.decide = decide, .done = finish},
                              .world = world,
                              .talk = talk,
                              .writes = writes};
    do {
        looking.done = false;
        pipeline_submit(masking_pipeline(world->masking), &looking.command);
        while (!looking.done)
            sched_yield();
    } while (looking.outcome != COMMAND_DURABLE); /* the store is opened again */
    return looking.shared;
}

static struct world *world_of_talks(struct talk ret_talks[TALKS])
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    for (unsigned i = 0; i < TALKS; i++)
        ret_talks[i] = world_talk(world, PEOPLE[2 * i], PEOPLE[2 * i + 1], 0);
    return world;
}

START_TEST(is_kept_from_message_to_message)
{
    struct talk talks[TALKS];
    struct world *world = world_of_talks(talks);
    const void *first = run(world, talks, false);
    for (int i = 0; i < 10; i++) {
        ck_accepted(world_text(world, PEOPLE[0], talks[0].proxy_a, "x"));
        ck_assert_ptr_eq(run(world, talks, false), first);
    }
    world_run(world);
    ck_assert_ptr_eq(run(world, talks, false), first);
    ck_assert_uint_eq(world_session(world, talks)->interaction_count, 10);
    world_close(world);
}
END_TEST

/* What a decision wrote that came to nothing is not taken for the session. */
START_TEST(what_is_undone_does_not_count)
{
    struct talk talks[TALKS];
    struct world *world = world_of_talks(talks);
    for (int i = 0; i < 10; i++) {
        run(world, talks, true);
        run(world, talks, false);
        ck_assert_uint_eq(world_session(world, talks)->interaction_count, (unsigned)i);
        ck_accepted(world_text(world, PEOPLE[0], talks[0].proxy_a, "x"));
    }
    world_close(world);
}
END_TEST

/* Two that fall into one place do not drive each other out. */
START_TEST(many_are_kept_at_once)
{
    enum { MANY = 200 };
    static struct talk talks[MANY];
    const void *first[MANY];
    unsigned kept = 0;
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    for (unsigned i = 0; i < MANY; i++) {
        char one[16], other[16];
        snprintf(one, sizeof one, "+1555123%04u", 2 * i);
        snprintf(other, sizeof other, "+1555123%04u", 2 * i + 1);
        talks[i] = world_talk(world, one, other, 0);
    }
    for (unsigned i = 0; i < MANY; i++)
        first[i] = run(world, &talks[i], false);
    for (unsigned i = 0; i < MANY; i++)
        kept += run(world, &talks[i], false) == first[i];
    ck_assert_uint_ge(kept, MANY - 1);
    world_close(world);
}
END_TEST

static void change(struct world *world, struct talk *talk, unsigned index, uint32_t what)
{
    struct pipeline *pipeline = masking_pipeline(world->masking);
    struct error error;
    switch (what) {
    case 0:
        run(world, talk, true);
        break;
    case 1: /* a group that is said to have failed */
        atomic_store(&world->denies, true);
        (void)world_text(world, PEOPLE[2 * index], talk->proxy_a, "x");
        break;
    case 2: /* what lay in memory comes from the engine */
        (void)pipeline_flush(pipeline, &error);
        break;
    case 3:
        (void)call_session_update(world,
                                  (struct session_change){.service = world->service,
                                                          .session = talk->session,
                                                          .set_ttl = true,
                                                          .ttl_given = true,
                                                          .ttl = world_now(world) % HOUR + DAY});
        break;
    case 4:
        world_delete_talk(world, talk);
        *talk = world_talk(world, PEOPLE[2 * index], PEOPLE[2 * index + 1], 0);
        break;
    case 5:
        world_leave(world, talk, talk->b);
        world_delete_talk(world, talk);
        *talk = world_talk(world, PEOPLE[2 * index], PEOPLE[2 * index + 1], 0);
        break;
    case 6:
        world_move(world, SECOND);
        world_run(world);
        break;
    default:
        (void)world_text(world, PEOPLE[2 * index], talk->proxy_a, "x");
        break;
    }
}

START_TEST(is_what_the_row_says_whatever_happens)
{
    struct talk talks[TALKS];
    struct world *world = world_of_talks(talks);
    uint32_t dice = 2463534242;
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned index = roll(&dice, TALKS);
        change(world, &talks[index], index, roll(&dice, 12));
        run(world, &talks[index], false);
    }
    world_close(world);
}
END_TEST

/* ---- numbers ---- */

/* As a pool has them: one behind the other. */
enum { NUMBERS = 10 };

struct looking_at_numbers {
    struct command command;
    struct world *world;
    const void *shared[NUMBERS]; /* what the kept numbers point to */
    _Atomic bool done;
};

static bool decide_of_numbers(struct command *command, struct txn *txn)
{
    struct looking_at_numbers *looking = (struct looking_at_numbers *)command;
    struct rows rows = rows_of_txn(txn, looking->world->store);
    struct log_id log = world_log(looking->world);
    rows.kept = looking->world->masking->kept;
    for (unsigned i = 0; i < NUMBERS; i++) {
        char proxy[16];
        struct error error;
        Maskline__Store__V1__PhoneNumber *number;
        snprintf(proxy, sizeof proxy, "+1555999000%u", i);
        ck_assert_int_eq(rows_number(&rows, log_service(&log), proxy, &number, &error), KV_FOUND);
        ck_assert_str_eq(number->phone_number, proxy);
        looking->shared[i] = number->phone_number;
    }
    return true;
}

static void finish_numbers(struct command *command, enum command_outcome outcome,
                           const struct error *error)
{
    (void)outcome, (void)error;
    ((struct looking_at_numbers *)command)->done = true;
}

static void look_at_numbers(struct looking_at_numbers *looking)
{
    looking->command = (struct command){.decide = decide_of_numbers, .done = finish_numbers};
    looking->done = false;
    pipeline_submit(masking_pipeline(looking->world->masking), &looking->command);
    while (!looking->done)
        sched_yield();
}

/* They differ in their last digits alone, and have places of their own nevertheless. */
START_TEST(numbers_of_a_pool_are_kept_together)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    for (unsigned i = 0; i < NUMBERS; i++) {
        char proxy[16];
        snprintf(proxy, sizeof proxy, "+1555999000%u", i);
        world_number(world, proxy, NULL);
    }
    struct looking_at_numbers first = {.world = world}, again = {.world = world};
    look_at_numbers(&first);
    look_at_numbers(&again);
    for (unsigned i = 0; i < NUMBERS; i++)
        ck_assert_ptr_eq(first.shared[i], again.shared[i]);
    world_close(world);
}
END_TEST

/* ---- readers ---- */

/* What the Service's record points to, after a look whether it says that. */
static const void *read_service(struct world *world, struct view *view, unsigned rate)
{
    Maskline__Store__V1__Service *service;
    struct error error;
    ck_assert_ptr_nonnull(view);
    ck_assert(services_get(view, world->store, world->service, world->arena, &service, &error));
    ck_assert_int_eq(service->settings->requests_per_second, rate);
    return service->settings;
}

static const void *read_briefly(struct world *world, unsigned rate)
{
    struct view *view = masking_view_begin(world->masking);
    const void *shared = read_service(world, view, rate);
    masking_view_end(world->masking, view);
    return shared;
}

/* Each as of its own view, whichever was there before. */
START_TEST(readers_have_services_as_their_rows_say)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    for (unsigned rate = 1; rate <= 10; rate++) {
        struct view *older = masking_view_begin(world->masking);
        struct service_change change = {.service = world->service,
                                        .settings = service_settings_unset()};
        change.settings.requests_per_second = rate;
        ck_done(call_service_update(world, &change));
        const void *first = read_briefly(world, rate);
        ck_assert_ptr_eq(read_briefly(world, rate), first);
        read_service(world, older, rate - 1);
        masking_view_end(world->masking, older);
        read_briefly(world, rate);
    }
    world_close(world);
}
END_TEST

SUITE_MAIN("kept", is_kept_from_message_to_message, what_is_undone_does_not_count,
           many_are_kept_at_once, is_what_the_row_says_whatever_happens,
           numbers_of_a_pool_are_kept_together, readers_have_services_as_their_rows_say)
