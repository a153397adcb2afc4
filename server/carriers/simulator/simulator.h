/*
 * The simulator's other side: phones in memory that people write on and look at.
 *
 * It behaves the same each time: what the network makes of a text is what the phone's behaviour says, and nothing else. A text
 * to a number that no phone has is refused with the carrier's code NO_SUCH_HANDSET. When too many receipts are to come, the
 * answer is RETRY with the code BUSY.
 *
 * It lives and ends with the server: texts, receipts that are to come, the keys of texts that it took, calls; and phones, unless somebody
 * puts them there again. It knows the
 * latest 131,072 keys: a text whose key comes again is taken as before, and goes to the phone only once.
 *
 * Thread-safe, but for free. A watch belongs to one thread at a time.
 */
#ifndef MASKLINE_SERVER_CARRIERS_SIMULATOR_SIMULATOR_H
#define MASKLINE_SERVER_CARRIERS_SIMULATOR_SIMULATOR_H

#include "proto/c/address.h"
#include "proto/c/arena.h"
#include "server/carriers/carrier.h"
#include "server/carriers/simulator/calls.h"

enum {
    SIMULATOR_HANDSETS = 100000,
    SIMULATOR_TEXTS = 1000,      /* that one phone keeps */
    SIMULATOR_RECEIPTS = 100000, /* that are to come; with more the network is busy */
    SIMULATOR_KEYS = 131072,     /* that are recognised when repeated */
    SIMULATOR_COPIES = 10,       /* of one receipt */
    SIMULATOR_CODE_SIZE = 257,   /* a carrier's code of 64 characters, with its NUL */
    SIMULATOR_ID_SIZE = 64,
    SIMULATOR_KEYS_SIZE = 17,       /* 16 keys of a phone, with their NUL */
    SIMULATOR_GREETING_SIZE = 2001, /* a greeting of 500 characters, with its NUL */
};
/* All that all phones keep, in bytes: beyond it the oldest go, whoever has them. */
#define SIMULATOR_TEXT_BYTES ((size_t)256 * 1024 * 1024)

/* What the network answers to an attempt. */
enum simulated_send {
    SIMULATED_TAKEN,
    SIMULATED_REFUSED,
    SIMULATED_RETRY,
    SIMULATED_UNKNOWN, /* taken, and the answer is lost */
};

/* What it tells of a text that it took. */
enum simulated_receipt {
    SIMULATED_DELIVERED,
    SIMULATED_UNDELIVERED, /* the phone does not get it */
    SIMULATED_FAILED,      /* likewise */
    SIMULATED_SILENT,      /* the phone gets it, and nothing is told */
};

/* What a phone does when it is rung. */
enum simulated_call {
    SIMULATED_RINGS,
    SIMULATED_PICKS_UP,
    SIMULATED_BUSY,
    SIMULATED_UNREACHABLE,
};

/* How the network treats what is sent to a phone. Zeroed: it gets everything, and the network tells so at once; and it rings until
 * somebody picks it up. */
struct simulator_behavior {
    enum simulated_send send;
    uint32_t
        send_count; /* so many attempts get that answer, and TAKEN after them. 0: all of them */
    enum simulated_receipt receipt;
    uint32_t receipt_copies;                /* 0: one; at most SIMULATOR_COPIES */
    int64_t receipt_delay;                  /* microseconds after the attempt; 0 to 30 days */
    char carrier_code[SIMULATOR_CODE_SIZE]; /* of an answer or a receipt that is a failure */
    enum simulated_call call;
    int64_t pick_up_delay;          /* PICKS_UP: after ringing so long; 0 to 1 hour */
    char keys[SIMULATOR_KEYS_SIZE]; /* PICKS_UP: pressed when one is asked for */
    bool hangs_up;                  /* PICKS_UP: when it has been connected for hang_up_delay */
    int64_t hang_up_delay;          /* 0 to 7 days */
    bool has_voicemail;      /* picks up after ringing for voicemail_delay, but for UNREACHABLE */
    int64_t voicemail_delay; /* 0 to 1 hour */
    char voicemail_greeting[SIMULATOR_GREETING_SIZE]; /* empty: one that says the number */
};

