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
/* holds: IDM-02 */
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

/* By a SID that is another's nothing is found, in a Service of one's own neither. */
/* holds: ERR-80301 ERR-80303 */
START_TEST(numbers_are_found_by_their_tenant_alone)
{
    struct world *world = world_open(NULL);
    use(world, 0, make(world, "rides"));
    world_number(world, N1, NULL);
    struct number_draft draft = number_draft(world, "24687");
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    const Maskline__Store__V1__PhoneNumber *code = call_number_add(world, &draft).number;
    ck_done(code);
    char number_sid[40], code_sid[40];
    snprintf(number_sid, sizeof number_sid, "%s",
             sid_format("PN", call_number_get(world, N1).number->sid.data).text);
    snprintf(code_sid, sizeof code_sid, "%s", sid_format("SC", code->sid.data).text);
    ck_done(call_number_get(world, number_sid).number);
    ck_done(call_number_get_kind(world, code_sid, NUMBER_SHORT_CODE).number);
    world_tenant(world, 2);
    use(world, 2, make(world, "rides"));
    ck_refused(call_number_get(world, number_sid).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_refused(call_number_get(world, N1).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_refused(call_number_remove(world, number_sid, true).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_refused(call_number_get_kind(world, code_sid, NUMBER_SHORT_CODE).number,
               "SHORT_CODE_NOT_FOUND", 80303);
    ck_refused(call_number_get_kind(world, "24687", NUMBER_SHORT_CODE).number,
               "SHORT_CODE_NOT_FOUND", 80303);
    ck_refused(call_number_remove_kind(world, code_sid, NUMBER_SHORT_CODE, true).number,
               "SHORT_CODE_NOT_FOUND", 80303);
    world_close(world);
}
END_TEST

/* The error of the latest call says nothing of a session: neither its SID nor its name. */
static void tells_nothing_of(const char *session, const char *name)
{
    ck_assert_str_eq(call_metadata("session_sid"), "");
    ck_assert_ptr_null(strstr(call_error.message, session));
    ck_assert_ptr_null(strstr(call_error.message, name));
    for (unsigned i = 0; i < call_error.metadata_count; i++) {
        ck_assert_str_ne(call_error.metadata[i].value, session);
        ck_assert_str_ne(call_error.metadata[i].value, name);
    }
}

/* A pair that is taken names the session that has it, to its own tenant; another one's is not told of. */
/* holds: CON-06 ERR-80601 */
START_TEST(a_rival_of_another_tenant_is_not_told)
{
    struct world *world = world_open(NULL);
    const Maskline__Store__V1__Service *first = make(world, "rides");
    use(world, 0, first);
    world_number(world, N1, NULL);
    const struct participant_draft ann = person_on(world, ANN, N1);
    const struct session_draft draft = {
        .participants = &ann, .participant_count = 1, .unique_name = "secret"};
    const Maskline__Store__V1__Session *rival = call_session_create(world, draft);
    ck_done(rival);
    const struct session_draft again = {.participants = &ann, .participant_count = 1};
    ck_refused(call_session_create(world, again), "PAIR_IN_USE", 80604);
    ck_assert_str_eq(call_metadata("session_sid"), sid_of(world, rival));
    world_tenant(world, 2);
    const Maskline__Store__V1__Service *second = make(world, "rides");
    use(world, 2, second);
    world_number(world, N2, NULL);
    struct number_draft taken = number_draft(world, N1);
    ck_refused(call_number_add(world, &taken).number, "NUMBER_NOT_AVAILABLE", 80601);
    tells_nothing_of(sid_of(world, rival), "secret");
    /* Neither when the rival's number is asked for: it is none of this pool, as any number that nobody has. */
    ck_assert_ptr_null(call_session_create(world, again));
    char reason[sizeof call_error.reason];
    snprintf(reason, sizeof reason, "%s", call_error.reason);
    tells_nothing_of(sid_of(world, rival), "secret");
    const struct participant_draft nowhere = person_on(world, ANN, N4);
    const struct session_draft other = {.participants = &nowhere, .participant_count = 1};
    ck_assert_ptr_null(call_session_create(world, other));
    ck_assert_str_eq(call_error.reason, reason);
    /* The same person on a number of its own is in no conflict, nor is the same name. */
    const struct participant_draft own = person_on(world, ANN, N2);
    const struct session_draft free = {
        .participants = &own, .participant_count = 1, .unique_name = "secret"};
    ck_done(call_session_create(world, free));
    world_close(world);
}
END_TEST

static struct error adding(struct world *world, const char *number)
{
    struct number_draft draft = number_draft(world, number);
    ck_assert_ptr_null(call_number_add(world, &draft).number);
    ck_assert_str_eq(call_error.reason, "NUMBER_NOT_AVAILABLE");
    ck_assert_int_eq(call_error.original, 80601);
    return call_error;
}

/* While a number rests its former tenant alone may have it, and then anybody. */
/* holds: CDN-08 CDN-11 ERR-80601 */
START_TEST(a_number_rests_for_its_tenant)
{
    struct world *world = world_open(NULL);
    const Maskline__Store__V1__Service *first = make(world, "rides");
    use(world, 0, first);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    ck_done(call_number_remove(world, N1, false).number);
    ck_done(call_number_remove(world, N2, false).number);
    world_tenant(world, 2);
    const Maskline__Store__V1__Service *second = make(world, "rides");
    use(world, 2, second);
    struct error resting = adding(world, N1);
    ck_assert_ptr_null(strstr(resting.message, "KS"));
    /* Past the cool-down another Service of the same tenant may have one; this one still may not. */
    world_move(world, 7 * DAY - 1);
    (void)adding(world, N1);
    use(world, 0, first);
    struct number_draft back = number_draft(world, N2);
    ck_done(call_number_add(world, &back).number);
    world_move(world, 1);
    use(world, 2, second);
    struct number_draft draft = number_draft(world, N1);
    ck_done(call_number_add(world, &draft).number);
    (void)adding(world, N2); /* its owner took it back */
    use(world, 0, first);
    (void)adding(world, N1);
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
           nothing_of_another_tenants_is_found, numbers_are_found_by_their_tenant_alone,
           a_rival_of_another_tenant_is_not_told, a_number_rests_for_its_tenant,
           each_has_its_traffic_its_timers_and_its_outbox, rates_are_of_all_tenants,
           a_tenant_has_one_domain)
