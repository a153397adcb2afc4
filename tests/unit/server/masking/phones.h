/*
 * Calls in the small world: what its carriers were told of calls, and calls that come in by them.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_MASKING_PHONES_H
#define MASKLINE_TESTS_UNIT_SERVER_MASKING_PHONES_H

#include "server/masking/calls/calls.h"
#include "tests/unit/server/masking/world.h"

/* A plan, copied. */
struct plan_seen {
    char key[CALL_KEY_SIZE];
    struct party_seen {
        size_t count;
        char caller_id[CALL_TARGETS][32], number[CALL_TARGETS][32];
    } first, second;
    char announcement[64], whisper[64], consent_notice[64];
    bool ask_key, record;
    int64_t key_limit, ring_limit, longest_call, expire_time;
};

struct call_seen {
    enum call_outcome outcome;
    bool repeated;
    char reason[48];
    int32_t original;
    char notice[64];
    struct plan_seen plan;
};
/* A call by carrier "one", with an id of its own; or by another carrier, with that id. */
struct call_seen world_call(struct world *world, const char *from, const char *to);
struct call_seen world_call_in(struct world *world, const struct inbound_call *call);
/* The first of the two calls the other, and a plan is made. */
struct call_seen world_ring(struct world *world, const struct talk *talk);

struct progress_seen {
    bool hang_up;
    enum status_code code;
    char reason[48];
};
struct progress_seen world_progress(struct world *world, const char *key, enum call_side side,
                                    enum call_status status);
struct progress_seen world_report(struct world *world, const struct call_progress *progress);
/* Picked up and connected. */
void world_connect(struct world *world, const char *key);

/* All that has been told so far has been done, and what followed from it at once. */
void world_settle(struct world *world);

/* STATUS_OK or the error's code; the reason in *ret_reason, which may be NULL. Places a call that rings this participant first. */
enum status_code world_place(struct world *world, const struct talk *talk, const char *participant,
                             char ret_reason[48]);
enum status_code world_place_draft(struct world *world, const struct call_draft *draft,
                                   char ret_sid[40], char ret_reason[48]);
/* Of the interaction with this index. */
enum status_code world_hang_up(struct world *world, const struct talk *talk, unsigned index,
                               char ret_reason[48]);

/* The same by SIDs, whatever becomes of it. */
void world_end_call(struct world *world, const char *session, const char *interaction);
/* The reason, or "". Deletes the interaction with this index, or takes its content out. */
const char *world_delete_call(struct world *world, const struct talk *talk, unsigned index,
                              bool deletes);

/* What carriers were told. Hang-ups of a key, by all carriers. */
unsigned world_placed(struct world *world, unsigned carrier);
const struct plan_seen *world_plan(struct world *world, unsigned carrier, unsigned back);
unsigned world_hang_ups(struct world *world, const char *key);
unsigned world_all_hang_ups(struct world *world);

/* The call with this index of a session. */
const Maskline__Store__V1__Interaction *world_call_at(struct world *world, const struct talk *talk,
                                                      unsigned index);
#define ck_call(interaction, first_status, second_status)                                  \
    do {                                                                                   \
        const Maskline__Store__V1__Interaction *its_call = (interaction);                  \
        bool its_placed = !its_call->inbound;                                              \
        ck_assert_int_eq((its_placed ? its_call->outbound[0] : its_call->inbound)->status, \
                         STATUS(first_status));                                            \
        ck_assert_int_eq(its_call->outbound[its_placed]->status, STATUS(second_status));   \
    } while (0)

#endif
