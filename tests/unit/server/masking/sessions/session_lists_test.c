#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists of sessions: order, pages, filters. */

static struct world *world_of_numbers(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    char number[32];
    for (int i = 0; i < 60; i++) {
        snprintf(number, sizeof number, "+1555999%04d", i);
        world_number(world, number, NULL);
    }
    return world;
}

static struct session_list read_page(struct world *world, const struct session_filter *filter,
                                     struct page page, bool *ret_ok)
{
    struct session_list list = {.count = 0};
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    error_clear(&call_error);
    *ret_ok = sessions_list(view, world->store, world->service, filter, &page, world->arena, &list,
                            &call_error);
    view_close(view);
    return list;
}

/* All pages; returns the count, and the SIDs in order. */
static unsigned read_all(struct world *world, const struct session_filter *filter, uint32_t size,
                         const char **ret_sids)
{
    struct page page = {.size = size, .token = ""};
    unsigned count = 0;
    do {
        bool ok;
        struct session_list list = read_page(world, filter, page, &ok);
        ck_assert_msg(ok, "%s", call_error.message);
        ck_assert_uint_le(list.count, size ? size : 50);
        for (size_t i = 0; i < list.count; i++)
            ret_sids[count++] = sid_of(world, list.sessions[i]);
        page.token = arena_string(world->arena, list.next_token);
    } while (*page.token);
    return count;
}

/* holds: LST-01 LST-02 LST-04 LST-08 */
START_TEST(pages_are_gapless_and_in_order)
{
    struct world *world = world_of_numbers();
    const char *made[130], *seen[200];
    for (int i = 0; i < 130; i++)
        made[i] = sid_of(world, call_talk(world, NULL, NULL));
    struct session_filter none = {0};
    for (uint32_t size = 0; size <= 64; size += 16) {
        ck_assert_uint_eq(read_all(world, &none, size, seen), 130);
        for (int i = 0; i < 130; i++)
            ck_assert_str_eq(seen[i], made[i]);
    }
    bool ok;
    ck_assert_uint_eq(read_page(world, &none, (struct page){.size = 5000}, &ok).count, 130);
    ck_assert_uint_eq(read_page(world, &none, (struct page){.size = 0}, &ok).count, 50);
    world_close(world);
}
END_TEST

/* holds: LST-05 */
START_TEST(paging_is_undisturbed_by_writers)
{
    struct world *world = world_of_numbers();
    const char *made[40];
    for (int i = 0; i < 40; i++)
        made[i] = sid_of(world, call_talk(world, NULL, NULL));
    struct session_filter none = {0};
    struct page page = {.size = 7, .token = ""};
    unsigned seen = 0, at = 0;
    do {
        bool ok;
        struct session_list list = read_page(world, &none, page, &ok);
        ck_assert(ok);
        for (size_t i = 0; i < list.count; i++, at++) {
            if (at < 40 && at % 2 == 0) {
                ck_assert_str_eq(sid_of(world, list.sessions[i]), made[at]);
                seen++;
            }
        }
        page.token = arena_string(world->arena, list.next_token);
        ck_done(call_talk(world, NULL, NULL)); /* at the end */
        if (at < 40 && at > 0 && at <= 14)
            ck_done(call_session_delete(world, made[at - 1])); /* behind, also the token's own */
    } while (*page.token);
    ck_assert_uint_eq(seen, 20);
    world_close(world);
}
END_TEST

/* holds: EXP-09 LST-06 SES-27 */
START_TEST(filters_hold_together)
{
    struct world *world = world_of_numbers();
    const char *seen[64];
    int64_t begin = world_now(world);
    const char *ann = "+15551230001";
    const Maskline__Store__V1__Session *made[20];
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        const struct participant_draft people[] = {person(world, ann)};
        made[i] = call_session_create(
            world, (struct session_draft){.unique_name = name,
                                          .mode = i % 2 ? MODE(MESSAGE_ONLY) : MODE(VOICE_ONLY),
                                          .participants = people,
                                          .participant_count = i % 4 == 0,
                                          .ttl_given = i % 5 == 0,
                                          .ttl = MINUTE});
        ck_done(made[i]);
        world_move(world, SECOND);
    }
    struct session_filter filter = {.mode = MODE(MESSAGE_ONLY)};
    ck_assert_uint_eq(read_all(world, &filter, 3, seen), 10);
    filter = (struct session_filter){.identifier = ann};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 5);
    ck_assert_str_eq(seen[1], sid_of(world, made[4]));
    ck_done(call_leave(world, sid_of(world, made[4]), participant_sid(world, made[4], 0)));
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 5); /* who was in it, too */
    filter.created = (struct time_range){begin + 8 * SECOND, begin + 16 * SECOND};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 2); /* 8 and 12; the end is excluded */
    filter = (struct session_filter){.unique_name = "n7"};
    ck_assert_uint_eq(read_all(world, &filter, 1, seen), 1);
    ck_assert_str_eq(seen[0], sid_of(world, made[7]));
    filter.identifier = ann;
    ck_assert_uint_eq(read_all(world, &filter, 1, seen), 0);
    filter.unique_name = "n8";
    ck_assert_uint_eq(read_all(world, &filter, 1, seen), 1);
    filter.identifier = "me";
    bool ok;
    (void)read_page(world, &filter, (struct page){.size = 1}, &ok);
    ck_refused(ok, "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "filter.identifier");
    /* Those that have ended by now are CLOSED, whoever has noticed. */
    world_move(world, MINUTE);
    filter = (struct session_filter){.statuses = 1u << SESSION_STATUS(CLOSED)};
    ck_assert_uint_eq(read_all(world, &filter, 3, seen), 4);
    filter.statuses |= 1u << SESSION_STATUS(OPEN);
    ck_assert_uint_eq(read_all(world, &filter, 3, seen), 20);
    filter = (struct session_filter){.ended = {begin + MINUTE, begin + MINUTE + 5 * SECOND + 1}};
    ck_assert_uint_eq(read_all(world, &filter, 3, seen), 2); /* 0 and 5 */
    filter = (struct session_filter){.last_interaction = {1, 0}};
    ck_assert_uint_eq(read_all(world, &filter, 3, seen), 0);
    world_close(world);
}
END_TEST

