#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Taking out what was said. */

#define ANN "+15551230001"
#define BOB "+15551230002"

struct told {
    _Atomic int done;
    struct error error;
    bool empty; /* the answer tells nothing of what was said */
};

static void tell(void *data, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    (void)service;
    struct told *told = data;
    error_clear(&told->error);
    if (error)
        told->error = *error;
    else
        told->empty = !*interaction->content->body && !interaction->content->n_media;
    told->done = 1;
}

typedef void (*change)(struct masking *masking, const struct interaction_name *name,
                       interaction_done done, void *data);

/* The reason of the refusal; "" when it is done. */
static const char *call(struct world *world, change make, const struct talk *talk, const char *sid)
{
    static struct told told;
    struct interaction_name name = {world->service, talk->session, sid};
    memset(&told, 0, sizeof told);
    make(world->masking, &name, tell, &told);
    while (!told.done)
        sched_yield();
    ck_assert(told.error.code != STATUS_OK || told.empty);
    return told.error.code == STATUS_OK ? "" : told.error.reason;
}

static const char *sid_at(struct world *world, const struct talk *talk, unsigned index)
{
    return arena_string(world->arena,
                        sid_format("KI", world_interaction(world, talk, index)->sid.data).text);
}

/* How often the words stand in the log. */
static unsigned said(struct world *world, const char *words)
{
    unsigned count = 0;
    for (uint64_t position = 1; position <= world_entries(world); position++) {
        const Maskline__Store__V1__Entry *entry = world_entry(world, position);
        ck_assert_ptr_nonnull(entry);
        size_t size = maskline__store__v1__entry__get_packed_size(entry);
        uint8_t *packed = arena_alloc(world->arena, size);
        maskline__store__v1__entry__pack(entry, packed);
        count += memmem(packed, size, words, strlen(words)) != NULL;
    }
    return count;
}

static struct world *world_of_two(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    return world;
}

/* holds: INT-12 EVT-04 */
START_TEST(content_goes_and_the_rest_stays)
{
    char path[] = "/tmp/maskline-redact-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of_two(path);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const struct ingress_media media[] = {{"https://example.org/secret.jpg", "image/jpeg"}};
    struct inbound_message message = {.carrier = "one",
                                      .provider_id = "1",
                                      .from = ANN,
                                      .to = talk.proxy_a,
                                      .body = "my door code is 4711",
                                      .media = media,
                                      .media_count = 1};
    ck_accepted(world_text(world, ANN, talk.proxy_a, "before"));
    ck_accepted(world_hand_in(world, &message));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "after"));
    world_run(world);
    ck_assert_uint_eq(said(world, "code is 4711") + said(world, "secret.jpg"), 2);
    const Maskline__Store__V1__Interaction *before = world_interaction(world, &talk, 1);
    uint64_t entries = world_entries(world);
    world_move(world, HOUR);
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, 1)), "");
    for (int round = 0; round < 2; round++) {
        const Maskline__Store__V1__Interaction *after = world_interaction(world, &talk, 1);
        ck_assert_str_eq(after->content->body, "");
        ck_assert_uint_eq(after->content->n_media, 0);
        ck_assert_int_eq(after->redact_time, world_now(world));
        ck_assert_int_eq(after->create_time, before->create_time);
        ck_assert_int_eq(after->outbound[0]->status, STATUS(SENT));
        ck_assert_str_eq(after->outbound[0]->provider_id, before->outbound[0]->provider_id);
        ck_assert_uint_eq(said(world, "code is 4711") + said(world, "secret.jpg"), 0);
        ck_assert_uint_eq(said(world, "before") + said(world, "after"), 2);
        ck_assert_uint_eq(world_entries(world), entries + 1);
        world_restart(world);
    }
    const Maskline__Store__V1__Entry *entry = world_entry(world, entries + 1);
    ck_assert_int_eq(entry->change_case, CHANGE(INTERACTION_REDACTED));
    ck_assert_mem_eq(entry->interaction_redacted->interaction.data, before->sid.data, SID_BYTES);
    ck_assert(!entry->interaction_redacted->deleted);
    /* Receipts still come, a repeat is still known, and a repeat of the redaction is none. */
    ck_assert(world_hand_in(world, &message).repeated);
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, 1)), "");
    ck_assert_uint_eq(world_entries(world), entries + 1);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: INT-12 */
