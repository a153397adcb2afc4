/*
 * A small world for tests of the domain: a store, a clock that stands still, carriers that write down what they are told to send, and
 * calls that wait for their answer. Timers and the outbox run only in world_run.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_MASKING_WORLD_H
#define MASKLINE_TESTS_UNIT_SERVER_MASKING_WORLD_H

#include "maskline/store/v1/entry.pb-c.h"
#include "proto/c/sid.h"
#include "server/masking/ingress.h"
#include "server/masking/messages/interactions.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/services/services.h"
#include "server/masking/sessions/sessions.h"
#include "storage/keys.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <stdatomic.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define STATUS(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name

enum { CARRIERS = 3, SENT_MOST = 4096, PLANS_MOST = 1024, HANG_UPS_MOST = 256 };

struct plan_seen;

/* What a carrier was told to send. */
struct sent {
    char key[OUTBOUND_KEY_SIZE];
    char from[32];
    char to[32];
    char body[64];
    size_t media_count;
    int64_t expire_time;
    int64_t time;
    void *attempt; /* until it is answered */
};

struct fake {
    struct world *world;
    struct carrier_port port;
    enum send_outcome outcome; /* of what is not held */
    bool holds;                /* answers only by world_answer */
    int64_t retry_after;
    const char *carrier_code;
    unsigned numbers_can;                                        /* all at first */
    void (*watch)(struct world *world, const struct sent *sent); /* of each message */
    struct sent sent[SENT_MOST];
    unsigned count;
    /* Of calls (phones.h). */
    unsigned abilities; /* all at first */
    bool refuses_calls;
    struct plan_seen *plans; /* that were placed */
    unsigned plan_count;
    char hang_ups[HANG_UPS_MOST][CALL_KEY_SIZE]; /* the latest */
    unsigned hang_up_count;
};
extern const struct call_port world_call_port;

struct world {
    struct manual_clock clock;
    _Atomic uint64_t clock_asked; /* how often: whoever looks at what is due asks it */
    const char *path;
    bool threaded; /* timers and the outbox run by themselves */
    const struct carrier_port *more;
    struct store *store;
    struct masking *masking;
    struct fake
        carriers[CARRIERS]; /* "one" (idempotent, the default), "two" (not), "three" (not) */
    struct arena *arena;    /* of what is read */
    pthread_mutex_t lock;   /* for fakes */
    uint32_t tenant;        /* whose calls these are; 0: the default one's */
    char service[40];
    unsigned ids;
    void *watcher; /* what a watch looks at */
    struct durability durability;
    atomic_bool denies; /* the next write is made, and said to have failed */
    void (*_Atomic during)(struct world *world); /* called once, during the next write */
    atomic_size_t keys, keys_most;               /* that were written: in all, and by one write */
};

/* One call of the domain that waits for its answer. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    struct error error;
    void *result;
};
void waiter_init(struct waiter *waiter);
void waiter_finish(struct waiter *waiter, const struct error *error);
/* No error may tell a person's number. */
void waiter_wait(struct waiter *waiter);

/* In memory when `path` is NULL. */
struct world *world_open(const char *path);
/* Timers and the outbox run by themselves; the clock still stands. With one more carrier. */
struct world *world_open_threaded(const char *path, const struct carrier_port *carrier);
void world_close(struct world *world);
/* Closes and opens again what is on the disk. */
void world_restart(struct world *world);
/* From now on calls are this tenant's, also after a restart. */
void world_tenant(struct world *world, uint32_t tenant);
void world_move(struct world *world, int64_t by);
int64_t world_now(const struct world *world);
/* Everything that is due; returns how many things ran. */
unsigned world_run(struct world *world);

/* Makes a Service and names it in world->service. NULL: default settings. */
void world_service(struct world *world, const struct service_settings *settings);
/* A number that can do everything; carriers as in "two three", or NULL. */
void world_number(struct world *world, const char *number, const char *carriers);
void world_number_state(struct world *world, const char *number,
                        Maskline__Store__V1__NumberState state);
