/*
 * Sessions, Services and numbers as records, kept beside their rows: a message asks for its session several times, and to unpack one takes
 * longer than all that is asked of it.
 *
 * The store is asked each time all the same; what is kept counts only while the row's version has the sequence that it was made of. No
 * sequence is ever given twice. So nothing has to be told when a decision is undone, a group fails or a layer goes: no row has the
 * sequence of what they would have made.
 *
 * One thread at a time: the writer has one for its decisions, each reader borrows one for as long as it reads. Readers have only Services
 * in it: these all of them ask for, while each session is asked for by few.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_KEPT_H
#define MASKLINE_SERVER_MASKING_ROWS_KEPT_H

#include "server/masking/rows/rows.h"

struct kept;

/* NULL when there is no memory. */
struct kept *kept_new(void);
/* NULL is fine. */
void kept_free(struct kept *kept);

/* As rows_session, in a decision; but only the session's own fields may be changed, nothing that they point to. It lives as long as the
 * memory of txn_arena. */
enum kv_found kept_session(struct kept *kept, struct rows *rows, const uint8_t *service,
                           const uint8_t *session, Maskline__Store__V1__Session **ret_session,
                           struct error *error);

/* The record of a row that was just read, in a decision, as above; NULL: it cannot be kept, or not be read. */
void *kept_record(struct kept *kept, struct rows *rows, const struct key *key,
                  const ProtobufCMessageDescriptor *kind, const struct kv_value *row);

/* A session's row is derived anew, by a message: `before` and `after` are its sequences. */
void kept_interaction(struct kept *kept, const struct key *key, uint64_t before, uint64_t after,
                      const Maskline__Store__V1__InteractionCreated *created, int64_t time);

/* All decisions of a group are done with what they got. */
void kept_group_ends(struct kept *kept);

/* ---- for readers; any thread ---- */

/* As many as were ever borrowed at once. */
struct kept_shelf;

/* NULL when there is no memory. */
struct kept_shelf *kept_shelf_new(void);
/* All are back. NULL is fine. */
void kept_shelf_free(struct kept_shelf *shelf);

/* NULL when there is no memory: it can be read without. */
struct kept *kept_borrow(struct kept_shelf *shelf);
/* What was got from it is not looked at any more. NULL is fine. */
void kept_return(struct kept_shelf *shelf, struct kept *kept);

#endif
