#include "server/masking/messages/legs.h"
#include "tests/unit/suite.h"

#include <string.h>

/* What can happen to a leg whose attempt is under way: its result, and receipts. */
enum event {
    RESULT_TAKEN,
    RESULT_REFUSED,
    RESULT_RETRY,
    RESULT_UNKNOWN,
    SAID_QUEUED,
    SAID_SENT,
    SAID_DELIVERED,
    SAID_UNDELIVERED,
    SAID_FAILED,
    EVENTS,
};

#define STATUS(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name

static Maskline__Store__V1__Leg queued(void)
{
    Maskline__Store__V1__Leg leg = MASKLINE__STORE__V1__LEG__INIT;
    leg.status = STATUS(QUEUED);
    leg.due_time = 10;
    return leg;
}

static bool happen(Maskline__Store__V1__Leg *leg, enum event event, int64_t now)
{
    if (event < SAID_QUEUED) {
        const struct send_result result = {.outcome = (enum send_outcome)event, .provider_id = "p"};
        return leg->attempts < 1 && leg_result(leg, "one", 1, &result, now + 5, now);
    }
    const struct receipt receipt = {.carrier = "one",
                                    .status = (enum receipt_status)(event - SAID_QUEUED),
                                    .carrier_code = "",
                                    .provider_id = "p"};
    return leg_receipt(leg, &receipt, now) == LEG_CHANGED;
}

static int rank(const Maskline__Store__V1__Leg *leg)
{
    if (leg_final(leg))
        return 2;
    return leg->status == STATUS(SENT) ? 1 : 0;
}

static bool may_be_outbound(Maskline__Store__V1__LegStatus status)
{
    switch (status) {
    case STATUS(ACCEPTED):
    case STATUS(SCHEDULED):
    case STATUS(QUEUED):
    case STATUS(SENDING):
    case STATUS(SENT):
    case STATUS(DELIVERED):
    case STATUS(UNDELIVERED):
    case STATUS(DELIVERY_UNKNOWN):
    case STATUS(FAILED):
    case STATUS(CANCELED):
        return true;
    default:
        return false;
    }
}

/* Plays the events in this order and watches that the leg never goes back. */
static Maskline__Store__V1__Leg play(const enum event *events, unsigned count)
{
    Maskline__Store__V1__Leg leg = queued();
    for (unsigned i = 0; i < count; i++) {
        Maskline__Store__V1__Leg before = leg;
        bool changed = happen(&leg, events[i], 100 + i);
        if (!changed) {
            ck_assert_int_eq(memcmp(&before, &leg, sizeof leg), 0);
            continue;
        }
        if (before.status != STATUS(DELIVERY_UNKNOWN)) {
            ck_assert_int_ge(rank(&leg), rank(&before));
            ck_assert(!leg_final(&before));
        }
        ck_assert_int_eq(leg.update_time, 100 + i);
        ck_assert_int_eq(leg_final(&leg), leg.final_time != 0);
        ck_assert(may_be_outbound(leg.status));
        if (leg_final(&leg) && leg.status != STATUS(DELIVERED))
            ck_assert_str_ne(leg.reason, "");
        ck_assert_int_eq(leg.due_time != 0, leg.status == STATUS(QUEUED));
    }
    return leg;
}

static void permute(enum event *events, unsigned count, unsigned fixed,
                    void (*check)(const enum event *events, unsigned count))
{
    if (fixed == count) {
        check(events, count);
        return;
    }
    for (unsigned i = fixed; i < count; i++) {
        enum event swap = events[fixed];
        events[fixed] = events[i];
        events[i] = swap;
        permute(events, count, fixed + 1, check);
        events[i] = events[fixed];
        events[fixed] = swap;
    }
}

static void is_delivered(const enum event *events, unsigned count)
{
    Maskline__Store__V1__Leg leg = play(events, count);
    ck_assert_int_eq(leg.status, STATUS(DELIVERED));
    ck_assert_uint_eq(leg.attempts, 1);
    ck_assert_str_eq(leg.carrier, "one");
    ck_assert_str_eq(leg.reason, "");
    ck_assert_int_ne(leg.sent_time, 0);
}

