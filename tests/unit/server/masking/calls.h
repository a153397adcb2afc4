/*
 * Calls of the domain that wait for their answer, and give records and errors to look at. Results live until world_close.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_MASKING_CALLS_H
#define MASKLINE_TESTS_UNIT_SERVER_MASKING_CALLS_H

#include "server/masking/bars/blocks.h"
#include "server/masking/bars/opt_outs.h"
#include "tests/unit/server/masking/world.h"

#define SESSION_STATUS(name) MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_##name
#define CLOSED_REASON(name)  MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_##name
#define NUMBER_STATE(name)   MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_##name
#define CLAIM_STATE(name)    MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_##name
#define SERVICE_STATE(name)  MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_##name
#define MODE(name)           MASKLINE__STORE__V1__MODE__MODE_##name
#define SELECTION(name)      MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_##name
#define CHANGE(name)         MASKLINE__STORE__V1__ENTRY__CHANGE_##name

/* For tests that count what is sent: nobody is told anything in answer to a keyword. */
extern const struct notice_list nothing_is_told;

/* The error of the latest call; code STATUS_OK when it went well. */
extern struct error call_error;

/* Each gives NULL when the call was refused. */
const Maskline__Store__V1__Service *call_service_create(struct world *world,
                                                        const struct service_draft *draft);
const Maskline__Store__V1__Service *call_service_update(struct world *world,
                                                        const struct service_change *change);
const Maskline__Store__V1__Service *call_service_delete(struct world *world, const char *service);
const Maskline__Store__V1__Service *call_service_get(struct world *world, const char *service);

struct number_seen {
    const Maskline__Store__V1__PhoneNumber *number; /* NULL: refused */
    int64_t in_use;
};
struct number_seen call_number_add(struct world *world, const struct number_draft *draft);
struct number_seen call_number_update(struct world *world, const struct number_change *change);
struct number_seen call_number_remove(struct world *world, const char *number, bool force);
struct number_seen call_number_remove_kind(struct world *world, const char *number,
                                           enum number_kind kind, bool force);
struct number_seen call_number_get(struct world *world, const char *number);
struct number_seen call_number_get_kind(struct world *world, const char *number,
                                        enum number_kind kind);
/* A number's draft in the world's Service that can do everything. */
struct number_draft number_draft(const struct world *world, const char *number);

const Maskline__Store__V1__Session *call_session_create(struct world *world,
                                                        struct session_draft draft);
const Maskline__Store__V1__Session *call_session_update(struct world *world,
                                                        struct session_change change);
const Maskline__Store__V1__Session *call_session_delete(struct world *world, const char *session);
const Maskline__Store__V1__Session *call_session_get(struct world *world, const char *session);
/* The session after that; the new participant is its last. */
const Maskline__Store__V1__Session *call_join(struct world *world, const char *session,
                                              struct participant_draft draft,
                                              const char *request_id);
const Maskline__Store__V1__Session *call_leave(struct world *world, const char *session,
                                               const char *participant);

/* The session after that. */
const Maskline__Store__V1__Session *call_change(struct world *world, const struct talk *talk,
                                                struct participant_change change);

/* `change` creates or deletes. */
typedef void (*opt_out_call)(struct masking *masking, const struct opt_out_name *name,
                             opt_out_done done, void *data);
typedef void (*block_call)(struct masking *masking, const struct block_name *name, block_done done,
                           void *data);
const Maskline__Store__V1__OptOut *call_opt_out(struct world *world, opt_out_call change,
                                                const char *person, const char *proxy);
const Maskline__Store__V1__Block *call_block(struct world *world, block_call change,
                                             const char *person, const char *to);
const Maskline__Store__V1__OptOut *call_opt_out_asked(struct world *world, opt_out_call change,
                                                      const char *person, const char *proxy,
                                                      struct request_id request);
const Maskline__Store__V1__Block *call_block_asked(struct world *world, block_call change,
                                                   const char *person, const char *to,
                                                   struct request_id request);
/* How many are listed of a person, or in all. */
unsigned call_opt_outs_listed(struct world *world, const char *person);
unsigned call_blocks_listed(struct world *world, const char *person);

/* The reason why nothing can be sent to that participant of a session, with what else there is to know in call_error; "" when it can, and
 * was. */
const char *call_send_to(struct world *world, const struct talk *talk, const char *participant);

/* Drafts of people; identifiers live until world_close. */
struct participant_draft person(struct world *world, const char *identifier);
struct participant_draft person_on(struct world *world, const char *identifier, const char *proxy);
/* Identifiers as in "+1555 +1556". */
struct participant_draft person_of_many(struct world *world, const char *identifiers);

/* A session between people, who may be NULL. */
const Maskline__Store__V1__Session *call_talk(struct world *world, const char *a, const char *b);
const Maskline__Store__V1__Session *call_close(struct world *world,
                                               const Maskline__Store__V1__Session *session);
const Maskline__Store__V1__Session *call_reopen(struct world *world,
                                                const Maskline__Store__V1__Session *session);

/* Of a session: its SID as text, and the proxy identifier of a participant. */
const char *sid_of(struct world *world, const Maskline__Store__V1__Session *session);
const char *participant_sid(struct world *world, const Maskline__Store__V1__Session *session,
                            unsigned index);
const char *proxy_of(const Maskline__Store__V1__Session *session, unsigned index);

/* The value of a metadata key in call_error; "" when it has none. */
const char *call_metadata(const char *key);

/* Whether a refusal with this code of the original has the status that the rules say; 0 is no code, and fits all. */
bool call_status_fits(int32_t original, enum status_code status);

#define ck_refused(call, why, code80)                         \
    do {                                                      \
        ck_assert(!(call));                                   \
        ck_assert_str_eq(call_error.reason, why);             \
        ck_assert_int_eq(call_error.original, (code80));      \
        ck_assert(call_status_fits(code80, call_error.code)); \
    } while (0)
#define ck_field(call, path)                                        \
    do {                                                            \
        ck_assert(!(call));                                         \
        ck_assert_int_eq(call_error.code, STATUS_INVALID_ARGUMENT); \
        ck_assert_uint_ge(call_error.field_count, 1);               \
        ck_assert_str_eq(call_error.fields[0].name, path);          \
    } while (0)
#define ck_done(call) ck_assert_msg((call), "%s: %s", call_error.reason, call_error.message)

#endif
