/*
 * What may become of a call and its legs. Nothing here reads or writes the store.
 *
 * Who is rung goes INITIATED, RINGING, ANSWERED, IN_PROGRESS, and may leave steps out; from ANSWERED it goes back to RINGING for a later
 * one of its numbers alone. The partner of a call that was placed is QUEUED until the other has picked up. Who called is IN_PROGRESS from
 * the start. An end of either side is an end of both, and an end is an end.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_LEGS_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_LEGS_H

#include "maskline/store/v1/records.pb-c.h"
#include "server/masking/ingress.h"

/* How long the carrier has to report the end of what it was told to hang up; then the domain ends it. It is told again meanwhile. */
#define CALL_HANG_UP_WAIT  INT64_C(30000000)
#define CALL_HANG_UP_AGAIN INT64_C(5000000)
/* The carrier itself hangs up at the longest; this much later it is told to, and so much later it has surely done it. */
#define CALL_LONGEST_SLACK INT64_C(5000000)
#define CALL_SURELY_OVER   INT64_C(60000000)

/* The original's code for "downstream internal error". */
enum { ORIGINAL_CALL_ERROR = 80502 };

struct call_sides {
    Maskline__Store__V1__Interaction *interaction;
    Maskline__Store__V1__Call *call;
    Maskline__Store__V1__Leg *first; /* who called, or is rung first */
    Maskline__Store__V1__Leg *second;
    bool placed; /* the Service did: nobody called */
};

/* Looks at an interaction as a call. False: it is none. */
bool call_of(Maskline__Store__V1__Interaction *interaction, struct call_sides *ret_sides);

/* One that comes in and was to be put to somebody: rejected, without outbound legs, and so no call that can be looked at as one. */
bool call_blocked(const Maskline__Store__V1__Interaction *interaction);

bool call_live(const Maskline__Store__V1__Interaction *interaction);
/* A leg of a call that has come to its end. */
bool call_leg_ended(const Maskline__Store__V1__Leg *leg);

enum call_news {
    CALL_SAME,         /* nothing new, or older than what is known */
    CALL_CHANGED,      /* it is what the progress says; perhaps it has ended */
    CALL_CONTRADICTED, /* it had ended otherwise, and stays so */
    CALL_UNSOUND,      /* no carrier can say this of it */
};
/* What progress makes of a call. Texts are not copied. */
enum call_news call_go_on(struct call_sides *sides, const struct call_progress *progress,
                          int64_t now);

/* The carrier is to hang up, for this constant reason. False: that is so already, or it has ended. */
bool call_wish_end(struct call_sides *sides, const char *reason, int64_t now);

/* Ends a call of which the carrier does not tell how it ended. */
void call_lose(struct call_sides *sides, int64_t now);

/* Ends it before it has begun: nobody is rung. Reason constant. */
void call_refuse(struct call_sides *sides, Maskline__Store__V1__LegStatus status,
                 const char *reason, int32_t original, int64_t now);

/* Makes it one that is blocked, which ends with it: its interaction says why. */
void call_end_blocked(Maskline__Store__V1__Interaction *interaction, int64_t now);

/* By when it has surely ended, whatever the carrier tells. */
int64_t call_until(const struct call_sides *sides);

/* When no word of the carrier comes, it is looked at by then: of one that lives. */
int64_t call_due(const struct call_sides *sides);

#endif