/* holds: INT-09 */
START_TEST(delivered_in_every_order)
{
    enum event events[] = {RESULT_TAKEN, SAID_QUEUED, SAID_SENT, SAID_DELIVERED, SAID_DELIVERED};
    permute(events, 5, 0, is_delivered);
}
END_TEST

/* holds: INT-09 OUT-10 */
START_TEST(unknown_is_settled_in_every_order)
{
    enum event events[] = {RESULT_UNKNOWN, SAID_SENT, SAID_DELIVERED};
    permute(events, 3, 0, is_delivered);
}
END_TEST

static void first_end_stays(const enum event *events, unsigned count)
{
    Maskline__Store__V1__Leg leg = play(events, count);
    enum event first = EVENTS;
    for (unsigned i = 0; i < count && first == EVENTS; i++) {
        if (events[i] >= SAID_DELIVERED)
            first = events[i];
    }
    ck_assert_int_eq(leg.status, first == SAID_DELIVERED     ? STATUS(DELIVERED)
                                 : first == SAID_UNDELIVERED ? STATUS(UNDELIVERED)
                                                             : STATUS(FAILED));
}

/* holds: INT-09 */
START_TEST(first_end_counts_in_every_order)
{
    enum event events[] = {RESULT_TAKEN, SAID_SENT, SAID_DELIVERED, SAID_UNDELIVERED, SAID_FAILED};
    permute(events, 5, 0, first_end_stays);
}
END_TEST

/* All pairs and triples of what can happen: never back, and an end is an end. */
/* holds: INT-06 INT-09 INT-16 INV-03 */
START_TEST(nothing_goes_back)
{
    for (int a = 0; a < EVENTS; a++)
        for (int b = 0; b < EVENTS; b++)
            for (int c = 0; c < EVENTS; c++)
                play((enum event[]){(enum event)a, (enum event)b, (enum event)c}, 3);
}
END_TEST

START_TEST(contradiction_is_told)
{
    Maskline__Store__V1__Leg leg = queued();
    ck_assert(happen(&leg, SAID_DELIVERED, 1));
    struct receipt receipt = {.carrier = "one", .status = RECEIPT_UNDELIVERED};
    ck_assert_int_eq(leg_receipt(&leg, &receipt, 2), LEG_CONTRADICTED);
    receipt.status = RECEIPT_DELIVERED;
    ck_assert_int_eq(leg_receipt(&leg, &receipt, 2), LEG_SAME);
    receipt.status = RECEIPT_SENT;
    ck_assert_int_eq(leg_receipt(&leg, &receipt, 2), LEG_SAME);
    ck_assert_int_eq(leg.final_time, 1);
}
END_TEST

/* holds: INT-09 */
START_TEST(canceled_stays_canceled)
{
    Maskline__Store__V1__Leg leg = queued();
    leg_end(&leg, STATUS(CANCELED), "SESSION_CLOSED", 0, 5);
    for (int event = 0; event < EVENTS; event++)
        ck_assert(!happen(&leg, (enum event)event, 6));
    ck_assert_str_eq(leg.reason, "SESSION_CLOSED");
}
END_TEST

START_TEST(reasons)
{
    Maskline__Store__V1__Leg leg = queued();
    struct send_result result = {.outcome = SEND_RETRY, .carrier_code = "busy"};
    ck_assert(leg_result(&leg, "one", 1, &result, 50, 20));
    ck_assert_int_eq(leg.status, STATUS(QUEUED));
    ck_assert_str_eq(leg.reason, "CARRIER_ERROR");
    ck_assert_int_eq(leg.original_code, 80502);
    ck_assert_int_eq(leg.due_time, 50);
    result.carrier_code = "";
    ck_assert(leg_result(&leg, "one", 2, &result, 60, 30));
    ck_assert_str_eq(leg.reason, "CARRIER_UNAVAILABLE");
    result = (struct send_result){.outcome = SEND_REFUSED, .carrier_code = "E7"};
    ck_assert(leg_result(&leg, "two", 3, &result, 0, 60));
    ck_assert_int_eq(leg.status, STATUS(FAILED));
    ck_assert_str_eq(leg.reason, "CARRIER_REFUSED");
    ck_assert_int_eq(leg.original_code, 80613);
    ck_assert_str_eq(leg.carrier_code, "E7");
    ck_assert_str_eq(leg.carrier, "two");
    ck_assert_uint_eq(leg.attempts, 3);
}
END_TEST

