#include "server/masking/bars/blocks.h"
#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Tries to connect the wrong people. Calls come in and are placed, go on and are hung up, while sessions close, expire, are opened again and
 * deleted, people leave, are replaced, get other numbers or are blocked, and the server starts again. Whenever a carrier is told to go on,
 * the call is one between the two people whom it was accepted for, in a session that lives; and whenever it is told to hang up, there was
 * a reason. Nobody is ever shown another's number.
 */

enum { PEOPLE = 5, NUMBERS = 4, TALKS = 6, CALLS = 2000, STEPS = 2500, LATEST = 12 };

/* Who may not go on in a call is not trusted again. */
struct known {
    unsigned talk;
    sid_bytes session, interaction;
    char key[CALL_KEY_SIZE];
    bool placed, ended, spoilt;
    unsigned ends;                          /* in the log */
    char first[32], second[32];             /* real numbers */
    char first_proxy[32], second_proxy[32]; /* what each sees */
    char first_sid[40], second_sid[40];
};

struct play {
    struct world *world;
    uint64_t random;
    struct talk talks[TALKS];
    bool there[TALKS];
    struct known calls[CALLS];
    unsigned count;
    bool blocked[PEOPLE][PEOPLE];
    unsigned went_on, hung_up, ended, changed;
};

static unsigned pick(struct play *play, unsigned of)
{
    play->random = play->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(play->random >> 33) % of;
}

static const char *who(unsigned index)
{
    static const char *const names[PEOPLE] = {"+15551230001", "+15551230002", "+15551230003",
                                              "+15551230004", "+15551230005"};
    return names[index];
}

static unsigned index_of(const char *number)
{
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (!strcmp(who(i), number))
            return i;
    }
    ck_abort_msg("%s is nobody", number);
}

/* ---- the truth, as clients see it ---- */

static const Maskline__Store__V1__Participant *participant_of(
    const Maskline__Store__V1__Session *session, const char *sid)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *one = session->participants[i];
        if (!one->delete_time && !strcmp(sid_format("KP", one->sid.data).text, sid))
            return one;
    }
    return NULL;
}

static bool still(const Maskline__Store__V1__Session *session, const char *sid, const char *number,
                  const char *proxy)
{
    const Maskline__Store__V1__Participant *one = participant_of(session, sid);
    return one && !strcmp(one->identifiers[0], number) &&
           !strcmp(one->bindings[0]->proxy_identifier, proxy);
}

static bool is_active(const Maskline__Store__V1__Session *session)
{
    return session && (session->status == SESSION_STATUS(OPEN) ||
                       session->status == SESSION_STATUS(IN_PROGRESS));
}

static bool may_be(struct play *play, const struct known *call)
{
    const Maskline__Store__V1__Session *session =
        call_session_get(play->world, sid_format("KC", call->session).text);
    unsigned a = index_of(call->first), b = index_of(call->second);
    return is_active(session) && still(session, call->first_sid, call->first, call->first_proxy) &&
           still(session, call->second_sid, call->second, call->second_proxy) &&
           !play->blocked[a][b] && !(call->placed && play->blocked[b][a]);
}

/* After each step: whoever may not go on now need not be let on later. */
static void spoil(struct play *play)
{
    for (unsigned i = play->count > LATEST ? play->count - LATEST : 0; i < play->count; i++) {
        struct known *call = &play->calls[i];
        if (!call->ended && !call->spoilt)
            call->spoilt = !may_be(play, call);
    }
}

/* ---- calls ---- */

static void ck_party(const struct party_seen *party, const char *number, const char *proxy)
{
    ck_assert_uint_eq(party->count, 1);
    ck_assert_str_eq(party->number[0], number);
    ck_assert_str_eq(party->caller_id[0], proxy);
    ck_assert(!strncmp(proxy, "+1555999", 8));
}