START_TEST(what_waits_is_not_sent)
{
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "secret"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "next"));
    world_run(world);
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, 0)), "");
    world->carriers[0].outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "REDACTED");
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "next");
    ck_assert_uint_eq(world->carriers[0].count, 2);
    world_close(world);
}
END_TEST

/* What was to be tried again later is let go of at once: what was written after it does not wait for it. */
static void check_who_waits_behind(change make)
{
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "secret"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "next"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_str_eq(call(world, make, &talk, sid_at(world, &talk, 0)), "");
    world->carriers[0].outcome = SEND_TAKEN;
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "next");
    world_close(world);
}

START_TEST(nothing_waits_behind_it)
{
    check_who_waits_behind(interactions_redact);
    check_who_waits_behind(interactions_delete);
}
END_TEST

/* holds: INT-11 EVT-04 ERR-80307 */
START_TEST(deleted_for_good)
{
    char path[] = "/tmp/maskline-redact-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of_two(path);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "secret"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "other"));
    world_run(world);
    const char *sid = sid_at(world, &talk, 0);
    const char *key = world_sent(world, 0, 1)->key;
    ck_assert_str_eq(call(world, interactions_delete, &talk, sid), "");
    ck_assert_str_eq(call(world, interactions_delete, &talk, sid), "INTERACTION_NOT_FOUND");
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    ck_assert_uint_eq(said(world, "secret"), 0);
    ck_assert_uint_eq(world_session(world, &talk)->interaction_count, 2);
    ck_assert_int_eq(world_receipt(world, "one", key, RECEIPT_DELIVERED), STATUS_OK);
    const Maskline__Store__V1__Entry *warning = world_last(world, CHANGE(WARNING));
    ck_assert_int_eq(warning->warning->original_code, 80307);
    world_restart(world);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid), "INTERACTION_NOT_FOUND");
    /* One that was redacted before, and one that waits. */
    sid = sid_at(world, &talk, 0);
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid), "");
    ck_assert_str_eq(call(world, interactions_delete, &talk, sid), "");
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "waits"));
    world_run(world);
    unsigned sent = world->carriers[0].count;
    ck_assert_str_eq(call(world, interactions_delete, &talk, sid_at(world, &talk, 0)), "");
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, sent);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    /* And one that is being sent: nothing of it is left when its result has come. */
    static const enum send_outcome outcomes[] = {SEND_TAKEN, SEND_RETRY, SEND_LOST};
    for (unsigned i = 0; i < 3; i++) {
        world->carriers[0].holds = true;
        ck_accepted(world_text(world, ANN, talk.proxy_a, "on its way"));
        world_run(world);
        ck_assert_uint_eq(world->carriers[0].count, ++sent);
        ck_assert_str_eq(call(world, interactions_delete, &talk, sid_at(world, &talk, 0)), "");
        world_answer(world, world_sent(world, 0, 0), outcomes[i]);
        world->carriers[0].holds = false;
        world_run(world);
        ck_assert_uint_eq(
            world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))), 0);
    }
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, sent);
    ck_assert_str_eq(call(world, interactions_delete, &talk, "KI01"), "INVALID_SID");
    world_close(world);
    folder_remove(path);
}
END_TEST

/* Many entries of one instant, and a log whose beginning has gone. */
START_TEST(wherever_it_stands)
{
    struct service_settings settings = service_settings_unset();
    settings.event_retention = DAY;
    struct world *world = world_open(NULL);
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    for (int i = 0; i < 20; i++)
        ck_accepted(world_text(world, ANN, talk.proxy_a, i % 2 ? "odd" : "even"));
    world_run(world);
    for (unsigned i = 0; i < 20; i += 2)
        ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, i)), "");
    ck_assert_uint_eq(said(world, "even"), 0);
    ck_assert_uint_eq(said(world, "odd"), 10);
    world_move(world, 3 * DAY);
    world_run(world);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "late"));
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, 1)), "");
    ck_assert_str_eq(call(world, interactions_redact, &talk, sid_at(world, &talk, 20)), "");
    ck_assert_str_eq(world_interaction(world, &talk, 1)->content->body, "");
    const Maskline__Store__V1__Entry *last = world_last(world, CHANGE(INTERACTION_CREATED));
    ck_assert_str_eq(last->interaction_created->interaction->content->body, "");
    world_close(world);
}
END_TEST

SUITE_MAIN("redact", content_goes_and_the_rest_stays, what_waits_is_not_sent,
           nothing_waits_behind_it, deleted_for_good, wherever_it_stands)
