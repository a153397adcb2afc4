#include "server/masking/messages/legs.h"

#include "proto/c/clock.h"
#include "proto/c/fault.h"

#include <protobuf-c/protobuf-c.h>
#include <string.h>

enum { BACKOFF_FIRST = MICROSECONDS, BACKOFF_MOST = 60 * MICROSECONDS };

/* The original's codes for "downstream rejected a request" and "downstream internal error". */
enum { ORIGINAL_REFUSED = 80613, ORIGINAL_ERROR = 80502 };

static const char RESULT_UNKNOWN[] = "RESULT_UNKNOWN";

/* How far a leg has come; ends have the highest. */
static int leg_rank(Maskline__Store__V1__LegStatus status)
{
    switch (status) {
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENDING:
        return 1;
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENT:
        return 2;
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_RECEIVED:
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERED:
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_UNDELIVERED:
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN:
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_FAILED:
    case MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_CANCELED:
        return 3;
    default:
        return 0;
    }
}

bool leg_waits(const Maskline__Store__V1__Leg *leg)
{
    return leg->status == MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_QUEUED && leg->due_time;
}

bool leg_final(const Maskline__Store__V1__Leg *leg)
{
    return leg_rank(leg->status) == 3;
}

bool leg_perhaps_sent(const Maskline__Store__V1__Leg *leg)
{
    return leg_waits(leg) && !strcmp(leg->reason, RESULT_UNKNOWN);
}

void leg_doubt(Maskline__Store__V1__Leg *leg)
{
    if (leg_waits(leg))
        leg->reason = borrowed(RESULT_UNKNOWN);
}

static void take_text(char **ret_text, const char *text)
{
    if (text && *text)
        *ret_text = borrowed(text);
}

/* A carrier's code is shown to clients, and a carrier may put anything into it. No code has as many digits as a phone number. */
static void take_code(char **ret_code, const char *text)
{
    enum { DIGITS_OF_A_NUMBER = 7 };
    unsigned digits = 0;
    for (const char *at = text ? text : ""; *at; at++)
        digits += *at >= '0' && *at <= '9';
    bool tells = digits >= DIGITS_OF_A_NUMBER && !MUTANT("carrier_code_tells_number");
    take_text(ret_code, tells ? "WITHHELD" : text);
}

void leg_take_code(Maskline__Store__V1__Leg *leg, const char *carrier_code)
{
    take_code(&leg->carrier_code, carrier_code);
}

void leg_end(Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus status,
             const char *reason, int32_t original, int64_t now)
{
    leg->status = status;
    leg->reason = borrowed(reason);
    leg->original_code = original;
    leg->update_time = now;
    leg->final_time = now;
    leg->due_time = 0;
}

static void leg_sent(Maskline__Store__V1__Leg *leg, int64_t now)
{
    leg->status = MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENT;
    leg->reason = borrowed("");
    leg->original_code = 0;
    leg->carrier_code = borrowed("");
    leg->update_time = now;
    leg->sent_time = now;
    leg->final_time = 0;
    leg->due_time = 0;
}

struct said {
    Maskline__Store__V1__LegStatus status;
    const char *reason;
    int32_t original;
};

static bool receipt_says(enum receipt_status status, struct said *ret_said)
{
    switch (status) {
    case RECEIPT_SENT:
        *ret_said = (struct said){MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENT, "", 0};
        return true;
    case RECEIPT_DELIVERED:
        *ret_said = (struct said){MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERED, "", 0};
        return true;
    case RECEIPT_UNDELIVERED:
        *ret_said = (struct said){MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_UNDELIVERED,
                                  "NOT_DELIVERED", 0};
        return true;
    case RECEIPT_FAILED:
        *ret_said = (struct said){MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_FAILED,
                                  "NOT_DELIVERED", ORIGINAL_REFUSED};
        return true;
    default:
        /* The carrier's queue tells nothing that the attempt's result does not. */
        return false;
    }
}

static bool receipt_settles(const Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus now)
{
    if (leg->status == MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN)
        return !MUTANT("unknown_stays_unknown");
    return leg_rank(now) > leg_rank(leg->status) || MUTANT("receipt_goes_back");
}