static void keep(struct play *play, unsigned talk, const struct plan_seen *plan, bool placed,
                 const char *first_sid, const char *second_sid)
{
    struct world *world = play->world;
    struct known *call = &play->calls[play->count++];
    const Maskline__Store__V1__Session *session =
        call_session_get(world, play->talks[talk].session);
    ck_assert(is_active(session));
    const Maskline__Store__V1__Participant *first = participant_of(session, first_sid);
    const Maskline__Store__V1__Participant *second = participant_of(session, second_sid);
    ck_assert(first && second);
    *call = (struct known){.talk = talk, .placed = placed};
    snprintf(call->key, sizeof call->key, "%s", plan->key);
    snprintf(call->first, 32, "%s", first->identifiers[0]);
    snprintf(call->second, 32, "%s", second->identifiers[0]);
    snprintf(call->first_proxy, 32, "%s", first->bindings[0]->proxy_identifier);
    snprintf(call->second_proxy, 32, "%s", second->bindings[0]->proxy_identifier);
    snprintf(call->first_sid, 40, "%s", first_sid);
    snprintf(call->second_sid, 40, "%s", second_sid);
    memcpy(call->session, session->sid.data, SID_BYTES);
    const Maskline__Store__V1__Entry *entry = world_last(world, CHANGE(INTERACTION_CREATED));
    memcpy(call->interaction, entry->interaction_created->interaction->sid.data, SID_BYTES);
    ck_party(&plan->second, call->second, call->second_proxy);
    if (placed)
        ck_party(&plan->first, call->first, call->first_proxy);
    ck_assert(may_be(play, call));
}

static void call(struct play *play, unsigned talk)
{
    struct world *world = play->world;
    const Maskline__Store__V1__Session *session =
        call_session_get(world, play->talks[talk].session);
    if (!session || session->n_participants < 2 || play->count == CALLS)
        return;
    unsigned from = pick(play, (unsigned)session->n_participants);
    const Maskline__Store__V1__Participant *first = session->participants[from], *second = NULL;
    for (size_t i = 0; i < session->n_participants; i++) {
        if (session->participants[i] != first && !session->participants[i]->delete_time)
            second = session->participants[i];
    }
    char first_sid[40], second_sid[40];
    snprintf(first_sid, 40, "%s", sid_format("KP", first->sid.data).text);
    snprintf(second_sid, 40, "%s", second ? sid_format("KP", second->sid.data).text : "");
    if (pick(play, 3)) {
        struct call_seen seen =
            world_call(world, first->identifiers[0], first->bindings[0]->proxy_identifier);
        /* The pair may stand for another session by now, when this one is over. */
        if (seen.outcome == CALL_ACCEPTED && is_active(session) && !first->delete_time)
            keep(play, talk, &seen.plan, false, first_sid, second_sid);
    } else if (world_place(world, &play->talks[talk], first_sid, NULL) == STATUS_OK) {
        keep(play, talk, world_plan(world, 0, 0), true, first_sid, second_sid);
        world->carriers[0].plan_count = 0;
        /* A start takes one that has not begun for one that was never handed over. */
        (void)world_progress(world, play->calls[play->count - 1].key, CALL_FIRST, CALL_RINGING);
    }
}

static const Maskline__Store__V1__Interaction *row_of(struct play *play, const struct known *known)
{
    struct interaction_result result = {NULL, NULL};
    struct error error;
    struct view *view = view_open(play->world->store);
    ck_assert_ptr_nonnull(view);
    char session[40], interaction[40];
    snprintf(session, 40, "%s", sid_format("KC", known->session).text);
    snprintf(interaction, 40, "%s", sid_format("KI", known->interaction).text);
    bool found = interactions_get(view, play->world->store, play->world->service, session,
                                  interaction, play->world->arena, &result, &error);
    view_close(view);
    return found ? result.interaction : NULL;
}

static void go_on(struct play *play, struct known *known, enum call_side side,
                  enum call_status status)
{
    bool fine = !known->ended && !known->spoilt;
    struct progress_seen answer = world_progress(play->world, known->key, side, status);
    ck_assert_int_eq(answer.code, STATUS_OK);
    if (status >= CALL_COMPLETED) {
        play->ended += !known->ended;
        known->ended = true;
        ck_assert(answer.hang_up);
        return;
    }
    if (!answer.hang_up) {
        ck_assert_msg(may_be(play, known), "%s is let on", known->key);
        ck_assert(!known->ended);
        play->went_on++;
        return;
    }
    play->hung_up++;
    const Maskline__Store__V1__Interaction *row = row_of(play, known);
    if (!row)
        return;
    ck_assert(row->call->end_time || *row->call->hang_up_reason);
    if (fine)
        ck_assert_msg(row->call->end_time || !strcmp(row->call->hang_up_reason, "END_CALL") ||
                          !strcmp(row->call->hang_up_reason, "NOT_REPORTED"),
                      "%s for nothing", row->call->hang_up_reason);
}