/* Once an attempt may have reached the network, another one that surely did not changes nothing of that. */
/* A carrier that puts the recipient's number into its code must not show it to clients. */
/* holds: INV-06 */
START_TEST(codes_tell_no_numbers)
{
    static const char *const numbers[] = {"+15551230001", "failed to +1 (555) 123-0001", "5551230"};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        Maskline__Store__V1__Leg leg = queued();
        const struct send_result result = {.outcome = SEND_REFUSED, .carrier_code = numbers[i]};
        ck_assert(leg_result(&leg, "one", 1, &result, 15, 10));
        ck_assert_str_eq(leg.carrier_code, "WITHHELD");
        leg = queued();
        const struct receipt receipt = {
            .carrier = "one", .status = RECEIPT_FAILED, .carrier_code = numbers[i]};
        ck_assert_int_eq(leg_receipt(&leg, &receipt, 10), LEG_CHANGED);
        ck_assert_str_eq(leg.carrier_code, "WITHHELD");
    }
    Maskline__Store__V1__Leg leg = queued();
    const struct send_result result = {.outcome = SEND_REFUSED, .carrier_code = "30003"};
    ck_assert(leg_result(&leg, "one", 1, &result, 15, 10));
    ck_assert_str_eq(leg.carrier_code, "30003");
}
END_TEST

/* holds: OUT-11 */
START_TEST(lost_stays_unknown_until_something_is_known)
{
    static const char *const codes[] = {"", "busy"};
    for (unsigned i = 0; i < 2; i++) {
        Maskline__Store__V1__Leg leg = queued();
        ck_assert(!leg_perhaps_sent(&leg));
        struct send_result result = {.outcome = SEND_LOST};
        ck_assert(leg_result(&leg, "one", 1, &result, 50, 20));
        ck_assert(leg_waits(&leg));
        ck_assert(leg_perhaps_sent(&leg));
        ck_assert_str_eq(leg.reason, "RESULT_UNKNOWN");
        ck_assert_int_eq(leg.due_time, 50);
        result = (struct send_result){.outcome = SEND_RETRY, .carrier_code = codes[i]};
        ck_assert(leg_result(&leg, "one", 2, &result, 70, 60));
        ck_assert(leg_perhaps_sent(&leg));
        ck_assert_int_eq(leg.original_code, 0);
        ck_assert_str_eq(leg.carrier_code, codes[i]);
        ck_assert_uint_eq(leg.attempts, 2);
        result = (struct send_result){.outcome = SEND_TAKEN};
        ck_assert(leg_result(&leg, "one", 3, &result, 0, 80));
        ck_assert_int_eq(leg.status, STATUS(SENT));
        ck_assert_str_eq(leg.reason, "");
        ck_assert(!leg_perhaps_sent(&leg));
    }
}
END_TEST

START_TEST(backoff)
{
    int64_t least = 0;
    for (uint32_t rounds = 1; rounds < 40; rounds++) {
        int64_t most = leg_backoff(rounds, 0, 0);
        ck_assert_int_ge(most, least);
        ck_assert_int_le(most, 60 * 1000000);
        for (uint64_t random = 0; random < 1000; random++) {
            int64_t wait = leg_backoff(rounds, 0, random * UINT64_C(0x9e3779b97f4a7c15));
            ck_assert_int_le(wait, most);
            ck_assert_int_ge(wait, most / 4 * 3 - 1);
        }
        least = most;
    }
    ck_assert_int_eq(leg_backoff(1, 0, 0), 1000000);
    ck_assert_int_eq(leg_backoff(2, 0, 0), 2000000);
    ck_assert_int_eq(leg_backoff(7, 0, 0), 60000000);
    ck_assert_int_eq(leg_backoff(1, 90000000, 5), 90000000);
    ck_assert_int_eq(leg_backoff(7, 3, 0), 60000000);
}
END_TEST

SUITE_MAIN("legs", delivered_in_every_order, unknown_is_settled_in_every_order,
           first_end_counts_in_every_order, nothing_goes_back, contradiction_is_told,
           canceled_stays_canceled, reasons, codes_tell_no_numbers,
           lost_stays_unknown_until_something_is_known, backoff)
