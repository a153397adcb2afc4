#include "server/masking/messages/interactions.h"
#include "server/masking/policies/age.h"
#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Interactions that a Service does not keep any more, while their sessions live on. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_of(const char *path, int64_t retention)
{
    struct service_settings settings = service_settings_unset();
    settings.notices = &nothing_is_told;
    settings.interaction_retention = retention;
    return world_with_two(path, NULL, &settings);
}

static void keep_for(struct world *world, int64_t retention)
{
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.interaction_retention = retention;
    ck_done(call_service_update(world, &change));
}

/* How many rows the session's interactions have in the store. */
static unsigned stored(struct world *world, const char *session)
{
    struct log_id log = world_log(world);
    uint8_t sid[SID_BYTES];
    ck_assert(sid_parse("KC", session, sid));
    return world_rows(world, KV_LIVE, key_interactions(log_tenant(&log), log_service(&log), sid));
}

static struct error get_error;

static bool shown(struct world *world, const struct talk *talk, const char *interaction)
{
    struct view *view = masking_view(world->masking);
    struct interaction_result result;
    bool found = interactions_get(view, world->store, world->service, talk->session, interaction,
                                  world->arena, &result, &get_error);
    view_close(view);
    return found;
}

static void say(struct world *world, const struct talk *talk, const char *body, char ret_sid[40])
{
    ck_accepted(world_text(world, ANN, talk->proxy_a, body));
    const Maskline__Store__V1__Interaction *made =
        world_last(world, CHANGE(INTERACTION_CREATED))->interaction_created->interaction;
    snprintf(ret_sid, 40, "%s", sid_format("KI", made->sid.data).text);
}

struct told {
    _Atomic int done;
    struct error error;
};

static void tell(void *data, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    (void)service;
    (void)interaction;
    struct told *told = data;
    error_clear(&told->error);
    if (error)
        told->error = *error;
    told->done = 1;
}

typedef void (*change_call)(struct masking *masking, const struct interaction_name *name,
                            interaction_done done, void *data);

static const char *change(struct world *world, change_call call, const struct talk *talk,
                          const char *interaction)
{
    static struct told told;
    const struct interaction_name name = {world->service, talk->session, interaction};
    told.done = 0;
    call(world->masking, &name, tell, &told);
    while (!told.done)
        sched_yield();
    return told.error.reason;
}

/* holds: INT-13 */
START_TEST(old_ones_go_while_their_session_lives)
{
    struct world *world = world_of(NULL, DAY);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    char first[40], second[40];
    say(world, &talk, "one", first);
    world_run(world);
    world_move(world, DAY / 2);
    say(world, &talk, "two", second);
    world_run(world);
    world_move(world, DAY / 2 - 1);
    ck_assert(shown(world, &talk, first));
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    /* To the tick, and before anybody has come to drop it. */
    world_move(world, 1);
    ck_assert(!shown(world, &talk, first));
    ck_assert_str_eq(get_error.reason, "INTERACTION_NOT_FOUND");
    ck_assert_int_eq(get_error.original, 80610);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    ck_assert_str_eq(world_interaction(world, &talk, 0)->content->body, "two");
    ck_assert_str_eq(change(world, interactions_redact, &talk, first), "INTERACTION_NOT_FOUND");
    ck_assert_str_eq(change(world, interactions_delete, &talk, first), "INTERACTION_NOT_FOUND");
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(stored(world, talk.session), 1);
    ck_assert(shown(world, &talk, second));
    /* The session is as it was, and counts on. */
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_uint_eq(session->interaction_count, 2);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "three"));
    ck_assert_uint_eq(world_session(world, &talk)->interaction_count, 3);
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    world_close(world);
}
END_TEST

