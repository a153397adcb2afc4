#include "tests/unit/server/masking/world.h"

#include <string.h>

/* What the network says of messages, in whatever order it comes. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_with_talk(struct talk *ret_talk)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", "one two");
    world_number(world, "+15559990002", "one two");
    *ret_talk = world_talk(world, ANN, BOB, 0);
    return world;
}

/* A message that the carrier has, and says nothing of yet. */
static struct sent *send_held(struct world *world, const struct talk *talk)
{
    world->carriers[0].holds = true;
    ck_accepted(world_text(world, ANN, talk->proxy_a, "x"));
    world_run(world);
    struct sent *sent = world_sent(world, 0, 0);
    ck_assert_ptr_nonnull(sent);
    return sent;
}

enum event { TAKEN, QUEUED, SENT, DELIVERED, EVENTS };

static void play(struct world *world, struct sent *sent, enum event event)
{
    if (event == TAKEN) {
        world_answer(world, sent, SEND_TAKEN);
        world_run(world);
        return;
    }
    ck_assert_int_eq(world_receipt(world, "one", sent->key,
                                   event == QUEUED ? RECEIPT_QUEUED
                                   : event == SENT ? RECEIPT_SENT
                                                   : RECEIPT_DELIVERED),
                     STATUS_OK);
}

/* Every order of result and receipts ends the same; each change is one entry. */
/* holds: EVT-02 INT-09 */
START_TEST(in_every_order)
{
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    unsigned index = 0;
    for (unsigned order = 0; order < 4 * 4 * 4 * 4; order++) {
        unsigned seen = 0;
        for (unsigned i = 0; i < 4; i++)
            seen |= 1u << (order >> (2 * i) & 3);
        if (seen != 15)
            continue;
        struct sent *sent = send_held(world, &talk);
        Maskline__Store__V1__LegStatus last = STATUS(QUEUED);
        for (unsigned i = 0; i < 4; i++) {
            uint64_t entries = world_entries(world);
            play(world, sent, (enum event)(order >> (2 * i) & 3));
            Maskline__Store__V1__LegStatus now = world_leg(world, &talk, index)->status;
            ck_assert_int_ge(now, last);
            ck_assert_uint_eq(world_entries(world) - entries, now != last);
            last = now;
        }
        const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, index++);
        ck_assert_int_eq(leg->status, STATUS(DELIVERED));
        ck_assert_uint_eq(leg->attempts, 1);
        ck_assert_int_eq(leg->due_time, 0);
    }
    ck_assert_uint_eq(index, 24);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

/* What the network calls a message is kept, also when its receipt is there before that is said, and does not say it itself. */
/* holds: OUT-13 */
START_TEST(faster_than_the_id)
{
    static const enum receipt_status said[] = {RECEIPT_SENT, RECEIPT_DELIVERED, RECEIPT_FAILED};
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    for (unsigned i = 0; i < 3; i++) {
        struct sent *sent = send_held(world, &talk);
        ck_assert_int_eq(world_receipt_of(world, "one", sent->key, said[i], ""), STATUS_OK);
        Maskline__Store__V1__Leg before = *world_leg(world, &talk, i);
        ck_assert_str_eq(before.provider_id, "");
        uint64_t entries = world_entries(world);
        play(world, sent, TAKEN);
        const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, i);
        ck_assert_str_eq(leg->provider_id, "provider");
        ck_assert_int_eq(leg->status, before.status);
        ck_assert_int_eq(leg->final_time, before.final_time);
        ck_assert_uint_eq(leg->attempts, 1);
        ck_assert_uint_eq(world_entries(world), entries + 1);
    }
    /* An id that is there stays, and what was not taken has none. */
    struct sent *sent = send_held(world, &talk);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_DELIVERED), STATUS_OK);
    play(world, sent, TAKEN);
    ck_assert_str_eq(world_leg(world, &talk, 3)->provider_id, "by receipt");
    sent = send_held(world, &talk);
    ck_assert_int_eq(world_receipt_of(world, "one", sent->key, RECEIPT_DELIVERED, ""), STATUS_OK);
    world_answer(world, sent, SEND_RETRY);
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 4)->provider_id, "");
    ck_assert_int_eq(world_leg(world, &talk, 4)->status, STATUS(DELIVERED));
    world_close(world);
}
END_TEST

START_TEST(twice_is_once)
{
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    struct sent *sent = send_held(world, &talk);
    play(world, sent, TAKEN);
    play(world, sent, DELIVERED);
    uint64_t entries = world_entries(world);
    play(world, sent, DELIVERED);
    play(world, sent, SENT);
    play(world, sent, QUEUED);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_UNDELIVERED), STATUS_OK);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    ck_assert_uint_eq(world_entries(world), entries + 1);
    const Maskline__Store__V1__Entry *entry = world_entry(world, entries + 1);
    ck_assert_int_eq(entry->change_case, MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING);
    ck_assert_int_eq(entry->warning->original_code, 80906);
    world_close(world);
}
END_TEST

START_TEST(bad_ends)
{
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    struct sent *sent = send_held(world, &talk);
    play(world, sent, TAKEN);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_UNDELIVERED), STATUS_OK);
    const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, 0);
    ck_assert_int_eq(leg->status, STATUS(UNDELIVERED));
    ck_assert_str_eq(leg->reason, "NOT_DELIVERED");
    ck_assert_int_ne(leg->final_time, 0);
    /* Faster than the result: it is not sent again, whatever that says. */
    sent = send_held(world, &talk);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_FAILED), STATUS_OK);
    world_answer(world, sent, SEND_RETRY);
    world_run(world);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(FAILED));
    ck_assert_uint_eq(world->carriers[0].count, 2);
    world_close(world);
}
END_TEST

/* holds: OUT-13 */
START_TEST(whose_message)
{
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    struct sent *sent = send_held(world, &talk);
    ck_assert_int_eq(world_receipt(world, "two", sent->key, RECEIPT_DELIVERED),
                     STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(world_receipt(world, "nobody", sent->key, RECEIPT_DELIVERED),
                     STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(world_receipt(world, "one", "no key", RECEIPT_DELIVERED), STATUS_NOT_FOUND);
    char key[OUTBOUND_KEY_SIZE];
    memcpy(key, sent->key, sizeof key);
    key[60] = key[60] == 'A' ? 'B' : 'A'; /* in the interaction's SID */
    ck_assert_int_eq(world_receipt(world, "one", key, RECEIPT_DELIVERED), STATUS_NOT_FOUND);
    memcpy(key, sent->key, sizeof key);
    key[80] = key[80] == 'A' ? 'B' : 'A'; /* in its proof */
    ck_assert_int_eq(world_receipt(world, "one", key, RECEIPT_DELIVERED), STATUS_PERMISSION_DENIED);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    play(world, sent, TAKEN);
    world_close(world);
}
END_TEST

START_TEST(of_a_deleted_session)
{
    struct talk talk;
    struct world *world = world_with_talk(&talk);
    struct sent *sent = send_held(world, &talk);
    world_delete_talk(world, &talk);
    play(world, sent, TAKEN);
    play(world, sent, DELIVERED);
    const Maskline__Store__V1__Entry *entry = world_entry(world, world_entries(world));
    ck_assert_int_eq(entry->change_case, MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING);
    ck_assert_int_eq(entry->warning->original_code, 80307);
    world_close(world);
}
END_TEST

SUITE_MAIN("receipts", in_every_order, faster_than_the_id, twice_is_once, bad_ends, whose_message,
           of_a_deleted_session)
