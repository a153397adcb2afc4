#include "server/api/attachment_in.h"
#include "server/api/attachment_out.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

/* A gateway that writes down what it is told of calls. */
static struct {
    unsigned calls, progresses, placed, refusals;
    struct gateway_inbound_call call;
    struct gateway_progress progress;
    struct gateway_answer refusal;
    char key[64];
    char code[600];
    bool taken;
    bool has_room;
} gateway;

bool gateway_inbound_call(struct gateway_attachment *attachment,
                          const struct gateway_inbound_call *call)
{
    (void)attachment;
    gateway.calls++;
    gateway.call = *call;
    return gateway.has_room;
}

bool gateway_progress(struct gateway_attachment *attachment,
                      const struct gateway_progress *progress)
{
    (void)attachment;
    gateway.progresses++;
    gateway.progress = *progress;
    return gateway.has_room;
}

void gateway_placed(struct gateway_attachment *attachment, const char *key, bool taken,
                    const char *carrier_code)
{
    (void)attachment;
    gateway.placed++;
    gateway.taken = taken;
    snprintf(gateway.key, sizeof gateway.key, "%s", key);
    snprintf(gateway.code, sizeof gateway.code, "%s", carrier_code);
}

bool gateway_refuse(struct gateway_attachment *attachment, enum gateway_output_kind kind,
                    const struct gateway_answer *answer)
{
    (void)attachment;
    ck_assert_int_eq(kind, GATEWAY_PROGRESS_RESULT);
    gateway.refusals++;
    gateway.refusal = *answer;
    return gateway.has_room;
}

bool gateway_inbound(struct gateway_attachment *attachment, const struct gateway_inbound *inbound)
{
    (void)attachment;
    (void)inbound;
    ck_abort_msg("nobody writes here");
    return true;
}

bool gateway_receipt(struct gateway_attachment *attachment, const struct gateway_receipt *receipt)
{
    (void)attachment;
    (void)receipt;
    ck_abort_msg("nobody writes here");
    return true;
}

void gateway_result(struct gateway_attachment *attachment, const char *key,
                    const struct send_result *result)
{
    (void)attachment;
    (void)key;
    (void)result;
    ck_abort_msg("nobody writes here");
}

static struct arena *arena;

static Maskline__V1__AttachRequest *request_of(unsigned member)
{
    if (!arena)
        arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
    Maskline__V1__AttachRequest *request = filled(arena, &maskline__v1__attach_request__descriptor);
    fill_member(arena, &request->base, member);
    memset(&gateway, 0, sizeof gateway);
    gateway.has_room = true;
    return request;
}

static Maskline__V1__AttachRequest *progress_request(void)
{
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_CALL_PROGRESS);
    request->call_progress->duration->seconds = 61;
    request->call_progress->duration->nanos = 999999999;
    request->call_progress->time->seconds = 1000;
    request->call_progress->time->nanos = 5000;
    return request;
}

static bool take(const Maskline__V1__AttachRequest *request)
{
    struct error error;
    bool more = false;
    error_clear(&error);
    ck_assert(attachment_take(NULL, request, &more, &error));
    return more;
}

START_TEST(test_a_call)
{
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_INBOUND_CALL);
    ck_assert(take(request));
    ck_assert_uint_eq(gateway.calls, 1);
    ck_assert_str_eq(gateway.call.provider_id, PROVIDER_ID);
    ck_assert_str_eq(gateway.call.from, "<caller>");
    ck_assert_str_eq(gateway.call.to, "<called>");
    gateway.has_room = false;
    ck_assert(!take(request));
}
END_TEST

START_TEST(test_progress)
{
    Maskline__V1__AttachRequest *request = progress_request();
    for (int side = 1; side <= 2; side++)
        for (int status = 1; status <= 9; status++) {
            request->call_progress->side = (Maskline__V1__CarrierCallSide)side;
            request->call_progress->status = (Maskline__V1__CarrierCallStatus)status;
            ck_assert(take(request));
            ck_assert_int_eq(gateway.progress.side, side == 1 ? CALL_FIRST : CALL_SECOND);
            ck_assert_int_eq(gateway.progress.status, status - 1);
        }
    ck_assert_int_eq(gateway.progress.status, CALL_GONE);
    ck_assert_uint_eq(gateway.progresses, 18);
    ck_assert_str_eq(gateway.progress.key, "<key>");
    ck_assert_uint_eq(gateway.progress.tag, 1700000000123456);
    ck_assert_uint_eq(gateway.progress.target, request->call_progress->target);
    ck_assert_int_eq(gateway.progress.seconds, 61);
    ck_assert_int_eq(gateway.progress.time, 1000000005);
    ck_assert(gateway.progress.recorded);
    ck_assert_str_eq(gateway.progress.carrier_code, "<carrier_code>");
    ck_assert_str_eq(gateway.progress.provider_id, PROVIDER_ID);
    request->call_progress->duration = NULL;
    request->call_progress->time = NULL;
    gateway.has_room = false;
    ck_assert(!take(request));
    ck_assert_int_eq(gateway.progress.seconds, -1);
    ck_assert_int_eq(gateway.progress.time, 0);
}
END_TEST

static void expect_refusal(const Maskline__V1__AttachRequest *request)
{
    unsigned before = gateway.refusals;
    gateway.has_room = before % 2 == 0;
    ck_assert_int_eq(take(request), gateway.has_room);
    ck_assert_uint_eq(gateway.refusals, before + 1);
    ck_assert_str_eq(gateway.refusal.id, "<key>");
    ck_assert_uint_eq(gateway.refusal.tag, 1700000000123456);
    ck_assert_int_eq(gateway.refusal.outcome, INBOUND_REJECTED);
    ck_assert_str_eq(gateway.refusal.reason, "INVALID_FIELD");
    ck_assert(!gateway.refusal.hang_up);
}

