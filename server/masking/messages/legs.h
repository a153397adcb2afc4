/*
 * What may become of an outbound leg. Nothing here reads or writes the store.
 *
 * A leg goes QUEUED, (SENDING,) SENT, then DELIVERED, UNDELIVERED or FAILED; CANCELED, UNDELIVERED, FAILED and DELIVERY_UNKNOWN may
 * come before SENT. It never goes back, and an end is an end, but that a later receipt may settle DELIVERY_UNKNOWN. A leg rests in SENT when
 * its carrier never tells more.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_LEGS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_LEGS_H

#include "maskline/store/v1/records.pb-c.h"
#include "server/masking/ingress.h"

/* A text in a record: protobuf-c's fields are not const, but nobody writes to them. It has to live as long as the record. */
static inline char *borrowed(const char *text)
{
    return (char *)text;
}

/* Whether the leg still waits for an attempt or for its result. */
bool leg_waits(const Maskline__Store__V1__Leg *leg);
bool leg_final(const Maskline__Store__V1__Leg *leg);
/* Whether it waits for another attempt while an earlier one may have reached the network. */
bool leg_perhaps_sent(const Maskline__Store__V1__Leg *leg);
/* Makes that so, if it waits. */
void leg_doubt(Maskline__Store__V1__Leg *leg);

/* What a carrier calls a failure, if it calls it anything; what may be a person's number is not shown. Not copied. */
void leg_take_code(Maskline__Store__V1__Leg *leg, const char *carrier_code);

/* Ends a leg. `reason` is constant. */
void leg_end(Maskline__Store__V1__Leg *leg, Maskline__Store__V1__LegStatus status,
             const char *reason, int32_t original, int64_t now);

enum leg_news {
    LEG_SAME,         /* nothing new, or older than what is known */
    LEG_CHANGED,      /* the leg is what the receipt says */
    LEG_CONTRADICTED, /* the leg had ended otherwise, and stays so */
};
/* What a receipt makes of a leg. Texts are not copied. */
enum leg_news leg_receipt(Maskline__Store__V1__Leg *leg, const struct receipt *receipt,
                          int64_t now);

/* What an attempt's result makes of a leg; `number` counts attempts from 1. RETRY and LOST leave it waiting: `due` is
 * when. False when a receipt was faster, or the leg has ended: nothing changes. */
bool leg_result(Maskline__Store__V1__Leg *leg, const char *carrier, uint32_t number,
                const struct send_result *result, int64_t due, int64_t now);

/* A receipt was faster than the result of its attempt, and did not say what the network calls the message: the result does. True when that
 * is news. */
bool leg_late_id(Maskline__Store__V1__Leg *leg, const char *carrier, uint32_t number,
                 const struct send_result *result);

/* How long to wait after `rounds` rounds over all carriers have failed: a second, doubled each time, up to a minute, or what the carrier
 * asks for when that is longer; up to a quarter less by chance, so that what failed together does not come back together. */
int64_t leg_backoff(uint32_t rounds, int64_t retry_after, uint64_t random);

#endif
