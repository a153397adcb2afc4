#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Tries to reach the wrong person. Few people, few numbers, and sessions that are closed, expire, are opened again, deleted, left and
 * made anew, whose people and numbers are replaced, or taken away by force, between the moment at which a message is accepted and that at which it is sent. Whoever
 * gets a message must be the one for whom it was accepted, in a session that is alive at the time of the attempt, from the number that stands
 * there for its sender; or nobody gets it.
 */

enum { PEOPLE = 4, NUMBERS = 3, TALKS = 400, STEPS = 3000 };

/* One of the two in a session. */
struct side {
    unsigned who;
    unsigned proxy;
    unsigned epoch; /* grows when somebody else takes the place */
    bool left;
    int64_t until[NUMBERS]; /* of numbers that it had: they are honoured so long */
};

struct known {
    struct talk talk;
    struct side sides[2];
    bool closed, deleted;
    int64_t ttl, last;
};

struct attack {
    struct known talks[TALKS];
    unsigned count;
    unsigned sent, replaced, renumbered, by_old_number, moved, failed;
    uint64_t random;
};

static const char *name_of(unsigned who)
{
    static const char *const names[PEOPLE] = {"+15551230001", "+15551230002", "+15551230003",
                                              "+15551230004"};
    return names[who];
}

static const char *number_of(unsigned proxy)
{
    static const char *const numbers[NUMBERS] = {"+15559990000", "+15559990001", "+15559990002"};
    return numbers[proxy];
}

static unsigned proxy_index(const char *number)
{
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (!strcmp(number_of(i), number))
            return i;
    }
    ck_abort_msg("%s is no number of this world", number);
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

/* Whether this person reaches the session by this number. */
static bool dials(const struct side *side, unsigned who, unsigned proxy, int64_t now)
{
    return !side->left && side->who == who && (side->proxy == proxy || now < side->until[proxy]);
}

/* Whose pair this is; NULL: nobody's. It is never two sessions'. */
static struct known *owner(struct attack *attack, unsigned who, unsigned proxy, int64_t now,
                           unsigned *ret_side)
{
    struct known *found = NULL;
    for (unsigned i = 0; i < attack->count; i++) {
        struct known *known = &attack->talks[i];
        for (unsigned side = 0; side < 2 && alive(known, now); side++) {
            if (!dials(&known->sides[side], who, proxy, now))
                continue;
            ck_assert_msg(!found, "%s has %s in two sessions", name_of(who), number_of(proxy));
            found = known;
            *ret_side = side;
        }
    }
    return found;
}

/* A body says in which session it was written, to whom, and who that was. */
static void watch(struct world *world, const struct sent *sent)
{
    struct attack *attack = world->watcher;
    unsigned index, to, epoch, side;
    ck_assert_int_eq(sscanf(sent->body, "%u %u %u", &index, &to, &epoch), 3);
    const struct known *known = &attack->talks[index];
    const struct side *reader = &known->sides[to];
    ck_assert_msg(alive(known, world_now(world)), "session %u is not alive", index);
    ck_assert(!reader->left);
    ck_assert_msg(reader->epoch == epoch, "somebody else has the place in session %u", index);
    ck_assert_str_eq(sent->to, name_of(reader->who));
    ck_assert_str_eq(sent->from, number_of(reader->proxy));
    /* That pair stands for this session alone. */
    ck_assert_ptr_eq(owner(attack, reader->who, reader->proxy, world_now(world), &side), known);
    attack->sent++;
}

static void make(struct world *world, struct attack *attack)
{
    if (attack->count == TALKS)
        return;
    struct known *known = &attack->talks[attack->count];
    unsigned a = draw(attack, PEOPLE), b = (a + 1 + draw(attack, PEOPLE - 1)) % PEOPLE;
    *known = (struct known){.sides = {{.who = a}, {.who = b}}, .last = world_now(world)};
    known->ttl = draw(attack, 2) ? (int64_t)(1 + draw(attack, 5)) * SECOND : 0;
    if (!world_try_talk(world, name_of(a), name_of(b), known->ttl, &known->talk))
        return;
    known->sides[0].proxy = proxy_index(known->talk.proxy_a);
    known->sides[1].proxy = proxy_index(known->talk.proxy_b);
    attack->count++;
}

/* Mostly who is in the session, by a number that it has or had; sometimes anybody by any. */
static void write_text(struct world *world, struct attack *attack, struct known *known)
{
    const struct side *writer = &known->sides[draw(attack, 2)];
    unsigned who = writer->who, proxy = writer->proxy, side = 0;
    if (!draw(attack, 4))
        proxy = draw(attack, NUMBERS);
    if (!draw(attack, 6))
        who = draw(attack, PEOPLE);
    int64_t now = world_now(world);
    known = owner(attack, who, proxy, now, &side);
    bool may = known && !known->sides[!side].left;
    char body[48];
    snprintf(body, sizeof body, "%u %u %u", known ? (unsigned)(known - attack->talks) : 0, !side,
             known ? known->sides[!side].epoch : 0);
    struct answer answer = world_text(world, name_of(who), number_of(proxy), body);
    ck_assert_int_eq(answer.outcome, may ? INBOUND_ACCEPTED : INBOUND_REJECTED);
    if (!may)
        return;
    known->last = now;
    attack->by_old_number += known->sides[side].proxy != proxy;
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
        if (!known->sides[1].left)
            world_leave(world, &known->talk, known->talk.b);
        known->sides[1].left = true;
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
    const Maskline__Store__V1__Session *session = call_session_get(world, known->talk.session);
    for (unsigned side = 0; side < 2; side++) {
        memset(known->sides[side].until, 0, sizeof known->sides[side].until);
        /* One that had failed may have got others. */
        known->sides[side].proxy = proxy_index(proxy_of(session, side));
    }
}

