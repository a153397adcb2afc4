/*
 * A message or call on its way in: what is worked out before the writer decides, and what the writer found.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_H
#define MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_H

#include "server/masking/internal.h"

enum { PROVIDER_ID_MOST = 255 };

/* Why it goes nowhere. */
enum rejection {
    REJECT_NUMBER_UNKNOWN,
    REJECT_NUMBER_QUARANTINED,
    REJECT_NUMBER_LOCKED,
    REJECT_CARRIER_UNKNOWN,
    REJECT_WRONG_CARRIER,
    REJECT_PROVIDER_ID_INVALID,
    REJECT_TOO_LONG,
    REJECT_TOO_MUCH_MEDIA,
    REJECT_MEDIA_INVALID,
    REJECT_LOOP,
    REJECT_NO_ROUTE,
    REJECT_SESSION_CLOSED,
    REJECT_SESSION_EXPIRED,
    REJECT_PARTICIPANT_REMOVED,
    REJECT_NO_PARTNER,
    REJECT_MODE_REFUSED,
    REJECT_BLOCKED,
    REJECT_PERSON_CAP,
    REJECT_SESSION_CAP,
    REJECT_TOO_MANY_CALLS,
    REJECTIONS,
};
const char *rejection_reason(enum rejection rejection);
int32_t rejection_original(enum rejection rejection, Maskline__Store__V1__InteractionType type);
/* What the sender is told of it. */
Maskline__Store__V1__NoticeOccasion rejection_notice(enum rejection rejection);
/* The one of a reason that was stored; REJECTIONS when it is not known any more. */
enum rejection rejection_of(const char *reason);

struct person_letters;

struct inbound {
    struct command command;
    struct masking *masking;
    Maskline__Store__V1__InteractionType type;
    const char *carrier;
    const char *provider_id;
    const struct inbound_message *message; /* NULL: it is a call */
    void (*done)(void *data, const struct inbound_result *result);
    void *data;

    struct address to;   /* in the form that is compared, when it is in a channel */
    const char *to_text; /* as it is told of */
    struct address from; /* the same */
    const char *from_text;
    bool from_known; /* `from` is an address at all */
    struct person sender;
    uint64_t route_hash;
    uint8_t dedupe_key[HASH_SIZE];
    uint8_t content_hash[HASH_SIZE];

    /* What the writer found. */
    struct inbound_result result;
    struct log_id log;
    Maskline__Store__V1__Interaction *accepted; /* in the transaction's arena */
    Maskline__Store__V1__Interaction
        *notice; /* in that arena: what the sender is told; NULL: nothing */
    struct person_letters *
        letters; /* in that arena: what is to be looked at since the sender opted out; NULL: nothing */
    int64_t note_time; /* that the timers have to know of; 0: none */
    /* Of a call, in that arena: what is to be done; what who called is told. NULL: nothing. */
    const struct call_plan *plan;
    const char *spoken;
    struct error error;
};

/* Sets who it is from and to; what the two point to lives as long as the texts. False: `to` is no number. */
bool inbound_addresses(struct inbound *inbound, struct masking *masking, const char *from,
                       const char *to);

#endif