/* holds: INT-13 */
START_TEST(what_waits_is_kept)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.interaction_retention = HOUR;
    settings.max_message_life = 7 * DAY;
    settings.cool_down = 8 * DAY;
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    char waits[40], held[40];
    world->carriers[0].outcome = SEND_RETRY;
    say(world, &talk, "waits", waits);
    world_run(world);
    world_move(world, 3 * HOUR);
    world->carriers[0].holds = true;
    say(world, &talk, "held", held);
    world_run(world);
    world_move(world, 3 * HOUR);
    ck_assert(shown(world, &talk, waits));
    ck_assert(shown(world, &talk, held));
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    for (int i = 0; i < 3; i++) {
        world_run(world);
        world_move(world, HOUR);
    }
    ck_assert_uint_eq(stored(world, talk.session), 2);
    /* It is sent whenever it can be, and goes then. */
    world->carriers[0].holds = false;
    world->carriers[0].outcome = SEND_TAKEN;
    for (unsigned i = 0; i < world->carriers[0].count; i++)
        if (world->carriers[0].sent[i].attempt)
            world_answer(world, &world->carriers[0].sent[i], SEND_TAKEN);
    world_move(world, HOUR);
    world_run(world);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(stored(world, talk.session), 0);
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_attempts(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

/* A receipt, and the carrier's message itself, may come again when it has gone. */
START_TEST(late_news_of_what_has_gone)
{
    struct world *world = world_of(NULL, HOUR);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const struct inbound_message message = {
        .carrier = "one", .provider_id = "7", .from = ANN, .to = talk.proxy_a, .body = "x"};
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    world_move(world, 3 * HOUR);
    world_run(world);
    ck_assert_uint_eq(stored(world, talk.session), 0);
    struct answer again = world_hand_in(world, &message);
    ck_accepted(again);
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    ck_assert_int_eq(world_receipt(world, "one", world_sent(world, 0, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_str_eq(world_last(world, CHANGE(WARNING))->warning->reason, "INTERACTION_DELETED");
    ck_assert_uint_eq(stored(world, talk.session), 0);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* holds: INT-13 */
START_TEST(what_cannot_be_read_keeps_no_other)
{
    struct world *world = world_of(NULL, DAY);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct log_id log = world_log(world);
    struct swap swap = {.row = {0xff}, .size = 1};
    char made[3][40];
    sid_bytes session, sid;
    for (int i = 0; i < 3; i++)
        say(world, &talk, "old", made[i]);
    world_run(world);
    ck_assert(sid_parse("KC", talk.session, session) && sid_parse("KI", made[1], sid));
    swap.key = key_interaction(TENANT_DEFAULT, log_service(&log), session, sid);
    world_swap(world, &swap);
    world_move(world, DAY + HOUR);
    world_run(world);
    ck_assert_uint_eq(stored(world, talk.session), 1);
    /* When it can be read again it goes with the next walk. */
    world_swap(world, &swap);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(stored(world, talk.session), 0);
    world_close(world);
}
END_TEST

enum { TALKS = 40, LONG = 700 };

/* Many sessions with a few, and one with many; all of them old, and one more of each that is not. */
static void fill(struct world *world, struct talk *ret_talks)
{
    for (int i = 0; i < TALKS; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        ret_talks[i] = world_talk(world, a, b, 0);
        for (int n = 0; n < (i == TALKS / 2 ? LONG : 3); n++)
            ck_accepted(world_text(world, a, ret_talks[i].proxy_a, "x"));
    }
    world_run(world);
    world_move(world, DAY / 2);
    for (int i = 0; i < TALKS; i++)
        for (int n = 0; n < (i == 3 ? 100 : 1); n++)
            ck_accepted(world_text(world, ret_talks[i].person_a, ret_talks[i].proxy_a, "young"));
    world_run(world);
}

static unsigned stored_in_all(struct world *world, const struct talk *talks)
{
    unsigned count = 0;
    for (int i = 0; i < TALKS; i++)
        count += stored(world, talks[i].session);
    return count;
}

/* holds: INT-13 */
START_TEST(many_go_in_pieces)
{
    struct world *world = world_of(NULL, DAY);
    static struct talk talks[TALKS];
    fill(world, talks);
    ck_assert_uint_eq(stored_in_all(world, talks), 3 * (TALKS - 1) + LONG + TALKS + 99);
    world_move(world, DAY / 2);
    world_move(world, HOUR);
    atomic_store(&world->keys_most, 0);
    uint64_t entries = world_entries(world);
    world_run(world);
    ck_assert_uint_le(atomic_load(&world->keys_most), 160);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert_uint_eq(stored_in_all(world, talks), TALKS + 99);
    for (int i = 0; i < TALKS; i++)
        ck_assert_str_eq(world_interaction(world, &talks[i], 0)->content->body, "young");
    world_close(world);
}
END_TEST

/* holds: INT-13 */
START_TEST(it_goes_on_after_a_crash)
{
    char path[] = "/tmp/maskline-aging-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of(path, DAY);
    static struct talk talks[TALKS];
    fill(world, talks);
    world_move(world, DAY / 2);
    world_move(world, HOUR);
    /* A piece whose write is said to have failed is looked for again. */
    atomic_store(&world->denies, true);
    world_run(world);
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(stored_in_all(world, talks), TALKS + 99);
    /* What has become too old while the server was down, too. */
    world_move(world, DAY);
    world_restart(world);
    ck_assert_uint_eq(world_interactions(world, &talks[0]), 0);
    world_run(world);
    ck_assert_uint_eq(stored_in_all(world, talks), 0);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: INT-13 */
START_TEST(the_setting_holds_for_what_there_is)
{
    struct world *world = world_of(NULL, 0);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    char sid[40];
    say(world, &talk, "x", sid);
    world_run(world);
    world_move(world, 400 * DAY);
    ck_assert(shown(world, &talk, sid)); /* it is off */
    keep_for(world, DAY);
    ck_assert(!shown(world, &talk, sid));
    keep_for(world, 500 * DAY);
    ck_assert(shown(world, &talk, sid));
    world_run(world);
    ck_assert(shown(world, &talk, sid));
    keep_for(world, DAY);
    world_move(world, HOUR);
    world_run(world);
    keep_for(world, 0);
    ck_assert(!shown(world, &talk, sid));
    ck_assert_uint_eq(stored(world, talk.session), 0);
    world_close(world);
}
END_TEST

/* Another Service's stay, and so do ones of a session that has ended, for as long as those are kept. */
START_TEST(each_service_for_itself)
{
    struct world *world = world_of(NULL, DAY);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    char old[40], sid[40], first[40];
    say(world, &talk, "x", old);
    world_run(world);
    world_end_talk(world, &talk);
    memcpy(first, world->service, sizeof first);
    world_service(world, NULL);
    world_number(world, "+15559990011", NULL);
    world_number(world, "+15559990012", NULL);
    struct talk other = world_talk(world, ANN, BOB, 0);
    say(world, &other, "x", sid);
    world_run(world);
    world_move(world, 2 * DAY);
    world_run(world);
    ck_assert(shown(world, &other, sid));
    ck_assert_uint_eq(stored(world, other.session), 1);
    memcpy(world->service, first, sizeof first);
    ck_assert(!shown(world, &talk, old));
    ck_assert_uint_eq(stored(world, talk.session), 0);
    ck_assert(world_has_session(world, &talk));
    /* It can be opened again, deleted, and its Service with it. */
    ck_done(call_service_delete(world, first));
    world_run(world);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(
        world_rows(world, KV_LIVE, key_all_interactions(TENANT_DEFAULT, log_service(&log))), 0);
    world_close(world);
}
END_TEST

/* holds: INT-13 */
START_TEST(a_call_that_lives_is_kept)
{
    Maskline__Store__V1__Settings settings = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__Store__V1__Interaction interaction = MASKLINE__STORE__V1__INTERACTION__INIT;
    Maskline__Store__V1__Call call = MASKLINE__STORE__V1__CALL__INIT;
    settings.interaction_retention = HOUR;
    interaction.create_time = DAY;
    interaction.call = &call;
    ck_assert(interaction_kept(&settings, &interaction, DAY + 3 * HOUR));
    call.end_time = DAY + 3 * HOUR;
    ck_assert(!interaction_kept(&settings, &interaction, DAY + 3 * HOUR));
    ck_assert(interaction_kept(&settings, &interaction, DAY + HOUR - 1));
    settings.interaction_retention = 0;
    ck_assert(interaction_kept(&settings, &interaction, INT64_MAX / 2));
}
END_TEST

SUITE_MAIN("aging", what_cannot_be_read_keeps_no_other, a_call_that_lives_is_kept,
           old_ones_go_while_their_session_lives, what_waits_is_kept, late_news_of_what_has_gone,
           many_go_in_pieces, it_goes_on_after_a_crash, the_setting_holds_for_what_there_is,
           each_service_for_itself)
