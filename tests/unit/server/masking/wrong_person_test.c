#include "tests/unit/server/masking/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Tries to reach the wrong person. Few people, few numbers, and sessions that are closed, expire, are opened again, deleted, left and
 * made anew between the moment at which a message is accepted and that at which it is sent. Whoever gets a message must be the
 * one for whom it was accepted, in a session that is alive at the time of the attempt, from the number that stands there for its
 * sender; or nobody gets it.
 */

enum { PEOPLE = 4, NUMBERS = 3, TALKS = 400, STEPS = 3000 };

struct known {
    struct talk talk;
    unsigned a, b; /* who */
    bool closed, deleted, left_a, left_b;
    int64_t ttl, last;
};

struct attack {
    struct known talks[TALKS];
    unsigned count;
    unsigned sent;
    uint64_t random;
};

static const char *person(unsigned who)
{
    static const char *const names[PEOPLE] = {"+15551230001", "+15551230002", "+15551230003",
                                              "+15551230004"};
    return names[who];
}

static unsigned draw(struct attack *attack, unsigned below)
{
    attack->random ^= attack->random << 13;
    attack->random ^= attack->random >> 7;
    attack->random ^= attack->random << 17;
    return (unsigned)(attack->random >> 11) % below;
}

static bool alive(const struct known *known, int64_t now)
{
    return !known->closed && !known->deleted && (!known->ttl || now < known->last + known->ttl);
}

/* A body says which session it was written in, and to whom. */
static void watch(struct world *world, const struct sent *sent)
{
    struct attack *attack = world->watcher;
    unsigned index, to_b;
    ck_assert_int_eq(sscanf(sent->body, "%u %u", &index, &to_b), 2);
    const struct known *known = &attack->talks[index];
    ck_assert_msg(alive(known, world_now(world)), "session %u is not alive", index);
    ck_assert(to_b ? !known->left_b : !known->left_a);
    ck_assert_str_eq(sent->to, person(to_b ? known->b : known->a));
    ck_assert_str_eq(sent->from, to_b ? known->talk.proxy_b : known->talk.proxy_a);
    /* That pair stands for this session alone. */
    for (unsigned i = 0; i < attack->count; i++) {
        const struct known *other = &attack->talks[i];
        if (i == index || !alive(other, world_now(world)))
            continue;
        ck_assert(other->left_a || strcmp(person(other->a), sent->to) != 0 ||
                  strcmp(other->talk.proxy_a, sent->from) != 0);
        ck_assert(other->left_b || strcmp(person(other->b), sent->to) != 0 ||
                  strcmp(other->talk.proxy_b, sent->from) != 0);
    }
    attack->sent++;
}

static void make(struct world *world, struct attack *attack)
{
    if (attack->count == TALKS)
        return;
    struct known *known = &attack->talks[attack->count];
    *known = (struct known){.a = draw(attack, PEOPLE), .last = world_now(world)};
    known->b = (known->a + 1 + draw(attack, PEOPLE - 1)) % PEOPLE;
    known->ttl = draw(attack, 2) ? (int64_t)(1 + draw(attack, 5)) * SECOND : 0;
    if (world_try_talk(world, person(known->a), person(known->b), known->ttl, &known->talk))
        attack->count++;
}

static void write_text(struct world *world, struct attack *attack, struct known *known)
{
    bool to_b = draw(attack, 2);
    char body[32];
    snprintf(body, sizeof body, "%u %u", (unsigned)(known - attack->talks), to_b);
    const char *from = person(to_b ? known->a : known->b);
    const char *to = to_b ? known->talk.proxy_a : known->talk.proxy_b;
    bool may = alive(known, world_now(world)) && !known->left_a && !known->left_b;
    /* What comes to a number that by now stands for another session is that one's. */
    for (unsigned i = 0; i < attack->count && !may; i++) {
        const struct known *other = &attack->talks[i];
        if (!alive(other, world_now(world)) || other->left_a || other->left_b)
            continue;
        bool as_a = !strcmp(person(other->a), from) && !strcmp(other->talk.proxy_a, to);
        bool as_b = !strcmp(person(other->b), from) && !strcmp(other->talk.proxy_b, to);
        if (as_a || as_b) {
            snprintf(body, sizeof body, "%u %u", i, as_a);
            known = &attack->talks[i];
            may = true;
        }
    }
    struct answer answer = world_text(world, from, to, body);
    ck_assert_int_eq(answer.outcome, may ? INBOUND_ACCEPTED : INBOUND_REJECTED);
    if (may)
        known->last = world_now(world);
}

static void end(struct world *world, struct attack *attack, struct known *known)
{
    if (!alive(known, world_now(world)))
        return;
    switch (draw(attack, 4)) {
    case 0:
        world_delete_talk(world, &known->talk);
        known->deleted = true;
        break;
    case 1:
        if (!known->left_b)
            world_leave(world, &known->talk, known->talk.b);
        known->left_b = true;
        break;
    default:
        world_end_talk(world, &known->talk);
        known->closed = true;
    }
}

