/*
 * What the simulated network consists of. Not for anybody else.
 *
 * One lock, `simulator.lock`, guards everything but what is constant, and but receipts that are to come: those have one of their own, which
 * may be taken while the simulator's is held. Neither is held while the domain is called, nor while a watch is woken. The worker's lock
 * may be taken while they are held.
 */
#ifndef MASKLINE_SERVER_CARRIERS_SIMULATOR_INTERNAL_H
#define MASKLINE_SERVER_CARRIERS_SIMULATOR_INTERNAL_H

#include "server/carriers/gate.h"
#include "server/carriers/simulator/simulator.h"
#include "server/carriers/text.h"
#include "server/carriers/waker.h"
#include "server/carriers/worker.h"

#include <pthread.h>

/* ---- what phones keep ---- */

enum { STORED_OTHER, STORED_SAID, STORED_ID, STORED_STRINGS };

enum shelf_kind { SHELF_TEXTS, SHELF_CALLS, SHELVES };

struct stored {
    struct stored *older, *newer; /* of all of all phones */
    struct handset *handset;
    struct text text;
    enum shelf_kind kind;
    enum simulated_call_event event; /* SHELF_CALLS */
    int64_t time;
    uint64_t number;               /* on its shelf */
    uint64_t order;                /* among all */
    struct ingress_media memory[]; /* of the text: media, and then strings */
};

/* The latest of one kind. */
struct shelf {
    uint64_t oldest, received; /* (oldest - 1, received] are kept */
    struct stored **ring;      /* at index number % room */
    size_t room;               /* a power of two, or 0 */
};

struct handset {
    struct handset *next_in_bucket;
    size_t hash;              /* of the canonical number */
    uint64_t place;           /* among all */
    struct address canonical; /* what it is found by */
    struct address phone_number;
    enum simulated_send send;
    uint32_t send_count;
    uint32_t send_left; /* of send_count */
    enum simulated_receipt receipt;
    uint32_t receipt_copies;
    int64_t receipt_delay;
    char *carrier_code; /* NULL: none */
    enum simulated_call call;
    int64_t pick_up_delay, hang_up_delay, voicemail_delay;
    bool hangs_up, has_voicemail;
    char keys[SIMULATOR_KEYS_SIZE];
    char *voicemail_greeting; /* NULL: none of its own */
    int64_t create_time;
    struct shelf shelves[SHELVES];
    struct simulator_watch *waiting;
    struct call *in_call; /* NULL: in none */
    enum call_side in_side;
    bool to_wake; /* its watches: it is in simulator.to_wake */
    struct handset *next_to_wake;
};

struct simulator_watch {
    struct simulator *simulator;
    struct handset *handset;
    void (*wake)(void *data);
    void *data;
    struct waker waker;
    struct simulator_watch *next_waiting;
    struct simulator_watch **link_waiting; /* what points at this one; NULL: it does not wait */
    uint64_t seen[SHELVES];                /* the numbers up to which it has told */
    bool looks_back; /* nothing given yet: what goes before it is read is no loss */
};

/* ---- keys of texts that the network took ---- */

struct key {
    struct key *next_in_bucket;
    struct key *newer;
    uint64_t id; /* of the text in the network */
    size_t hash;
    char text[];
};

struct keys {
    struct key **buckets;
    size_t bucket_count;
    struct key *oldest, *newest;
    size_t count;
};

/* What the functions below want to know beside the text; without the lock. */
size_t keys_hash(const char *text);
/* The id that a key was taken under; false when it is not known (any more). */
bool keys_find(const struct keys *keys, const char *text, size_t hash, uint64_t *ret_id);
/* NULL when there is no memory, also for the table to hold it. */
struct key *keys_make(struct keys *keys, const char *text, size_t hash, uint64_t id);
/* Takes it over; the oldest may go for it. */
void keys_add(struct keys *keys, struct key *key);
void keys_done(struct keys *keys);

/* ---- receipts that are to come ---- */

struct coming {
    struct simulator *simulator;
    struct coming *next; /* of the same text */
    int64_t due;
    uint64_t order;         /* among those due at the same time */
    struct receipt receipt; /* its strings lie in the memory */
    char memory[];
};

struct receipts {
    pthread_mutex_t lock; /* all below; may be taken with the simulator's held */
    bool stopped;
    struct coming **heap; /* the next one first */
    size_t room, count;
    size_t promised;  /* in the heap, handed in without an answer, or about to be put in */
    size_t handed_in; /* without an answer */
    bool held_back;   /* too many are */
    uint64_t orders;
};

