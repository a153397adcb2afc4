#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a Service's own programs call their sessions by. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

static struct world *world_of_numbers(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    return world;
}

/* As in "order=4711 city=Oslo". */
static struct metadata pairs(struct world *world, const char *text)
{
    struct metadata metadata;
    char *rest = arena_string(world->arena, text);
    size_t count = 0;
    ck_assert(metadata_new(world->arena, 64, &metadata));
    for (char *one; *text && (one = strsep(&rest, " "));) {
        metadata.items[count]->key = strsep(&one, "=");
        metadata.items[count++]->value = one;
    }
    metadata.count = count;
    metadata_tidy(&metadata);
    return metadata;
}

static const char *told(struct world *world, Maskline__Store__V1__MetadataItem *const *items,
                        size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(world->arena, "%s%s%s=%s", text, i ? " " : "", items[i]->key,
                            items[i]->value);
    return text;
}

static const char *metadata_of(struct world *world, const Maskline__Store__V1__Session *session)
{
    ck_assert_ptr_nonnull(session);
    return told(world, session->metadata, session->n_metadata);
}

static const Maskline__Store__V1__Session *make(struct world *world, const char *metadata)
{
    struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    return call_session_create(world, (struct session_draft){.participants = people,
                                                             .participant_count = 2,
                                                             .metadata = pairs(world, metadata)});
}

static const Maskline__Store__V1__Session *change(struct world *world, const char *session,
                                                  const char *metadata,
                                                  Maskline__Store__V1__SessionStatus status)
{
    return call_session_update(world, (struct session_change){.session = session,
                                                              .status = status,
                                                              .set_metadata = true,
                                                              .metadata = pairs(world, metadata)});
}

/* holds: SES-25 */
START_TEST(is_kept_and_changed)
{
    struct world *world = world_of_numbers(NULL);
    const Maskline__Store__V1__Session *session = make(world, "order=4711 city=Oslo order=4712");
    ck_done(session);
    const char *sid = sid_of(world, session);
    ck_assert_str_eq(metadata_of(world, session), "city=Oslo order=4712");
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "city=Oslo order=4712");
    world_move(world, SECOND);
    ck_assert_str_eq(metadata_of(world, change(world, sid, "a= b=x=y", 0)), "a= b=x=y");
    session = call_session_get(world, sid);
    ck_assert_str_eq(metadata_of(world, session), "a= b=x=y");
    ck_assert_int_eq(session->update_time, world_now(world));
    /* The same again changes nothing. */
    uint64_t before = world_entries(world);
    ck_done(change(world, sid, "b=x=y a=", 0));
    ck_assert_uint_eq(world_entries(world), before);
    /* What else is changed leaves it alone. */
    ck_done(call_session_update(
        world,
        (struct session_change){.session = sid, .set_ttl = true, .ttl_given = true, .ttl = HOUR}));
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "a= b=x=y");
    ck_assert_int_eq(call_session_get(world, sid)->effective_expire_time,
                     session->create_time + HOUR);
    ck_done(change(world, sid, "", 0));
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "");
    world_close(world);
}
END_TEST

START_TEST(an_ended_session_gets_it_with_its_reopening)
{
    struct world *world = world_of_numbers(NULL);
    const char *sid = sid_of(world, make(world, "a=1"));
    ck_assert_str_eq(metadata_of(world, change(world, sid, "a=2", SESSION_STATUS(CLOSED))), "a=2");
    ck_refused(change(world, sid, "a=3", 0), "SESSION_CLOSED", 80607);
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "a=2");
    ck_assert_str_eq(metadata_of(world, change(world, sid, "a=4", SESSION_STATUS(IN_PROGRESS))),
                     "a=4");
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "a=4");
    ck_done(call_session_update(
        world, (struct session_change){.session = sid, .status = SESSION_STATUS(CLOSED)}));
    ck_assert_str_eq(
        metadata_of(world,
                    call_session_update(
                        world, (struct session_change){.session = sid,
                                                       .status = SESSION_STATUS(IN_PROGRESS)})),
        "a=4");
    world_close(world);
}
END_TEST

static char *repeat(struct world *world, const char *piece, size_t times)
{
    size_t size = strlen(piece);
    char *text = arena_alloc(world->arena, size * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, piece, size);
    return text;
}

