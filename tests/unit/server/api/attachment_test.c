#include "server/api/attachment_in.h"
#include "server/api/attachment_out.h"
#include "tests/unit/server/api/fill.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

/* A gateway that writes down what it is handed. */
static struct {
    unsigned inbounds, receipts, results, refusals;
    struct gateway_receipt receipt;
    struct gateway_answer refusal;
    enum send_outcome outcome;
    int64_t retry_after;
    char text[600];
    size_t media_count;
    bool has_room;
} gateway;

static void write_down(const char *text)
{
    snprintf(gateway.text, sizeof gateway.text, "%s", text);
}

bool gateway_inbound(struct gateway_attachment *attachment, const struct gateway_inbound *inbound)
{
    (void)attachment;
    gateway.inbounds++;
    gateway.media_count = inbound->media_count;
    snprintf(gateway.text, sizeof gateway.text, "%s %s %s %s %s %s", inbound->provider_id,
             inbound->from, inbound->to, inbound->body,
             inbound->media_count > 0 ? inbound->media[0].url : "",
             inbound->media_count > 0 ? inbound->media[0].content_type : "");
    return gateway.has_room;
}

bool gateway_receipt(struct gateway_attachment *attachment, const struct gateway_receipt *receipt)
{
    (void)attachment;
    gateway.receipts++;
    gateway.receipt = *receipt;
    return gateway.has_room;
}

void gateway_result(struct gateway_attachment *attachment, const char *key,
                    const struct send_result *result)
{
    (void)attachment;
    (void)key;
    gateway.results++;
    gateway.outcome = result->outcome;
    gateway.retry_after = result->retry_after;
    write_down(result->carrier_code);
}

bool gateway_refuse(struct gateway_attachment *attachment, enum gateway_output_kind kind,
                    const struct gateway_answer *answer)
{
    (void)attachment;
    ck_assert_int_eq(kind, GATEWAY_RECEIPT_RESULT);
    gateway.refusals++;
    gateway.refusal = *answer;
    return gateway.has_room;
}

bool gateway_inbound_call(struct gateway_attachment *attachment,
                          const struct gateway_inbound_call *call)
{
    (void)attachment;
    (void)call;
    ck_abort_msg("nobody calls here");
    return true;
}

bool gateway_progress(struct gateway_attachment *attachment,
                      const struct gateway_progress *progress)
{
    (void)attachment;
    (void)progress;
    ck_abort_msg("nobody calls here");
    return true;
}

void gateway_placed(struct gateway_attachment *attachment, const char *key, bool taken,
                    const char *carrier_code)
{
    (void)attachment;
    (void)key;
    (void)taken;
    (void)carrier_code;
    ck_abort_msg("nobody calls here");
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

static bool take(const Maskline__V1__AttachRequest *request, bool *ret_more)
{
    struct error error;
    error_clear(&error);
    return attachment_take(NULL, request, ret_more, &error);
}

START_TEST(test_inbound)
{
    bool more;
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_INBOUND_MESSAGE);
    ck_assert(take(request, &more) && more);
    ck_assert_uint_eq(gateway.inbounds, 1);
    ck_assert_uint_eq(gateway.media_count, 2);
    ck_assert_str_eq(gateway.text, PROVIDER_ID " <sender> <recipient> <body> <url> <content_type>");
    gateway.has_room = false;
    ck_assert(take(request, &more) && !more);
}
END_TEST

START_TEST(test_receipts)
{
    static const enum receipt_status expected[] = {RECEIPT_QUEUED, RECEIPT_SENT, RECEIPT_DELIVERED,
                                                   RECEIPT_UNDELIVERED, RECEIPT_FAILED};
    bool more;
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_RECEIPT);
    for (unsigned i = 0; i < 5; i++) {
        request->receipt->status = (Maskline__V1__CarrierReceiptStatus)(i + 1);
        ck_assert(take(request, &more) && more);
        ck_assert_int_eq(gateway.receipt.status, expected[i]);
    }
    ck_assert_uint_eq(gateway.receipts, 5);
    ck_assert_str_eq(gateway.receipt.key, "<key>");
    ck_assert_uint_eq(gateway.receipt.tag, 1700000000123456);
    ck_assert_str_eq(gateway.receipt.carrier_code, "<carrier_code>");
    ck_assert_str_eq(gateway.receipt.provider_id, PROVIDER_ID);
}
END_TEST

