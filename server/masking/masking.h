/*
 * The domain: who reaches whom through which number.
 *
 * It stands on the store's pipeline: everything that changes state is a command, decided on the writer's thread against what
 * was decided before. Functions that change something return at once and call `done` later, on the writer's thread, once the change
 * is durable (or refused); `done` must not block. What they are given (drafts, texts) must live until then. Results live
 * until `done` returns. Either the result is NULL or the error is.
 *
 * Where a Service or session is named, its SID or its unique name serves (of a re-used name: the newest).
 *
 * What is asked for is one tenant's: that of the domain that it is asked of (masking_of_tenant), or of the view that it is read by. Nobody
 * finds anything of another's, by whatever name or SID. Traffic of the network and what happens by itself are of the tenant whose
 * number or Service it is.
 *
 * Time and randomness are parameters. Thread-safe, but for new, start and free.
 */
#ifndef MASKLINE_SERVER_MASKING_MASKING_H
#define MASKLINE_SERVER_MASKING_MASKING_H

#include "maskline/store/v1/records.pb-c.h"
#include "proto/c/error.h"
#include "storage/pipeline.h"

struct masking;

struct masking_options {
    struct store *store; /* outlives the domain */
    struct pipeline_options pipeline;
    /* Hear of each entry, of each that was rewritten, and of each log that has grown (pipeline.h); may be NULL. */
    void (*appended)(void *data, const struct log_id *log, uint64_t position, struct bytes entry);
    void (*rewritten)(void *data, const struct log_id *log, uint64_t position);
    void (*grown)(void *data, const struct log_id *log, uint64_t last_position, unsigned logs);
    void *grown_data; /* of all three */
    /* No thread of its own for timers: the test calls masking_run_due. */
    bool manual_timers;
};

/* Replays what a crash left, and takes up timers and the outbox where they stood. No traffic yet: carriers are added first
 * (ingress_add_carrier), then masking_start begins. With manual_timers there is nothing to start. */
bool masking_new(const struct masking_options *options, struct masking **ret_masking,
                 struct error *error);

/* Begins the threads of the timers and of the outbox: from now on carriers are sent by. Once. */
bool masking_start(struct masking *masking, struct error *error);

/* Completes what waits, stops the threads, also without masking_start. After carriers have stopped handing in. NULL is fine. */
void masking_free(struct masking *masking);

/* The domain as a tenant has it: what is asked of it is that tenant's. It lives as long as the whole, and may be given wherever that may.
 * Tenants are numbers from 1 on; masking_new gives the domain as the tenant `default`, which is the first, has it. NULL: there is no memory.
 * Any thread. */
struct masking *masking_of_tenant(struct masking *masking, uint32_t tenant);

/* What is durable now, for reads of this tenant's (view_open in storage/store.h). NULL: as there. Any thread. */
struct view *masking_view(struct masking *masking);
/* The same for a call that reads, with Services at hand that calls before it have read: what is read points to them until the end. */
struct view *masking_view_begin(struct masking *masking);
void masking_view_end(struct masking *masking, struct view *view);

struct pipeline *masking_pipeline(struct masking *masking);
struct store *masking_store(struct masking *masking);

/* Time has moved other than by itself (a test clock): look at the timers now. Any thread. */
void masking_kick(struct masking *masking);

/* With manual_timers: runs all that is due now, until nothing is, and waits until it is done. Returns how many things ran. */
unsigned masking_run_due(struct masking *masking);

/* What a client calls a create's request; a repeat gets the first answer. */
struct request_id {
    const char *id;        /* empty or NULL: none; at most 64 characters */
    const char *method;    /* the RPC's name */
    uint8_t body_hash[16]; /* of the canonical encoding of the request */
};

/* One page of a list. */
struct page {
    uint32_t size;     /* 0: 50; at most 1,000 */
    const char *token; /* empty or NULL: the first */
};

enum { PAGE_TOKEN_SIZE = 128 };

#endif