static const char *participant_of(const struct known *known, unsigned side)
{
    return side ? known->talk.b : known->talk.a;
}

static void replace_person(struct world *world, struct attack *attack, struct known *known)
{
    unsigned side = draw(attack, 2), who = draw(attack, PEOPLE);
    struct side *changed = &known->sides[side];
    const Maskline__Store__V1__Session *session =
        call_change(world, &known->talk,
                    (struct participant_change){.participant = participant_of(known, side),
                                                .set_identifiers = true,
                                                .draft = person(world, name_of(who))});
    if (!session || changed->who == who)
        return;
    ck_assert(alive(known, world_now(world)) && !changed->left);
    changed->who = who;
    changed->epoch++;
    memset(changed->until, 0, sizeof changed->until);
    attack->replaced++;
}

static void replace_number(struct world *world, struct attack *attack, struct known *known)
{
    unsigned side = draw(attack, 2);
    struct side *changed = &known->sides[side];
    int64_t life = (int64_t)draw(attack, 4) * SECOND;
    const Maskline__Store__V1__Session *session =
        call_change(world, &known->talk,
                    (struct participant_change){.participant = participant_of(known, side),
                                                .set_proxy = true,
                                                .life_given = true,
                                                .old_number_life = life});
    if (!session)
        return;
    unsigned before = changed->proxy;
    changed->proxy = proxy_index(proxy_of(session, side));
    ck_assert_uint_ne(changed->proxy, before);
    changed->until[changed->proxy] = 0;
    changed->until[before] = world_now(world) + life;
    attack->renumbered++;
}

/* What has become of a session whose number went. */
static void learn(struct world *world, struct attack *attack, struct known *known, unsigned proxy)
{
    const Maskline__Store__V1__Session *session = call_session_get(world, known->talk.session);
    known->closed = session->status == SESSION_STATUS(FAILED);
    attack->failed += known->closed;
    for (unsigned side = 0; side < 2 && !known->closed; side++) {
        struct side *one = &known->sides[side];
        one->until[proxy] = 0;
        if (one->left || one->proxy != proxy)
            continue;
        one->proxy = proxy_index(proxy_of(session, side));
        ck_assert_uint_ne(one->proxy, proxy);
        one->until[one->proxy] = 0;
        attack->moved++;
    }
}

/* By force; and it comes back at once, as if it had never been anybody's. */
static void take_away(struct world *world, struct attack *attack)
{
    unsigned proxy = draw(attack, NUMBERS);
    int64_t now = world_now(world);
    ck_done(call_number_remove(world, number_of(proxy), true).number);
    for (unsigned i = 0; i < attack->count; i++) {
        if (alive(&attack->talks[i], now))
            learn(world, attack, &attack->talks[i], proxy);
    }
    world_number(world, number_of(proxy), NULL);
}

static void step(struct world *world, struct attack *attack)
{
    struct known *known = attack->count ? &attack->talks[draw(attack, attack->count)] : NULL;
    if (known && draw(attack, 4)) /* mostly lately made ones */
        known =
            &attack->talks[attack->count - 1 - draw(attack, attack->count < 6 ? attack->count : 6)];
    static const enum send_outcome outcomes[] = {SEND_TAKEN, SEND_TAKEN, SEND_RETRY, SEND_UNKNOWN};
    switch (draw(attack, 14)) {
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
    case 6:
    case 7: /* of one that lives, if there is one */
        for (unsigned i = 0; i < 8 && known && !alive(known, world_now(world)); i++)
            known = &attack->talks[draw(attack, attack->count)];
        if (known && draw(attack, 2))
            replace_person(world, attack, known);
        else if (known)
            replace_number(world, attack, known);
        return;
    case 8:
        if (!draw(attack, 4))
            take_away(world, attack);
        break;
    default:
        if (known)
            write_text(world, attack, known);
    }
    arena_reset(world->arena);
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
    ck_assert_uint_gt(attack->replaced, 3);
    ck_assert_uint_gt(attack->renumbered, 3);
    ck_assert_uint_gt(attack->by_old_number, 0);
    ck_assert_uint_gt(attack->moved, 3);
    ck_assert_uint_gt(attack->failed, 0);
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
    struct talk first = world_talk(world, name_of(0), name_of(1), 0);
    struct message_draft draft = {.service = world->service,
                                  .session = first.session,
                                  .participant = first.b,
                                  .body = "for the first"};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_end_talk(world, &first);
    /* The same two people may have it again at once. */
    struct talk second = world_talk(world, name_of(0), name_of(1), 0);
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
    first = world_talk(world, name_of(0), name_of(1), 0);
    draft.service = world->service;
    draft.session = first.session;
    draft.participant = first.b;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_end_talk(world, &first);
    second = world_talk(world, name_of(1), name_of(0), 0);
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
    struct talk talk = world_talk(world, name_of(0), name_of(1), 0);
    ck_accepted(world_text(world, name_of(0), talk.proxy_a, "x"));
    world_end_talk(world, &talk);
    world_reopen_talk(world, &talk);
    world_run(world);
    /* Its route is another one by its generation; what was queued ended with the first. */
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "ROUTE_CHANGED");
    ck_accepted(world_text(world, name_of(0), talk.proxy_a, "y"));
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
    struct talk talk = world_talk(world, name_of(0), name_of(1), 0);
    ck_accepted(world_text(world, name_of(0), talk.proxy_a, "x"));
    world_number(world, name_of(1), NULL); /* a person's number becomes a pool's */
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "LOOP");
    world_close(world);
}
END_TEST

SUITE_MAIN("wrong_person", nobody_wrong_is_reached, numbers_that_moved_on, opened_again,
           loops_are_not_sent)
