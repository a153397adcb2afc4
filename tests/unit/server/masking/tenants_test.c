#include "server/masking/bars/opt_outs.h"
#include "server/masking/services/rates.h"
#include "server/masking/services/rates_internal.h"
#include "server/masking/internal.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two tenants in one store. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define N3  "+15559990003"
#define N4  "+15559990004"
#define ANN "+15551230001"
#define BOB "+15551230002"

static const Maskline__Store__V1__Service *make(struct world *world, const char *name)
{
    const struct service_draft draft = {.unique_name = name, .settings = service_settings_unset()};
    return call_service_create(world, &draft);
}

static void use(struct world *world, uint32_t tenant, const Maskline__Store__V1__Service *service)
{
    world_tenant(world, tenant);
    snprintf(world->service, sizeof world->service, "%s", sid_format("KS", service->sid.data).text);
}

static unsigned listed(struct world *world)
{
    struct view *view = masking_view(world->masking);
    const struct page page = {0};
    struct service_list list;
    struct error error;
    ck_assert(services_list(view, world->store, &page, world->arena, &list, &error));
    view_close(view);
    return (unsigned)list.count;
}

/* holds: SVC-02 ERR-80602 */
START_TEST(a_name_is_taken_within_a_tenant)
{
    char path[] = "/tmp/maskline-tenants-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    const Maskline__Store__V1__Service *first = make(world, "rides");
    ck_done(first);
    ck_refused(make(world, "rides"), "SERVICE_NAME_TAKEN", 80602);
    world_tenant(world, 2);
    const Maskline__Store__V1__Service *second = make(world, "rides");
    ck_done(second);
    ck_assert_mem_ne(first->sid.data, second->sid.data, SID_BYTES);
    ck_refused(make(world, "rides"), "SERVICE_NAME_TAKEN", 80602);
    /* By the name each gets its own, also after a restart. */
    for (int round = 0; round < 2; round++) {
        world_tenant(world, 2);
        ck_assert_mem_eq(call_service_get(world, "rides")->sid.data, second->sid.data, SID_BYTES);
        ck_assert_uint_eq(listed(world), 1);
        world_tenant(world, 0);
        ck_assert_mem_eq(call_service_get(world, "rides")->sid.data, first->sid.data, SID_BYTES);
        ck_assert_uint_eq(listed(world), 1);
        world_restart(world);
    }
    /* A name that one renames to is taken in that tenant alone, and so is one that it leaves. */
    struct service_change change = {
        .service = "rides", .unique_name = "trips", .settings = service_settings_unset()};
    ck_done(call_service_update(world, &change));
    ck_refused(call_service_get(world, "rides"), "SERVICE_NOT_FOUND", 0);
    world_tenant(world, 2);
    ck_assert_mem_eq(call_service_get(world, "rides")->sid.data, second->sid.data, SID_BYTES);
    ck_refused(call_service_get(world, "trips"), "SERVICE_NOT_FOUND", 0);
    ck_done(call_service_update(world, &change));
    ck_done(call_service_delete(world, "trips"));
    world_tenant(world, 0);
    ck_assert_int_eq(call_service_get(world, "trips")->state, SERVICE_STATE(ACTIVE));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* A request's id is one tenant's, too. */
START_TEST(a_request_id_is_a_tenants_own)
{
    struct world *world = world_open(NULL);
    const struct service_draft draft = {.unique_name = "rides",
                                        .settings = service_settings_unset(),
                                        .request = {.id = "1", .method = "CreateService"}};
    const Maskline__Store__V1__Service *first = call_service_create(world, &draft);
    ck_done(first);
    world_tenant(world, 2);
    const Maskline__Store__V1__Service *second = call_service_create(world, &draft);
    ck_done(second);
    ck_assert_mem_ne(first->sid.data, second->sid.data, SID_BYTES);
    ck_assert_mem_eq(call_service_create(world, &draft)->sid.data, second->sid.data, SID_BYTES);
    world_close(world);
}
END_TEST

/* Nothing of another's is found, by SID neither, and nothing can be done to it. */
START_TEST(nothing_of_another_tenants_is_found)
{
    struct world *world = world_open(NULL);
    const Maskline__Store__V1__Service *first = make(world, "rides");
    ck_done(first);
    use(world, 0, first);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_tenant(world, 2);
    ck_refused(call_service_get(world, world->service), "SERVICE_NOT_FOUND", 0);
    ck_refused(call_service_delete(world, world->service), "SERVICE_NOT_FOUND", 0);
    ck_refused(call_session_get(world, talk.session), "SERVICE_NOT_FOUND", 0);
    ck_refused(call_session_delete(world, talk.session), "SERVICE_NOT_FOUND", 0);
    ck_refused(call_talk(world, ANN, BOB), "SERVICE_NOT_FOUND", 0);
    ck_refused(call_number_remove(world, N1, true).number, "SERVICE_NOT_FOUND", 0);
    char reason[48];
    const struct message_draft draft = {
        .service = world->service, .session = talk.session, .participant = talk.b, .body = "x"};
    ck_assert_int_eq(world_send(world, &draft, NULL, reason), STATUS_NOT_FOUND);
    /* A number is one's in the whole store; whose is not told. */
    const Maskline__Store__V1__Service *second = make(world, "rides");
    ck_done(second);
    use(world, 2, second);
    struct number_draft taken = number_draft(world, N1);
    ck_refused(call_number_add(world, &taken).number, "NUMBER_NOT_AVAILABLE", 80601);
    ck_refused(call_session_get(world, talk.session), "SESSION_NOT_FOUND", 0);
    use(world, 0, first);
    ck_done(call_session_get(world, talk.session));
    world_close(world);
}
END_TEST

/* One conversation of each, with the same people: each is relayed by its own number, and ends by itself. */
static void converse(struct world *world, const struct talk *talk, const char *proxy)
{
    unsigned before = world->carriers[0].count;
    ck_accepted(world_text(world, ANN, talk->proxy_a, "hello"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, before + 1);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, proxy);
    ck_assert_int_eq(world_receipt(world, "one", world_sent(world, 0, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_int_eq(world_leg(world, talk, world_interactions(world, talk) - 1)->status,
                     STATUS(DELIVERED));
}

/* holds: SVC-19 */
START_TEST(each_has_its_traffic_its_timers_and_its_outbox)
{
    char path[] = "/tmp/maskline-tenants-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    const Maskline__Store__V1__Service *first = make(world, "rides");
    use(world, 0, first);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    struct talk one = world_talk(world, ANN, BOB, HOUR);
    world_tenant(world, 7);
    const Maskline__Store__V1__Service *second = make(world, "rides");
    use(world, 7, second);
    world_number(world, N3, NULL);
    world_number(world, N4, NULL);
    struct talk other = world_talk(world, ANN, BOB, 2 * HOUR);
    for (int round = 0; round < 2; round++) {
        use(world, 0, first);
        converse(world, &one, one.proxy_b);
        use(world, 7, second);
        converse(world, &other, other.proxy_b);
        world_restart(world);
    }
    /* What waits when the server goes is sent when it is there again. */
    unsigned before = world->carriers[0].count;
    ck_accepted(world_text(world, BOB, other.proxy_b, "waits"));
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, before + 1);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    /* The word of one is none to the other. */
    (void)world_text(world, BOB, other.proxy_b, "STOP");
    world_run(world); /* it is answered */
    use(world, 0, first);
    converse(world, &one, one.proxy_b);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_int_eq(world_session(world, &one)->closed_reason, CLOSED_REASON(TTL_EXPIRED));
    use(world, 7, second);
    ck_assert_int_eq(world_session(world, &other)->status, SESSION_STATUS(IN_PROGRESS));
    world_restart(world);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_int_eq(world_last(world, CHANGE(SESSION_CLOSED))->session_closed->reason,
                     CLOSED_REASON(TTL_EXPIRED));
    /* Its deletion is its own, and its numbers may come to the other one's when they have rested. */
    ck_done(call_service_delete(world, "rides"));
    world_run(world);
    use(world, 0, first);
    ck_assert_int_eq(call_service_get(world, "rides")->state, SERVICE_STATE(ACTIVE));
    struct number_draft draft = number_draft(world, N3);
    ck_refused(call_number_add(world, &draft).number, "NUMBER_NOT_AVAILABLE", 80601);
    world_move(world, 7 * DAY);
    ck_done(call_number_add(world, &draft).number);
    struct talk late = world_talk(world, ANN, "+15551230003", 0);
    ck_accepted(world_text(world, ANN, late.proxy_a, "x"));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* Rates are known of again after a start. */
START_TEST(rates_are_of_all_tenants)
{
    char path[] = "/tmp/maskline-tenants-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_tenant(world, 3);
    struct service_draft draft = {.unique_name = "rides", .settings = service_settings_unset()};
    draft.settings.requests_per_second = 1;
    ck_done(call_service_create(world, &draft));
    world_restart(world);
    ck_assert(rates_on(world->masking));
    struct error error;
    for (int i = 0; i < RATE_WINDOW; i++)
        ck_assert(rates_take(world->masking, "rides", "x", &error));
    ck_assert(!rates_take(world->masking, "rides", "x", &error));
    world_tenant(world, 0);
    ck_assert(rates_take(world->masking, "rides", "x", &error));
    world_close(world);
    folder_remove(path);
}
END_TEST

START_TEST(a_tenant_has_one_domain)
{
    struct world *world = world_open(NULL);
    struct masking *whole = world->masking;
    struct masking *second = masking_of_tenant(whole, 2);
    ck_assert_ptr_ne(second, whole);
    ck_assert_ptr_eq(masking_of_tenant(second, 2), second);
    ck_assert_ptr_eq(masking_of_tenant(second, TENANT_DEFAULT), whole);
    ck_assert_ptr_eq(masking_of_tenant(masking_of_tenant(second, 3), 2), second);
    world_close(world);
}
END_TEST

SUITE_MAIN("tenants", a_name_is_taken_within_a_tenant, a_request_id_is_a_tenants_own,
           nothing_of_another_tenants_is_found, each_has_its_traffic_its_timers_and_its_outbox,
           rates_are_of_all_tenants, a_tenant_has_one_domain)