/* Sessions of other times are not gone through: a page is short only when there is nothing more to look at. */
START_TEST(created_is_found_by_time)
{
    struct world *world = world_of_numbers();
    const char *seen[64];
    int64_t begin = world_now(world);
    for (int i = 0; i < 40; i++) {
        ck_done(call_talk(world, "+15551230001", NULL));
        world_move(world, HOUR);
    }
    struct session_filter filter = {.created = {begin + 30 * HOUR, begin + 32 * HOUR + MINUTE}};
    for (int by_person = 0; by_person < 2; by_person++) {
        filter.identifier = by_person ? "+15551230001" : NULL;
        ck_assert_uint_eq(read_all(world, &filter, 2, seen), 3);
        bool ok;
        struct session_list list = read_page(world, &filter, (struct page){.size = 3}, &ok);
        ck_assert_uint_eq(list.count, 3);
        ck_assert_str_eq(list.next_token, "");
    }
    /* To the microsecond, and either end by itself. */
    filter = (struct session_filter){.created = {begin + HOUR, begin + HOUR + 1}};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 1);
    filter.created = (struct time_range){begin + HOUR + 1, begin + 2 * HOUR};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 0);
    filter.created = (struct time_range){begin + 38 * HOUR, 0};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 2);
    filter.created = (struct time_range){0, begin + 2 * HOUR};
    ck_assert_uint_eq(read_all(world, &filter, 2, seen), 2);
    world_close(world);
}
END_TEST

/* holds: LIM-14 LST-07 */
START_TEST(a_page_looks_at_so_many_rows)
{
    struct world *world = world_of_numbers();
    const char *seen[64];
    enum { MANY = 10050 };
    for (int i = 0; i < MANY; i++)
        ck_done(call_session_create(
            world, (struct session_draft){.mode = i == MANY - 1 ? MODE(VOICE_ONLY) : 0}));
    struct session_filter filter = {.mode = MODE(VOICE_ONLY)};
    bool ok;
    struct session_list list = read_page(world, &filter, (struct page){.size = 5}, &ok);
    ck_assert(ok);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_str_ne(list.next_token, "");
    ck_assert_uint_eq(read_all(world, &filter, 5, seen), 1);
    world_close(world);
}
END_TEST

/* holds: LST-03 */
START_TEST(a_token_is_of_its_list)
{
    struct world *world = world_of_numbers();
    for (int i = 0; i < 5; i++)
        ck_done(call_talk(world, NULL, NULL));
    bool ok;
    struct session_filter none = {0}, other = {.mode = MODE(VOICE_ONLY)};
    struct session_list list = read_page(world, &none, (struct page){.size = 2}, &ok);
    char token[PAGE_TOKEN_SIZE + 1] = "";
    snprintf(token, PAGE_TOKEN_SIZE, "%s", list.next_token);
    struct page page = {.size = 2, .token = token};
    ck_assert_uint_eq(read_page(world, &none, page, &ok).count, 2);
    (void)read_page(world, &other, page, &ok);
    ck_field(ok, "page_token");
    for (size_t i = 0; token[i]; i++) { /* whichever letter is wrong */
        char right = token[i];
        token[i] = right == 'A' ? 'B' : 'A';
        (void)read_page(world, &none, page, &ok);
        ck_field(ok, "page_token");
        token[i] = right;
    }
    size_t end = strlen(token);
    token[end] = 'A'; /* or there is one too many */
    (void)read_page(world, &none, page, &ok);
    ck_field(ok, "page_token");
    token[end] = '\0';
    static const char *const BAD[] = {"x", "!!", "AAAAAAAAAAAAAAAA", "-", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        (void)read_page(world, &none, (struct page){.size = 2, .token = BAD[i]}, &ok);
        ck_field(ok, "page_token");
    }
    struct session_filter named = {.unique_name = "nobody"};
    (void)read_page(world, &named, page, &ok);
    ck_field(ok, "page_token");
    world_service(world, NULL);
    (void)read_page(world, &none, page, &ok);
    ck_field(ok, "page_token");
    world_close(world);
}
END_TEST

/* holds: SES-23 SES-24 */
START_TEST(purged_ones_are_not_listed)
{
    struct world *world = world_of_numbers();
    const char *seen[8];
    ck_done(call_close(world, call_talk(world, NULL, NULL)));
    ck_done(call_talk(world, NULL, NULL));
    struct session_filter none = {0};
    world_move(world, 90 * DAY - 1);
    ck_assert_uint_eq(read_all(world, &none, 9, seen), 2);
    world_move(world, 1);
    ck_assert_uint_eq(read_all(world, &none, 9, seen), 1);
    world_close(world);
}
END_TEST

SUITE_MAIN("session lists", pages_are_gapless_and_in_order, paging_is_undisturbed_by_writers,
           filters_hold_together, created_is_found_by_time, a_page_looks_at_so_many_rows,
           a_token_is_of_its_list, purged_ones_are_not_listed)