START_TEST(test_receipt_that_cannot_be_read_is_refused_alone)
{
    bool more;
    char code[66];
    memset(code, 'x', sizeof code - 1);
    code[65] = '\0';
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_RECEIPT);
    static const int wrong[] = {0, 6, -1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        request->receipt->status = (Maskline__V1__CarrierReceiptStatus)wrong[i];
        ck_assert(take(request, &more) && more);
        ck_assert_uint_eq(gateway.refusals, i + 1);
        ck_assert_str_eq(gateway.refusal.reason, "INVALID_FIELD");
        ck_assert_int_eq(gateway.refusal.outcome, INBOUND_REJECTED);
        ck_assert_uint_eq(gateway.refusal.tag, 1700000000123456);
    }
    request->receipt->status = MASKLINE__V1__CARRIER_RECEIPT_STATUS__CARRIER_RECEIPT_STATUS_SENT;
    request->receipt->carrier_code = code;
    gateway.has_room = false;
    ck_assert(take(request, &more) && !more);
    ck_assert_uint_eq(gateway.refusals, 4);
    ck_assert_uint_eq(gateway.receipts, 0);
}
END_TEST

START_TEST(test_results)
{
    static const enum send_outcome expected[] = {SEND_UNKNOWN, SEND_TAKEN,   SEND_REFUSED,
                                                 SEND_RETRY,   SEND_UNKNOWN, SEND_UNKNOWN};
    bool more;
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_SEND_RESULT);
    request->send_result->retry_after->seconds = 2;
    request->send_result->retry_after->nanos = 0;
    for (int i = 0; i < 6; i++) {
        request->send_result->outcome = (Maskline__V1__CarrierSendOutcome)i;
        ck_assert(take(request, &more) && more);
        ck_assert_int_eq(gateway.outcome, expected[i]);
    }
    ck_assert_int_eq(gateway.retry_after, 2000000);
    request->send_result->retry_after->seconds = -2;
    ck_assert(take(request, &more));
    ck_assert_int_eq(gateway.retry_after, 0);
}
END_TEST

START_TEST(test_code_of_a_result_is_cut)
{
    bool more;
    char code[401] = "";
    Maskline__V1__AttachRequest *request =
        request_of(MASKLINE__V1__ATTACH_REQUEST__MESSAGE_SEND_RESULT);
    for (unsigned i = 0; i < 100; i++)
        memcpy(code + strlen(code), "\xf0\x9f\x98\x80", 5);
    request->send_result->carrier_code = code;
    ck_assert(take(request, &more));
    ck_assert_uint_eq(strlen(gateway.text), 64 * 4);
    memset(code, 'a', 65);
    code[65] = '\0';
    ck_assert(take(request, &more));
    ck_assert_uint_eq(strlen(gateway.text), 64);
}
END_TEST

START_TEST(test_empty_message_ends_the_stream)
{
    bool more;
    Maskline__V1__AttachRequest request = MASKLINE__V1__ATTACH_REQUEST__INIT;
    ck_assert(!take(&request, &more));
}
END_TEST

START_TEST(test_output)
{
    static const char *const none[] = {NULL};
    struct ingress_media media[] = {{"url", "type"}};
    struct arena *to = arena_new(65536);
    ck_assert_ptr_nonnull(to);
    Maskline__V1__AttachResponse *response = attached_message(to, "name", true, 1);
    ck_assert_ptr_null(empty_field(&response->base, none));
    struct gateway_output output = {.kind = GATEWAY_SEND,
                                    .send = {"key", "+1", "+2", "body", media, 1, 1000000}};
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    ck_assert_str_eq(response->send->recipient, "+2");
    ck_assert_str_eq(response->send->media[0]->content_type, "type");
    output.answer = (struct gateway_answer){.id = "id",
                                            .tag = 7,
                                            .outcome = INBOUND_REJECTED,
                                            .reason = "REASON",
                                            .original = 80903,
                                            .repeated = true};
    output.kind = GATEWAY_INBOUND_RESULT;
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    ck_assert_int_eq(response->inbound_result->outcome,
                     MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_REJECTED);
    output.kind = GATEWAY_RECEIPT_RESULT;
    output.answer.outcome = INBOUND_FAILED;
    response = output_message(to, &output);
    ck_assert_ptr_null(empty_field(&response->base, none));
    ck_assert_int_eq(response->receipt_result->outcome,
                     MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_FAILED);
    arena_free(to);
}
END_TEST

SUITE_MAIN("attachment", test_inbound, test_receipts,
           test_receipt_that_cannot_be_read_is_refused_alone, test_results,
           test_code_of_a_result_is_cut, test_empty_message_ends_the_stream, test_output)