/* What the network will tell of a text that it takes now: a chain, in *ret_coming, of as many as the phone's behaviour says, perhaps none. False when too
 * many are to come, or there is no memory. The simulator's lock is held. */
bool receipts_promise(struct simulator *simulator, const struct handset *handset, const char *key,
                      const char *id, int64_t now, struct coming **ret_coming);
void receipts_init(struct receipts *receipts);
/* None is handed in again, nor begun with, from now on. */
void receipts_stop(struct receipts *receipts);
/* Takes the promise back. */
void receipts_forget(struct simulator *simulator, struct coming *coming);
/* Lets them come; NULL is fine. */
void receipts_come(struct simulator *simulator, struct coming *coming);
/* The worker's. */
int64_t receipts_due(struct simulator *simulator, int64_t now, unsigned *done);
void receipts_done(struct receipts *receipts);

/* ---- calls ---- */

/* See calls_internal.h. */
struct calls {
    struct call *oldest, *newest;
    _Atomic size_t count;                    /* changed with the lock held */
    struct call **buckets;                   /* by key */
    struct call **heap;                      /* of those that wait for a time, the next one first */
    size_t heap_room, heap_count;            /* room for all calls */
    struct call *reporting, *last_reporting; /* have something to report now */
    size_t handed_in;                        /* progress without an answer */
    bool held_back;                          /* too much is */
    size_t
        busy; /* calls whose next answer is awaited, or will be when the worker has come to them */
    uint64_t answers; /* so far */
    struct quiet_waiter *waiters;
    uint64_t orders;
    struct refusal *refused; /* the latest keys of which it was said that there is no such call */
    size_t refused_count;    /* so far */
    struct handset *to_wake;
    struct simulator_network network;
};

bool calls_init(struct calls *calls);
void calls_done(struct calls *calls);
/* The network has stopped: nobody waits for it any more. The lock is held, and released in between. */
void calls_stop(struct simulator *simulator);
/* The worker's. */
int64_t calls_due(struct simulator *simulator, int64_t now, unsigned *done);

/* ---- the network ---- */

struct simulator {
    const char *name;
    struct clock clock;
    uint64_t seed;
    bool manual;
    struct masking *masking; /* set once, before traffic */
    void (*handset_changed)(void *data, uint64_t place, const struct simulator_handset *handset);
    void *changed_data;
    struct worker *worker;
    struct gate gate; /* those who hand in something */
    pthread_mutex_t lock;
    bool stopped;
    uint64_t ids;              /* given to texts and calls so far */
    struct handset **handsets; /* in the order in which they were added */
    size_t handset_count, handset_room;
    struct handset **buckets; /* by canonical number */
    size_t bucket_count;      /* a power of two, or 0 */
    struct stored *oldest, *newest;
    size_t text_bytes;
    uint64_t stored_count; /* so far */
    struct keys keys;
    struct receipts receipts;
    struct calls calls;
};

/* The network's id of a text. */
void simulator_id(const struct simulator *simulator, uint64_t id, char ret_id[SIMULATOR_ID_SIZE]);

/* What a phone is found by: made without the lock. False: it is no phone number. */
struct handset_name {
    struct address canonical;
    size_t hash;
};
bool handset_name(const char *phone_number, struct handset_name *ret_name);
/* NULL: there is none. Phones stay as long as the network. The lock is held. */
struct handset *handset_named(struct simulator *simulator, const struct handset_name *name);
/* Both at once: by number, in any form that means the same phone; NULL. The lock is held. */
struct handset *handset_find(struct simulator *simulator, const char *phone_number);
void handset_free(struct handset *handset);
bool handset_unknown(struct error *error);

/* A text that is not on a phone yet; NULL when there is no memory, also for the phone to keep it. The lock is held. */
struct stored *inbox_make(struct handset *handset, const struct outbound_message *message,
                          const char *id, int64_t now);
struct stored *inbox_make_event(struct handset *handset, enum simulated_call_event event,
                                const char *id, const char *other, const char *said, int64_t now);
/* The phone has it: the oldest may go for it. The lock is held. */
void inbox_add(struct simulator *simulator, struct stored *stored);
/* Whom the phone's new texts concern. The lock is held on entry and on return, and not in between. */
void inbox_wake(struct simulator *simulator, struct handset *handset);

#endif