START_TEST(test_progress_that_cannot_be_read_is_refused_alone)
{
    static const int sides[] = {0, 3, -1}, statuses[] = {0, 10, -1};
    char code[66], id[257];
    memset(code, 'x', sizeof code - 1);
    memset(id, 'x', sizeof id - 1);
    code[65] = id[256] = '\0';
    Maskline__V1__AttachRequest *request = progress_request();
    Maskline__V1__CarrierCallProgress *progress = request->call_progress;
    Maskline__V1__CarrierCallProgress good = *progress;
    for (size_t i = 0; i < 3; i++) {
        progress->side = (Maskline__V1__CarrierCallSide)sides[i];
        expect_refusal(request);
        *progress = good;
        progress->status = (Maskline__V1__CarrierCallStatus)statuses[i];
        expect_refusal(request);
        *progress = good;
    }
    progress->carrier_code = code;
    expect_refusal(request);
    *progress = good;
    progress->provider_id = id;
    expect_refusal(request);
    *progress = good;
    progress->duration->seconds = -1;
    expect_refusal(request);
    progress->duration->seconds = 1;
    progress->time->nanos = -1;
    expect_refusal(request);
    ck_assert_uint_eq(gateway.progresses, 0);
}
END_TEST

START_TEST(test_results_of_placing)
{
    char code[401] = "";
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_PLACE_CALL_RESULT);
    ck_assert(take(request));
    ck_assert(gateway.taken);
    ck_assert_str_eq(gateway.key, "<key>");
    ck_assert_str_eq(gateway.code, "<carrier_code>");
    for (unsigned i = 0; i < 100; i++)
        memcpy(code + strlen(code), "\xf0\x9f\x98\x80", 5);
    request->place_call_result->carrier_code = code;
    request->place_call_result->taken = false;
    ck_assert(take(request));
    ck_assert(!gateway.taken);
    ck_assert_uint_eq(strlen(gateway.code), 64 * 4);
    ck_assert_uint_eq(gateway.placed, 2);
}
END_TEST

static const struct call_target targets[] = {{"+1", "+2"}, {"+3", "+4"}, {"+3", "+5"}};

static const struct call_plan plan = {
    .key = "key",
    .first = {targets, 1},
    .second = {&targets[1], 2},
    .announcement = "announcement",
    .whisper = "whisper",
    .ask_key = true,
    .key_limit = 10 * MICROSECONDS,
    .record = true,
    .consent_notice = "consent",
    .ring_limit = 20 * MICROSECONDS,
    .longest_call = 30 * MICROSECONDS,
    .expire_time = 40 * MICROSECONDS,
};

START_TEST(test_output)
{
    static const char *const none[] = {NULL};
    struct arena *to = arena_new(65536);
    ck_assert_ptr_nonnull(to);
    struct gateway_output output = {.kind = GATEWAY_PLACE_CALL, .plan = plan};
    Maskline__V1__AttachResponse *response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    const Maskline__V1__CarrierCallPlan *made = response->place_call;
    ck_assert_str_eq(made->key, "key");
    ck_assert_uint_eq(made->first->n_targets, 1);
    ck_assert_uint_eq(made->second->n_targets, 2);
    ck_assert_str_eq(made->second->targets[1]->caller_id, "+3");
    ck_assert_str_eq(made->second->targets[1]->number, "+5");
    ck_assert_str_eq(made->announcement, "announcement");
    ck_assert_str_eq(made->whisper, "whisper");
    ck_assert_str_eq(made->consent_notice, "consent");
    ck_assert_int_eq(made->key_limit->seconds, 10);
    ck_assert_int_eq(made->ring_limit->seconds, 20);
    ck_assert_int_eq(made->longest_call->seconds, 30);
    ck_assert_int_eq(made->expire_time->seconds, 40);
    output = (struct gateway_output){.kind = GATEWAY_HANG_UP, .key = "k"};
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    ck_assert_str_eq(response->hang_up->key, "k");
    output.kind = GATEWAY_CALL_RESULT;
    output.answer = (struct gateway_answer){.id = "id",
                                            .outcome = INBOUND_REJECTED,
                                            .reason = "REASON",
                                            .original = 80903,
                                            .repeated = true,
                                            .notice = "notice"};
    static const char *const no_plan[] = {"plan", NULL};
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, no_plan));
    ck_assert_ptr_null(response->inbound_call_result->plan);
    output.answer.plan = &plan;
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    /* Of a call that came in there is no first side to be rung. */
    struct call_plan inbound = plan;
    inbound.first.count = 0;
    output.answer.plan = &inbound;
    response = output_message(to, &output);
    ck_assert_ptr_null(response->inbound_call_result->plan->first);
    output.kind = GATEWAY_PROGRESS_RESULT;
    output.answer = (struct gateway_answer){
        .id = "id", .tag = 7, .outcome = INBOUND_FAILED, .reason = "REASON", .hang_up = true};
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    ck_assert_uint_eq(response->call_progress_result->tag, 7);
    arena_free(to);
}
END_TEST

SUITE_MAIN("attachment_calls", test_a_call, test_progress,
           test_progress_that_cannot_be_read_is_refused_alone, test_results_of_placing, test_output)