/* An open world in memory with a Service and so many numbers, 9 at most: "+15559990001" is the first. */
struct world *world_with_numbers(unsigned count);
/* An open world with a Service of these settings and two numbers of these carriers. */
struct world *world_with_two(const char *path, const char *carriers,
                             const struct service_settings *settings);

/* A session between two people. */
struct talk {
    char session[40];
    char a[40], b[40]; /* participants */
    char proxy_a[32], proxy_b[32];
    char person_a[32]; /* a's real number */
};
struct talk world_talk(struct world *world, const char *a, const char *b, int64_t ttl);
/* False when it is refused. */
bool world_try_talk(struct world *world, const char *a, const char *b, int64_t ttl,
                    struct talk *ret_talk);
bool world_try_reopen(struct world *world, const struct talk *talk);
struct talk world_talk_mode(struct world *world, const char *a, const char *b,
                            Maskline__Store__V1__Mode mode);
void world_end_talk(struct world *world, const struct talk *talk);
void world_reopen_talk(struct world *world, const struct talk *talk);
void world_delete_talk(struct world *world, const struct talk *talk);
void world_leave(struct world *world, const struct talk *talk, const char *participant);

struct answer {
    enum inbound_outcome outcome;
    bool repeated;
    char reason[48];
    int32_t original;
};
struct answer world_text(struct world *world, const char *from, const char *to, const char *body);
struct answer world_hand_in(struct world *world, const struct inbound_message *message);
/* The first of the two writes to the other, by this carrier, and is accepted. */
void world_say(struct world *world, const struct talk *talk, const char *carrier, const char *body);
#define ck_accepted(given) ck_assert_int_eq((given).outcome, INBOUND_ACCEPTED)
#define ck_rejected(given, why)                                 \
    do {                                                        \
        struct answer its_answer = (given);                     \
        ck_assert_int_eq(its_answer.outcome, INBOUND_REJECTED); \
        ck_assert_str_eq(its_answer.reason, why);               \
    } while (0)

/* STATUS_OK or the error's code; the reason in *ret_reason when it is not NULL. */
enum status_code world_send(struct world *world, const struct message_draft *draft,
                            char ret_sid[40], char ret_reason[48]);
/* The network's id in it is "by receipt", or what is given. */
enum status_code world_receipt(struct world *world, const char *carrier, const char *key,
                               enum receipt_status status);
enum status_code world_receipt_of(struct world *world, const char *carrier, const char *key,
                                  enum receipt_status status, const char *provider_id);
void world_answer(struct world *world, struct sent *sent, enum send_outcome outcome);

/* The newest messages that a carrier was told to send, counted from the end: 0 is the last. */
struct sent *world_sent(struct world *world, unsigned carrier, unsigned back);

/* Reads; results live until world_close. */
const Maskline__Store__V1__Interaction *world_interaction(struct world *world,
                                                          const struct talk *talk, unsigned index);
unsigned world_interactions(struct world *world, const struct talk *talk);
const Maskline__Store__V1__Leg *world_leg(struct world *world, const struct talk *talk,
                                          unsigned index);
const Maskline__Store__V1__Session *world_session(struct world *world, const struct talk *talk);
bool world_has_session(struct world *world, const struct talk *talk);

/* Entries of the Service's log, and the newest of a kind; NULL: none. */
uint64_t world_entries(struct world *world);
const Maskline__Store__V1__Entry *world_entry(struct world *world, uint64_t position);
const Maskline__Store__V1__Entry *world_last(struct world *world,
                                             Maskline__Store__V1__Entry__ChangeCase kind);
/* Rows that begin with this prefix. */
unsigned world_rows(struct world *world, enum kv_family family, struct key prefix);
struct log_id world_log(struct world *world);

/* Puts a row in the place of one of KV_LIVE, and keeps that one: the second time all is as it was. */
struct swap {
    struct key key;
    uint8_t row[1024];
    size_t size;
};
void world_swap(struct world *world, struct swap *swap);

/* No error may tell a person's number; in these tests those begin with +1555, and proxy numbers with +1555999 or +1555888. */
void ck_tells_nobody(const struct error *error);

/* Removes a folder of a test and what is in it. */
void folder_remove(const char *path);

#endif