enum leg_news leg_receipt(Maskline__Store__V1__Leg *leg, const struct receipt *receipt, int64_t now)
{
    struct said said;
    if (!receipt_says(receipt->status, &said))
        return LEG_SAME;
    if (!receipt_settles(leg, said.status)) {
        bool otherwise = leg_final(leg) && leg_rank(said.status) == 3 && leg->status != said.status;
        return otherwise && !MUTANT("contradiction_untold") ? LEG_CONTRADICTED : LEG_SAME;
    }
    /* The receipt may be faster than the result of the attempt under way. */
    if (leg_waits(leg) && !MUTANT("receipt_counts_no_attempt"))
        leg->attempts++;
    leg->carrier = borrowed(receipt->carrier);
    int64_t sent = leg->sent_time;
    if (said.status == MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_SENT) {
        leg_sent(leg, now);
    } else {
        leg_end(leg, said.status, said.reason, said.original, now);
        leg->carrier_code = borrowed("");
        if (said.status == MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERED)
            leg->sent_time = sent ? sent : now;
    }
    take_code(&leg->carrier_code, receipt->carrier_code);
    take_text(&leg->provider_id, receipt->provider_id);
    return LEG_CHANGED;
}

bool leg_result(Maskline__Store__V1__Leg *leg, const char *carrier, uint32_t number,
                const struct send_result *result, int64_t due, int64_t now)
{
    if (!leg_waits(leg))
        return false;
    leg->attempts = number;
    leg->carrier = borrowed(carrier);
    leg->carrier_code = borrowed("");
    bool refused = result->carrier_code && *result->carrier_code;
    /* What one attempt may have done is not undone by another that surely did nothing. */
    bool perhaps_sent = (leg_perhaps_sent(leg) && !MUTANT("perhaps_sent_is_forgotten")) ||
                        result->outcome == SEND_LOST;
    enum send_outcome outcome = result->outcome;
    if ((outcome == SEND_UNKNOWN && MUTANT("unknown_is_retried")) ||
        (outcome == SEND_REFUSED && MUTANT("refused_is_retried")))
        outcome = SEND_RETRY;
    switch (outcome) {
    case SEND_TAKEN:
        leg_sent(leg, now);
        take_text(&leg->provider_id, result->provider_id);
        return true;
    case SEND_REFUSED:
        leg_end(leg, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_FAILED, "CARRIER_REFUSED",
                ORIGINAL_REFUSED, now);
        break;
    case SEND_RETRY:
    case SEND_LOST:
        leg->update_time = now;
        leg->due_time = due;
        leg->reason = borrowed(perhaps_sent ? RESULT_UNKNOWN
                               : refused    ? "CARRIER_ERROR"
                                            : "CARRIER_UNAVAILABLE");
        leg->original_code = refused && !perhaps_sent ? ORIGINAL_ERROR : 0;
        break;
    default:
        leg_end(leg, MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN, RESULT_UNKNOWN,
                0, now);
        break;
    }
    take_code(&leg->carrier_code, result->carrier_code);
    return true;
}

bool leg_late_id(Maskline__Store__V1__Leg *leg, const char *carrier, uint32_t number,
                 const struct send_result *result)
{
    /* The receipt counted the attempt. */
    if (result->outcome != SEND_TAKEN || leg_waits(leg) || leg->attempts != number ||
        strcmp(leg->carrier, carrier) != 0 || *leg->provider_id || MUTANT("late_id_is_lost"))
        return false;
    take_text(&leg->provider_id, result->provider_id);
    return *leg->provider_id;
}

int64_t leg_backoff(uint32_t rounds, int64_t retry_after, uint64_t random)
{
    int64_t wait = BACKOFF_FIRST;
    for (uint32_t i = 1; i < rounds && wait < BACKOFF_MOST; i++)
        wait *= 2;
    if (wait > BACKOFF_MOST)
        wait = BACKOFF_MOST;
    wait -= (int64_t)(random % (uint64_t)(wait / 4 + 1));
    return retry_after > wait ? retry_after : wait;
}
