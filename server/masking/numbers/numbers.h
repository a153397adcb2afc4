/*
 * Phone numbers: a Service's pool, claims over the whole store, quarantine.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_NUMBERS_H
#define MASKLINE_SERVER_MASKING_NUMBERS_NUMBERS_H

#include "server/masking/masking.h"

enum number_kind {
    NUMBER_PHONE,
    NUMBER_SHORT_CODE, /* not in the pool: these two are only given when they are asked for */
    NUMBER_CHANNEL,    /* a sender's address in a channel; named by that, it has no SID */
};

struct number_result {
    const Maskline__Store__V1__PhoneNumber *number;
    int64_t in_use; /* active sessions that use it */
};

typedef void (*number_done)(void *data, const struct number_result *result,
                            const struct error *error);

struct number_draft {
    const char *service;
    const char *phone_number; /* E.164 */
    enum number_kind kind;    /* of a short code the country is needed */
    const char *country;      /* ISO alpha-2; empty: from the number where that tells */
    const char *friendly_name;
    bool sms, mms, voice;
    bool as_carrier; /* of these only what the first carrier can do */
    bool reserved;
    const char *const *carriers; /* none: the default carrier */
    size_t carrier_count;
    struct request_id request;
};
void numbers_add(struct masking *masking, const struct number_draft *draft, number_done done,
                 void *data);

/* What became of one of many. */
struct number_added {
    const Maskline__Store__V1__PhoneNumber *number; /* NULL: it was refused */
    enum status_code code;
    int32_t original;
    char reason[48];
    char message[160];
};
typedef void (*numbers_added)(void *data, const struct number_added *results,
                              const struct error *error);

/* Adds as many as can be, each for itself: results in the order of the drafts, which live until `done`, as does the service's name. With
 * an error of the call itself the first of them may be there. */
void numbers_add_many(struct masking *masking, const char *service,
                      const struct number_draft *drafts, size_t count, numbers_added done,
                      void *data);

struct number_change {
    const char *service;
    const char *number; /* SID, or E.164; of a short code its digits */
    enum number_kind kind;
    bool set_reserved, reserved;
    const char *friendly_name;   /* NULL: as it is */
    const char *const *carriers; /* NULL: as they are */
    size_t carrier_count;
    Maskline__Store__V1__NumberState state; /* UNSPECIFIED: as it is */
    /* Which capabilities change, and what they are then: NUMBER_CAN_... */
    unsigned set_can, can;
    bool as_carrier; /* of these only what the first carrier can do */
};
void numbers_update(struct masking *masking, const struct number_change *change, number_done done,
                    void *data);

/* Refused while active sessions use it (80611), unless forced: then those sessions fail. The number goes into quarantine. */
void numbers_remove(struct masking *masking, const char *service, const char *number, bool force,
                    number_done done, void *data);

void numbers_remove_kind(struct masking *masking, const char *service, const char *number,
                         enum number_kind kind, bool force, number_done done, void *data);

bool numbers_get(struct view *view, const struct store *store, const char *service,
                 const char *number, struct arena *arena, struct number_result *ret_result,
                 struct error *error);

bool numbers_get_kind(struct view *view, const struct store *store, const char *service,
                      const char *number, enum number_kind kind, struct arena *arena,
                      struct number_result *ret_result, struct error *error);

struct number_list {
    struct number_result *numbers;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
struct number_filter {
    const char *country;                    /* NULL or empty: all */
    Maskline__Store__V1__NumberState state; /* UNSPECIFIED: all */
    bool by_reserved, reserved;
    enum number_kind kind;
};
bool numbers_list(struct view *view, const struct store *store, const char *service,
                  const struct number_filter *filter, const struct page *page, struct arena *arena,
                  struct number_list *ret_list, struct error *error);

/* How a part of a pool is used: a country's numbers, or those of one area code in it. */
struct number_share {
    char country[3]; /* empty: unknown */
    char area[4];    /* empty: the whole country's */
    unsigned size, choosable, reserved;
    unsigned in_use;       /* numbers that have active sessions */
    unsigned crowded;      /* that have more of them than carriers like */
    int64_t most_sessions; /* of one number */
    unsigned
        most_of_a_person; /* numbers that one person has at once; of those that were looked at */
    bool nearly_all_in_use;
    bool person_nearly_out;
    /* of the counting */
    unsigned persons_count;
    uint64_t person;
};
struct pool_usage {
    struct number_share *shares; /* each country, and after it its areas */
    size_t count;
    bool sampled; /* only some persons were looked at */
};
bool numbers_usage(struct view *view, const struct store *store, const char *service,
                   struct arena *arena, struct pool_usage *ret_usage, struct error *error);

/* How many numbers a load needs. */
struct pool_load {
    const char *service; /* empty: none, and nothing is counted */
    const char *country; /* empty: any */
    const char *area;    /* empty: any */
    bool sms, mms, voice;
    int64_t most_sessions;  /* of one person at once */
    int64_t session_length; /* microseconds */
    int64_t cool_down;      /* SETTING_UNSET: the Service's, or the default */
};
struct pool_plan {
    uint64_t without_cool_down; /* C */
    uint64_t numbers;           /* when sessions begin evenly */
    uint64_t in_bursts;         /* whenever they begin */
    uint64_t shared;            /* were both sides to see one number */
    uint64_t present;           /* in the Service's pool, to choose from */
    uint64_t missing;           /* for `numbers`; 0 without a Service */
    uint64_t missing_in_bursts; /* for `in_bursts`; likewise */
    int64_t cool_down;
};
bool numbers_plan(struct view *view, const struct store *store, const struct pool_load *load,
                  struct arena *arena, struct pool_plan *ret_plan, struct error *error);

#endif