struct simulator_handset {
    char phone_number[ADDRESS_SIZE]; /* as it was added */
    struct simulator_behavior behavior;
    int64_t create_time;
    uint64_t received; /* texts that it has got so far */
    uint64_t dropped;  /* of them, no longer kept */
};

/* Errors: ALREADY_EXISTS HANDSET_EXISTS; INVALID_ARGUMENT INVALID_PHONE_NUMBER (80406), or with fields below `behavior`;
 * RESOURCE_EXHAUSTED TOO_MANY_HANDSETS. `behavior` may be NULL. */
bool simulator_add_handset(struct simulator *simulator, const char *phone_number,
                           const struct simulator_behavior *behavior,
                           struct simulator_handset *ret_handset, struct error *error);

/* Puts a phone there that a server before this one had: all as it was, but that it has got nothing yet. Errors as above. */
bool simulator_restore_handset(struct simulator *simulator, const struct simulator_handset *handset,
                               struct error *error);

/* Who is told of each phone that is added or changed: which it is of all, from 0, and how it is now. The simulator's lock is held: no calls
 * back, no waits. Before traffic. */
void simulator_on_handset(struct simulator *simulator,
                          void (*changed)(void *data, uint64_t place,
                                          const struct simulator_handset *handset),
                          void *data);

/* NOT_FOUND HANDSET_NOT_FOUND; here and below also for what is no phone number. */
bool simulator_set_behavior(struct simulator *simulator, const char *phone_number,
                            const struct simulator_behavior *behavior,
                            struct simulator_handset *ret_handset, struct error *error);

/* Oldest first, at most `count`, those after the first `skip`: phones are never taken away, so the sum of what a reader has
 * got is its position. Returns how many were written. */
size_t simulator_list(struct simulator *simulator, uint64_t skip,
                      struct simulator_handset *ret_handsets, size_t count);

/* A text that is written on a phone. */
struct simulator_text {
    const char *handset; /* who writes */
    const char *recipient;
    const char *body;
    const struct ingress_media *media;
    size_t media_count;
    bool withhold_sender;
    const char *provider_id; /* empty or NULL: a new one */
};

/* Hands it in. What it points to lives until `done`, which is called once, on the writer's thread or at once on this one; the id
 * lives until it returns. False, and `done` is not called: NOT_FOUND HANDSET_NOT_FOUND, UNAVAILABLE when the server ends. */
bool simulator_send(struct simulator *simulator, const struct simulator_text *text,
                    void (*done)(void *data, const char *provider_id,
                                 const struct inbound_result *result),
                    void *data, struct error *error);

/* A text that a phone got. */
struct simulator_received {
    const char *message_id;
    const char *sender;
    const char *body;
    struct ingress_media *media;
    size_t media_count;
    int64_t receive_time;
    uint64_t number; /* its place among all that the phone got, from 1 */
};

struct simulator_watch;

/* Looks at a phone, at all that it still has, or only at what it gets from now on. `wake(data)` is called on any thread,
 * without locks held, when simulator_watch_next may have something after it said LATER; not after simulator_watch_free has
 * returned. *ret_received: how many texts the phone has got so far. NOT_FOUND HANDSET_NOT_FOUND. */
bool simulator_watch_new(struct simulator *simulator, const char *phone_number, bool only_new,
                         void (*wake)(void *data), void *data, struct simulator_watch **ret_watch,
                         uint64_t *ret_received, struct error *error);
/* Also from within its wake. NULL is fine. */
void simulator_watch_free(struct simulator_watch *watch);

enum simulator_next {
    SIMULATOR_TEXT,
    SIMULATOR_CALL_EVENT,
    SIMULATOR_LATER, /* wake will tell */
    SIMULATOR_FAILED, /* OUT_OF_RANGE TEXTS_DROPPED: the reader was too slow, and something was missed */
};

/* The next text, or the next that happened in a call, copied into the arena; of what the phone keeps, the older comes first. */
enum simulator_next simulator_watch_next(struct simulator_watch *watch, struct arena *arena,
                                         struct simulator_received *ret_text,
                                         struct simulator_happened *ret_event, struct error *error);

/* For the registry. */
extern const struct carrier_class simulator_class;

#endif