static void progress(struct play *play)
{
    if (!play->count)
        return;
    unsigned latest = play->count < LATEST ? play->count : LATEST;
    struct known *known = &play->calls[play->count - 1 - pick(play, latest)];
    enum call_status status = (enum call_status)pick(play, pick(play, 4) ? 3 : 9);
    go_on(play, known, (enum call_side)pick(play, 2), status);
}

static void end_call(struct play *play)
{
    if (!play->count)
        return;
    const struct known *known = &play->calls[play->count - 1 - pick(play, play->count)];
    char session[40], interaction[40];
    snprintf(session, 40, "%s", sid_format("KC", known->session).text);
    snprintf(interaction, 40, "%s", sid_format("KI", known->interaction).text);
    world_end_call(play->world, session, interaction);
}

/* ---- everything else ---- */

static void block_ready(void *data, const Maskline__Store__V1__Block *block,
                        const struct error *error)
{
    (void)block;
    waiter_finish(data, error);
}

static void change_block(struct play *play)
{
    unsigned a = pick(play, PEOPLE), b = pick(play, PEOPLE);
    if (a == b)
        return;
    struct block_name name = {
        .service = play->world->service, .identifier = who(a), .to_identifier = who(b)};
    struct waiter waiter;
    waiter_init(&waiter);
    bool adds = !pick(play, 3);
    (adds ? blocks_create : blocks_delete)(play->world->masking, &name, block_ready, &waiter);
    waiter_wait(&waiter);
    play->blocked[a][b] = adds;
}

static void make(struct play *play, unsigned talk)
{
    unsigned a = pick(play, PEOPLE), b = (a + 1 + pick(play, PEOPLE - 1)) % PEOPLE;
    int64_t ttl = pick(play, 2) ? (int64_t)(1 + pick(play, 5)) * MINUTE : 0;
    play->there[talk] = world_try_talk(play->world, who(a), who(b), ttl, &play->talks[talk]);
}

static void replace(struct play *play, unsigned talk)
{
    char number[32];
    snprintf(number, sizeof number, "+1555999000%u", pick(play, NUMBERS));
    struct participant_change change = {
        .participant = pick(play, 2) ? play->talks[talk].a : play->talks[talk].b,
        .set_identifiers = pick(play, 2),
        .life_given = true,
        .old_number_life = MINUTE,
    };
    if (change.set_identifiers)
        change.draft = person(play->world, who(pick(play, PEOPLE)));
    change.set_proxy = !change.set_identifiers || !pick(play, 3);
    if (change.set_proxy)
        change.draft.proxy_identifier = number;
    play->changed += call_change(play->world, &play->talks[talk], change) != NULL;
}

static void change_talk(struct play *play, unsigned talk)
{
    struct world *world = play->world;
    struct talk *its = &play->talks[talk];
    struct session_change change = {.session = its->session};
    switch (pick(play, 8)) {
    case 0:
        change.status = SESSION_STATUS(CLOSED);
        (void)call_session_update(world, change);
        return;
    case 1:
        change.status = SESSION_STATUS(IN_PROGRESS);
        (void)call_session_update(world, change);
        return;
    case 2:
        if (call_session_delete(world, its->session))
            play->there[talk] = false;
        return;
    case 3:
        (void)call_leave(world, its->session, pick(play, 2) ? its->a : its->b);
        return;
    default:
        replace(play, talk);
    }
}