START_TEST(has_bounds)
{
    struct world *world = world_of_numbers(NULL);
    char many[512] = "";
    for (int i = 0; i < 33; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%sk%d=v", i ? " " : "", i);
    ck_field(make(world, many), "metadata");
    *strrchr(many, ' ') = '\0';
    const char *sid = sid_of(world, make(world, many));
    struct {
        const char *key, *value;
        size_t key_times, value_times;
        bool good;
    } cases[] = {
        {"k", "v", 0, 1, false},          {"\xc3\xa9", "v", 64, 1, true},
        {"\xc3\xa9", "v", 65, 1, false},  {"k", "\xc3\xa9", 1, 512, true},
        {"k", "\xc3\xa9", 1, 513, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *pair =
            arena_printf(world->arena, "%s=%s", repeat(world, cases[i].key, cases[i].key_times),
                         repeat(world, cases[i].value, cases[i].value_times));
        if (cases[i].good)
            ck_done(change(world, sid, pair, 0));
        else
            ck_field(change(world, sid, pair, 0), "metadata");
    }
    /* 8 pairs of 512 bytes, and one byte more. */
    const char *all = "";
    for (int i = 0; i < 8; i++)
        all =
            arena_printf(world->arena, "%s%sk%d=%s", all, i ? " " : "", i, repeat(world, "v", 510));
    ck_done(change(world, sid, all, 0));
    ck_field(change(world, sid, arena_printf(world->arena, "%s z=", all), 0), "metadata");
    world_close(world);
}
END_TEST

/* What an entry tells; NULL: it is about no session. */
static const char *entry_tells(struct world *world, const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case CHANGE(SESSION_CREATED):
        return metadata_of(world, entry->session_created->session);
    case CHANGE(INTERACTION_CREATED):
        return told(world, entry->interaction_created->interaction->session_metadata,
                    entry->interaction_created->interaction->n_session_metadata);
    default:
        return entry->change_case < CHANGE(SESSION_CREATED)
                   ? NULL
                   : told(world, entry->session_metadata, entry->n_session_metadata);
    }
}

/* holds: SES-25 */
START_TEST(each_entry_of_the_session_tells_it)
{
    struct world *world = world_of_numbers(NULL);
    const Maskline__Store__V1__Session *session = make(world, "a=1 b=2");
    const char *sid = sid_of(world, session),
               *proxy = arena_string(world->arena, proxy_of(session, 0));
    ck_accepted(world_text(world, ANN, proxy, "hello"));
    world_run(world);
    struct sent *sent = world_sent(world, 0, 0);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_DELIVERED), STATUS_OK);
    ck_assert_int_eq(world_receipt(world, "one", sent->key, RECEIPT_FAILED), STATUS_OK);
    ck_accepted(world_text(world, ANN, proxy, "too late"));
    ck_done(call_leave(world, sid, participant_sid(world, session, 1)));
    world_run(world); /* nobody is there to get it: canceled */
    ck_done(call_join(world, sid, person(world, CAT), NULL));
    struct talk talk = {0};
    strncpy(talk.session, sid, sizeof talk.session - 1);
    ck_done(call_change(world, &talk,
                        (struct participant_change){
                            .participant = participant_sid(world, session, 0),
                            .set_friendly_name = true,
                            .draft = {.friendly_name = "Ann"},
                        }));
    ck_done(call_close(world, session));
    ck_rejected(world_text(world, ANN, proxy, "closed"), "SESSION_CLOSED");
    ck_done(call_reopen(world, session));
    ck_done(call_session_update(
        world,
        (struct session_change){.session = sid, .set_ttl = true, .ttl_given = true, .ttl = HOUR}));
    ck_done(call_session_delete(world, sid));
    unsigned seen[256] = {0}, kinds = 0;
    for (uint64_t i = 1; i <= world_entries(world); i++) {
        const Maskline__Store__V1__Entry *entry = world_entry(world, i);
        const char *text = entry_tells(world, entry);
        if (!text)
            continue;
        ck_assert_msg(!strcmp(text, "a=1 b=2"), "kind %d: %s", (int)entry->change_case, text);
        kinds += !seen[entry->change_case]++;
    }
    /* Created, updated, closed, opened again, deleted; joined, changed and left; message, leg, rejection, warning. */
    ck_assert_uint_eq(kinds, 12);
    ck_assert_uint_ge(seen[CHANGE(LEG_CHANGED)], 3);
    world_close(world);
}
END_TEST

START_TEST(is_there_after_a_restart)
{
    char path[] = "/tmp/maskline-metadata-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of_numbers(path);
    const char *sid = sid_of(world, make(world, "a=1"));
    ck_done(change(world, sid, "a=2 b=3", 0));
    world_restart(world);
    ck_assert_str_eq(metadata_of(world, call_session_get(world, sid)), "a=2 b=3");
    world_close(world);
    folder_remove(path);
}
END_TEST

START_TEST(messages_are_counted)
{
    struct world *world = world_of_numbers(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_uint_eq(world_session(world, &talk)->interaction_count, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "one"));
    ck_accepted(world_text(world, BOB, talk.proxy_b, "two"));
    world_run(world);
    const struct message_draft draft = {
        .service = world->service, .session = talk.session, .participant = talk.a, .body = "three"};
    char sid[40], reason[48];
    ck_assert_int_eq(world_send(world, &draft, sid, reason), STATUS_OK);
    ck_rejected(world_text(world, CAT, talk.proxy_a, "of nobody"), "NO_ROUTE");
    ck_assert_uint_eq(world_session(world, &talk)->interaction_count, 3);
    ck_assert_uint_eq(world_interactions(world, &talk), 3);
    world_end_talk(world, &talk);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "closed"), "SESSION_CLOSED");
    world_reopen_talk(world, &talk);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "four"));
    ck_assert_uint_eq(world_session(world, &talk)->interaction_count, 4);
    ck_assert_uint_eq(world_interactions(world, &talk), 4);
    world_close(world);
}
END_TEST

SUITE_MAIN("metadata", is_kept_and_changed, an_ended_session_gets_it_with_its_reopening, has_bounds,
           each_entry_of_the_session_tells_it, is_there_after_a_restart, messages_are_counted)
