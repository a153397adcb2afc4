#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "server/api/requests.h"
#include "server/masking/rows/request_hash.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <string.h>

static unsigned hashed;

/* A hash that is plain to see through: which bytes are hashed is the question here, not how. */
void request_hash(struct masking *masking, struct bytes encoding, uint8_t ret_hash[16])
{
    (void)masking;
    uint64_t sum[2] = {encoding.size, 1469598103934665603u};
    for (size_t i = 0; i < encoding.size; i++)
        sum[1] = (sum[1] ^ ((const uint8_t *)encoding.data)[i]) * 1099511628211u;
    memcpy(ret_hash, sum, sizeof sum);
    hashed++;
}

static struct arena *arena;

static Maskline__V1__CreateSessionRequest *request_with(const char *id)
{
    Maskline__V1__CreateSessionRequest *request =
        filled(arena, &maskline__v1__create_session_request__descriptor);
    request->request_id = arena_string(arena, id);
    return request;
}

static struct request_id identity(const Maskline__V1__CreateSessionRequest *request)
{
    struct request_id found;
    struct error error;
    ck_assert(request_identity(NULL, arena, &request->base, "CreateSession", &found, &error));
    return found;
}

static bool same(struct request_id a, struct request_id b)
{
    return memcmp(a.body_hash, b.body_hash, sizeof a.body_hash) == 0;
}

static void begin(void)
{
    arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
}

START_TEST(test_no_id_costs_no_hash)
{
    begin();
    struct request_id found = identity(request_with(""));
    ck_assert_str_eq(found.id, "");
    ck_assert_uint_eq(hashed, 0);
    arena_free(arena);
}
END_TEST

START_TEST(test_all_but_the_id_is_hashed)
{
    begin();
    Maskline__V1__CreateSessionRequest *first = request_with("a");
    struct request_id found = identity(first);
    ck_assert_str_eq(found.id, "a");
    ck_assert_str_eq(found.method, "CreateSession");
    /* The request itself stays as it is. */
    ck_assert_str_eq(first->request_id, "a");
    ck_assert(same(found, identity(request_with("another id"))));
    Maskline__V1__CreateSessionRequest *other = request_with("a");
    other->participants[1]->identifiers[1][2] = '9';
    ck_assert(!same(found, identity(other)));
    other = request_with("a");
    other->ttl->nanos++;
    ck_assert(!same(found, identity(other)));
    other = request_with("a");
    other->n_participants = 1;
    ck_assert(!same(found, identity(other)));
    arena_free(arena);
}
END_TEST

static struct request_id call_identity(Maskline__V1__PlaceCallRequest *request)
{
    struct request_id found;
    struct error error;
    ck_assert(request_identity(NULL, arena, &request->base, "PlaceCall", &found, &error));
    return found;
}

/* Who is rung first makes another call: its id must not be one that a call to the other had. */
START_TEST(test_a_call_to_somebody_else_is_another)
{
    begin();
    Maskline__V1__PlaceCallRequest *call =
        filled(arena, &maskline__v1__place_call_request__descriptor);
    struct request_id found = call_identity(call);
    ck_assert_str_eq(found.method, "PlaceCall");
    ck_assert_str_eq(found.id, "<request_id>");
    call->request_id = arena_string(arena, "another");
    ck_assert(same(found, call_identity(call)));
    char **const fields[] = {&call->service, &call->session, &call->participant};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *before = *fields[i];
        *fields[i] = arena_string(arena, "KP0");
        ck_assert(!same(found, call_identity(call)));
        *fields[i] = before;
    }
    ck_assert(same(found, call_identity(call)));
    arena_free(arena);
}
END_TEST

START_TEST(test_full_arena)
{
    begin();
    Maskline__V1__CreateSessionRequest *request = request_with("a");
    struct arena *small = arena_new(64);
    struct request_id found;
    struct error error;
    ck_assert(!request_identity(NULL, small, &request->base, "CreateSession", &found, &error));
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    arena_free(small);
    arena_free(arena);
}
END_TEST

SUITE_MAIN("requests", test_no_id_costs_no_hash, test_all_but_the_id_is_hashed,
           test_a_call_to_somebody_else_is_another, test_full_arena)
