/*
 * The subject: the real domain on a real store and pipeline, driven one operation at a time, and waited for.
 *
 * Time is a clock that stands still between operations, randomness has a seed, timers run when an operation says so, and two carriers
 * write down what they are asked to send. One thread.
 */
#ifndef MASKLINE_TESTS_MODEL_SUBJECT_H
#define MASKLINE_TESTS_MODEL_SUBJECT_H

#include "tests/model/plain.h"

struct subject;

/* `folder` NULL: in memory. What cannot be opened ends the program with a message. */
struct subject *subject_new(const char *folder, uint64_t seed);
void subject_free(struct subject *subject);

/* Begins with another world in the same store: all that the earlier one had is deleted, and time has gone on. */
void subject_world(struct subject *subject, const struct world *world);

/* Whether it has a folder: then a restart may be a crash. */
bool subject_on_disk(const struct subject *subject);

int64_t subject_now(const struct subject *subject);

/* Does it, and waits until it is answered. */
void subject_do(struct subject *subject, const struct op *op, struct answer *ret_answer);

/* What carriers were asked to send since the last time; valid until the next operation. */
int subject_attempts(struct subject *subject, const struct attempt **ret_attempts);

/* Which calls carriers were told to hang up since the last time; -1: one that never was. Valid until the next call. */
int subject_hung_up(struct subject *subject, const int **ret_messages);

/* What the logs of this world's Services have got since the last time: all of it, without a gap; true, or *ret_wrong says what is wrong with
 * the log itself. Valid until the next call. */
bool subject_events(struct subject *subject, const struct event **ret_events, int *ret_count,
                    const char **ret_wrong);

/* Reads the logs again, from their beginnings: false: one says something else than when it was read first, other than that something
 * was taken out. */
bool subject_retell(struct subject *subject, const char **ret_wrong);

/* Reads; they return how many there are. Valid until the next call of the same function. A Service or a session is named by its
 * label. What cannot be read is said in *ret_wrong, which is NULL otherwise. */
int subject_services(struct subject *subject, const struct plain_service **ret_services,
                     const char **ret_wrong);
int subject_numbers(struct subject *subject, int service, int kind,
                    const struct plain_number **ret_numbers, const char **ret_wrong);
/* In no order. */
int subject_opt_outs(struct subject *subject, int service, const struct plain_bar **ret_bars,
                     const char **ret_wrong);
int subject_blocks(struct subject *subject, int service, const struct plain_bar **ret_bars,
                   const char **ret_wrong);
int subject_sessions(struct subject *subject, int service, const struct reading *reading,
                     const struct plain_session **ret_sessions, const char **ret_wrong);
int subject_interactions(struct subject *subject, int session,
                         const struct plain_interaction **ret_interactions, const char **ret_wrong);

#endif