static void step(struct play *play)
{
    struct world *world = play->world;
    unsigned talk = pick(play, TALKS), what = pick(play, 40);
    if (!play->there[talk]) {
        make(play, talk);
        return;
    }
    if (what < 9)
        call(play, talk);
    else if (what < 26)
        progress(play);
    else if (what < 27)
        end_call(play);
    else if (what < 30)
        change_talk(play, talk);
    else if (what < 32)
        change_block(play);
    else if (what < 35)
        world_move(world, (int64_t)pick(play, 30) * SECOND);
    else if (what < 39)
        world_run(world);
    else if (!pick(play, 10))
        world_restart(world);
}

/* ---- what it all comes to ---- */

static void ck_totals(struct play *play, unsigned talk)
{
    struct world *world = play->world;
    const Maskline__Store__V1__Session *session =
        call_session_get(world, play->talks[talk].session);
    if (!session)
        return;
    struct interaction_list list;
    struct error error;
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    ck_assert(interactions_list(view, world->store, world->service, play->talks[talk].session,
                                &(struct interaction_filter){0},
                                &(struct page){.size = 1000, .token = ""}, world->arena, &list,
                                &error));
    view_close(view);
    uint64_t seconds = 0, live = 0;
    for (size_t i = 0; i < list.count; i++) {
        seconds += list.interactions[i]->call->seconds;
        live += !list.interactions[i]->call->end_time;
    }
    ck_assert_uint_eq(session->call_count, list.count);
    ck_assert_uint_eq(session->call_seconds, seconds);
    ck_assert_uint_eq(session->n_live_calls, live);
}

/* Each call ends once. */
static void count_ends(struct play *play)
{
    for (uint64_t at = world_entries(play->world); at; at--) {
        const Maskline__Store__V1__Entry *entry = world_entry(play->world, at);
        if (entry->change_case != CHANGE(CALL_CHANGED) || !entry->call_changed->ended)
            continue;
        for (unsigned i = 0; i < play->count; i++)
            play->calls[i].ends += !memcmp(entry->call_changed->interaction.data,
                                           play->calls[i].interaction, SID_BYTES);
    }
}

static void ck_over(struct play *play)
{
    struct world *world = play->world;
    for (unsigned i = 0; i < 4; i++) {
        world_move(world, 5 * HOUR);
        world_run(world);
    }
    for (unsigned i = 0; i < TALKS; i++)
        if (play->there[i])
            ck_totals(play, i);
    count_ends(play);
    for (unsigned i = 0; i < play->count; i++) {
        const Maskline__Store__V1__Interaction *row = row_of(play, &play->calls[i]);
        ck_assert(!row || row->call->end_time);
        ck_assert_uint_le(play->calls[i].ends, 1);
        ck_assert(!row || play->calls[i].ends);
    }
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_calls(TENANT_DEFAULT, log_service(&log))), 0);
}

static void run(uint64_t seed)
{
    char path[] = "/tmp/maskline-chaos-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct play *play = calloc(1, sizeof *play);
    ck_assert_ptr_nonnull(play);
    play->random = seed;
    play->world = world_open(path);
    struct service_settings settings = service_settings_unset();
    settings.cool_down = 10 * MINUTE;
    settings.late_reply_window = 0;
    settings.max_message_life = MINUTE;
    world_service(play->world, &settings);
    for (unsigned i = 0; i < NUMBERS; i++)
        world_number(play->world, arena_printf(play->world->arena, "+1555999000%u", i), NULL);
    for (unsigned i = 0; i < STEPS; i++) {
        step(play);
        spoil(play);
        if (i % 50 == 0 && play->there[i / 50 % TALKS])
            ck_totals(play, i / 50 % TALKS);
    }
    ck_assert_uint_gt(play->count, 50);
    ck_assert_uint_gt(play->went_on, 50);
    ck_assert_uint_gt(play->hung_up, 20);
    ck_assert_uint_gt(play->ended, 20);
    ck_assert_uint_gt(play->changed, 5);
    ck_over(play);
    world_close(play->world);
    folder_remove(path);
    free(play);
}

/* holds: INV-02 VOI-13 SES-26 */
START_TEST(whoever_is_connected_may_be)
{
    unsigned seeds = getenv("MASKLINE_LONG") ? 40 : 3;
    for (unsigned seed = 1; seed <= seeds; seed++)
        run(seed);
}
END_TEST

SUITE_MAIN("calls chaos", whoever_is_connected_may_be)