static void reopen(struct world *world, struct known *known)
{
    if (known->deleted || alive(known, world_now(world)) || !world_try_reopen(world, &known->talk))
        return;
    known->closed = false;
    known->last = world_now(world);
}

static void step(struct world *world, struct attack *attack)
{
    struct known *known = attack->count ? &attack->talks[draw(attack, attack->count)] : NULL;
    if (known && draw(attack, 4)) /* mostly lately made ones */
        known =
            &attack->talks[attack->count - 1 - draw(attack, attack->count < 6 ? attack->count : 6)];
    static const enum send_outcome outcomes[] = {SEND_TAKEN, SEND_TAKEN, SEND_RETRY, SEND_UNKNOWN};
    switch (draw(attack, 10)) {
    case 0:
        make(world, attack);
        return;
    case 1:
        if (known)
            end(world, attack, known);
        return;
    case 2:
        if (known)
            reopen(world, known);
        return;
    case 3:
        world_move(world, (int64_t)draw(attack, 3) * SECOND);
        return;
    case 4:
        world_run(world);
        return;
    case 5:
        world->carriers[0].outcome = outcomes[draw(attack, 4)];
        return;
    default:
        if (known)
            write_text(world, attack, known);
    }
}

static void attack_with(uint64_t seed, int64_t cool_down)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.max_message_life = cool_down ? cool_down / 2 : MINUTE;
    settings.late_reply_window = cool_down ? cool_down / 2 : MINUTE;
    settings.cool_down = cool_down ? cool_down : 2 * MINUTE;
    world_service(world, &settings);
    for (int i = 0; i < NUMBERS; i++) {
        char number[24];
        snprintf(number, sizeof number, "+1555999000%d", i);
        world_number(world, number, NULL);
    }
    struct attack *attack = calloc(1, sizeof *attack);
    ck_assert_ptr_nonnull(attack);
    attack->random = seed;
    world->watcher = attack;
    world->carriers[0].watch = watch;
    for (int i = 0; i < STEPS; i++)
        step(world, attack);
    ck_assert_uint_gt(attack->sent, 20);
    ck_assert_uint_gt(attack->count, 10);
    free(attack);
    world_close(world);
}

/* holds: INB-05 INV-02 OUT-02 */
START_TEST(nobody_wrong_is_reached)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        attack_with(seed * UINT64_C(0x9e3779b97f4a7c15), 2 * SECOND);
}
END_TEST

/* A message is accepted; before it is sent the number stands for others. */
/* holds: INV-02 OUT-01 */
START_TEST(numbers_that_moved_on)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.max_message_life = HOUR;
    settings.late_reply_window = 0;
    settings.cool_down = HOUR;
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    struct talk first = world_talk(world, person(0), person(1), 0);
    struct message_draft draft = {.service = world->service,
                                  .session = first.session,
                                  .participant = first.b,
                                  .body = "for the first"};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_end_talk(world, &first);
    /* The same two people may have it again at once. */
    struct talk second = world_talk(world, person(0), person(1), 0);
    ck_assert_str_eq(second.proxy_b, first.proxy_b);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &first, 0)->reason, "SESSION_CLOSED");
    /* Within the grace, too, only while the route is still theirs. */
    world_close(world);
    settings.closing_grace = MINUTE;
    world = world_open(NULL);
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    first = world_talk(world, person(0), person(1), 0);
    draft.service = world->service;
    draft.session = first.session;
    draft.participant = first.b;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_end_talk(world, &first);
    second = world_talk(world, person(1), person(0), 0);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &first, 0)->reason, "ROUTE_CHANGED");
    world_close(world);
}
END_TEST

/* Closed and opened again: who was meant then is not who may be meant now. */
/* holds: OUT-01 */
START_TEST(opened_again)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    struct talk talk = world_talk(world, person(0), person(1), 0);
    ck_accepted(world_text(world, person(0), talk.proxy_a, "x"));
    world_end_talk(world, &talk);
    world_reopen_talk(world, &talk);
    world_run(world);
    /* Its route is another one by its generation; what was queued ended with the first. */
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "ROUTE_CHANGED");
    ck_accepted(world_text(world, person(0), talk.proxy_a, "y"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "y");
    world_close(world);
}
END_TEST

/* holds: GRD-07 */
START_TEST(loops_are_not_sent)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    struct talk talk = world_talk(world, person(0), person(1), 0);
    ck_accepted(world_text(world, person(0), talk.proxy_a, "x"));
    world_number(world, person(1), NULL); /* a person's number becomes a pool's */
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "LOOP");
    world_close(world);
}
END_TEST

SUITE_MAIN("wrong_person", nobody_wrong_is_reached, numbers_that_moved_on, opened_again,
           loops_are_not_sent)
