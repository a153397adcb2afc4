/*
 * A message on its way in: what is worked out before the writer decides, and what the writer found.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_H
#define MASKLINE_SERVER_MASKING_MESSAGES_INBOUND_H

#include "server/masking/internal.h"

enum { PROVIDER_ID_MOST = 255 };

/* Why a message goes nowhere. */
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
    REJECTIONS,
};
const char *rejection_reason(enum rejection rejection);
int32_t rejection_original(enum rejection rejection);
/* Of a reason that was stored; 0 when it is not known any more. */
int32_t rejection_original_of(const char *reason);

struct person_letters;

struct inbound {
    struct command command;
    struct masking *masking;
    const struct inbound_message *message;
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
    struct error error;
};

/* On the writer's thread: the way of one message, up to its one entry. False when the decision cannot be made; `error` says why. */
bool inbound_decide(struct inbound *inbound, struct txn *txn);

/* On the calling thread: reads what the writer will read. */
void inbound_prefetch(struct inbound *inbound, struct view *view);

#endif
