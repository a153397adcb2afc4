/*
 * What the parts of the domain share. Not for anybody else.
 */
#ifndef MASKLINE_SERVER_MASKING_INTERNAL_H
#define MASKLINE_SERVER_MASKING_INTERNAL_H

#include "server/masking/ingress.h"
#include "server/masking/masking.h"
#include "server/masking/rows/rows.h"

struct calls;   /* call_watch.h: calls that are to be looked at */
struct kept;    /* kept.h: sessions that messages have just looked at */
struct known;   /* known.h: Services and numbers, in memory */
struct pools;   /* pools.h: numbers by load, in memory */
struct outbox;  /* outbox.h: legs that wait for an attempt */
struct ports;   /* ports.h: the carriers to send by */
struct recent;  /* recent.h: routes that carried a message lately */
struct bars;    /* bars.h: which Services have people who opted out */
struct rates;   /* rates_internal.h: how many calls of the API have passed */
struct tenants; /* masking.c: the domain as tenants have it */
struct warned;  /* warned.h: what the logs have just told of refused calls */
struct timers;  /* timers.h: what happens by itself: expiry, purge, retention, deletion in pieces */

struct masking {
    struct store *store;
    struct pipeline *pipeline;
    struct masking_options options;
    struct kept *kept;
    struct kept_shelf *shelf; /* kept.h: the same for readers */
    struct known *known;
    struct bars *bars;
    struct pools *pools;
    struct recent *recent;
    struct ports *ports;
    struct outbox *outbox;
    struct timers *timers;
    struct rates *rates;
    struct warned *warned;
    /* What tenants have: the same parts, but `tenant`. */
    uint32_t tenant;
    struct masking *whole; /* itself, but for a tenant's */
    struct tenants *tenants;
    struct calls *calls;
};

/* ---- how the parts hear of each other; writer's thread unless said otherwise ---- */

/* A session's effective expire time, or purge time, or a Service's deletion, is now due at `time`: the timers take note. After it is
 * durable. */
void timers_note(struct timers *timers, const struct log_id *log, int64_t time);

/* Legs of an interaction that was just made durable are to be sent. */
void outbox_note(struct outbox *outbox, const struct log_id *log,
                 const Maskline__Store__V1__Interaction *interaction);

/* Closes a session in this transaction: entry, released routes, uses. `reason` as in records.proto; `status` CLOSED or FAILED. The
 * session is changed in place to what it is after. Used by the API, by expiry on traffic, and by the timers. */
bool session_close(struct rows *rows, const Maskline__Store__V1__Service *service,
                   Maskline__Store__V1__Session *session, Maskline__Store__V1__SessionStatus status,
                   Maskline__Store__V1__ClosedReason reason, const char *fail_reason,
                   int64_t end_time, struct error *error);

/* Deletes a session and all that hangs on it, in this transaction. */
bool session_remove(struct rows *rows, const Maskline__Store__V1__Service *service,
                    Maskline__Store__V1__Session *session, bool purged, bool service_deleted,
                    struct error *error);

/* A piece of a DELETING Service goes in this transaction: sessions first, then numbers, then the Service itself becomes DELETED.
 * *ret_more: it has not come to that yet. */
bool service_remove_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                          bool *ret_more, struct error *error);
/* The same once its log goes: rows that were deleted without an entry, and that a crash just after has brought back. */
bool service_sweep_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                         bool *ret_more, struct error *error);

/* Whether the log may have been answered before: looks the request id up; true with *ret_position 0 when it is new. False: the same id
 * with another body (FAILED_PRECONDITION REQUEST_ID_REUSED), or a read error. */
bool request_seen(struct rows *rows, const uint8_t *service, const struct request_id *request,
                  uint64_t *ret_position, struct error *error);
/* The entry's `request`, in the arena; NULL when the request has no id. */
Maskline__Store__V1__RequestId *request_mark(struct rows *rows, const struct request_id *request);

/* The rows that follow from each kind of entry. */
bool derive_entry(void *data, struct derivation *derivation, struct bytes entry);

#endif
