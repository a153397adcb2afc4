/*
 * The model: what Maskline should do in the small world, written down as plainly as possible, apart from how it does it.
 *
 * It is told what was done, what was answered, what the logs say and what carriers were asked to send, and says whether that is within
 * the rules. Where the rules leave something open (which of several numbers, which of several refusals), it checks that what happened is
 * one of the things allowed, and then goes on with that.
 *
 * Arrays and searches from end to end; nothing is indexed. Once something was wrong the model is of no more use.
 */
#ifndef MASKLINE_TESTS_MODEL_MODEL_H
#define MASKLINE_TESTS_MODEL_MODEL_H

#include "tests/model/plain.h"

struct model;

/* NULL when there is no memory. */
struct model *model_new(const struct world *world, int64_t now);
void model_free(struct model *model);

/* Before an operation is done: time as it will be decided at, what ends by time. */
void model_begin(struct model *model, const struct op *op);
/* After it: what it was answered, which attempts it led to, what the logs have now; in this order. */
void model_answer(struct model *model, const struct op *op, const struct answer *answer);
void model_attempt(struct model *model, const struct attempt *attempt);
/* A carrier was told to hang up a call; -1: one that it does not carry. */
void model_hung_up(struct model *model, int message);
void model_event(struct model *model, const struct event *event);
/* Whether everything that had to happen has happened. */
void model_end(struct model *model, const struct op *op);

/* What was wrong first, or NULL. */
const char *model_wrong(const struct model *model);

/* ---- what should be read: each says what is wrong, through model_wrong ---- */

/* All that a list of a Service shows, in its order. */
void model_read_sessions(struct model *model, int service, const struct reading *reading,
                         const struct plain_session *sessions, int count);
void model_read_numbers(struct model *model, int service, int kind,
                        const struct plain_number *numbers, int count);
void model_read_opt_outs(struct model *model, int service, const struct plain_bar *bars, int count);
void model_read_blocks(struct model *model, int service, const struct plain_bar *bars, int count);
void model_read_services(struct model *model, const struct plain_service *services, int count);
void model_read_interactions(struct model *model, int session,
                             const struct plain_interaction *interactions, int count);
void model_wrong_about(struct model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- what is there: for who makes up operations, and for who reads ---- */

int64_t model_now(const struct model *model);
/* Labels of Services that are active; of sessions whose Service is active and that are not deleted. */
int model_services(const struct model *model, int *ret_labels, int size);
int model_sessions(const struct model *model, int service, int *ret_labels, int size);
/* Those that are active. */
int model_running(const struct model *model, int *ret_labels, int size);
int model_session_service(const struct model *model, int session);
/* Whether it is so long ended that a read may not find it any more. */
bool model_may_be_gone(const struct model *model, int session);
int model_session_people(const struct model *model, int session);
/* Who stands in a session at this place, and the number it dials; false when there is nobody. */
bool model_person(const struct model *model, int session, int place, enum who *ret_who,
                  int *ret_number, bool *ret_left);
/* The number that it had before; -1: none. */
int model_old_number(const struct model *model, int session, int place);
/* What was said, and in which session. */
int model_said(const struct model *model, int *ret_messages, int *ret_sessions, int size);
/* Whom a message waits for that is to be tried again later, by which number, and its session; false: for nobody. */
bool model_waited_for(const struct model *model, int nth, enum who *ret_who, int *ret_number,
                      int *ret_session);
/* Likewise who wrote it, and its place in the session; false: nobody but the Service writes. */
bool model_waited_from(const struct model *model, int nth, enum who *ret_author, int *ret_place,
                       enum who *ret_reader, int *ret_session);
/* Calls that live, or all, and in which session. */
int model_calls(const struct model *model, bool ended_too, int *ret_messages, int *ret_sessions,
                int size);
/* One of the opt-outs, or blocks, and the Service that has it; 0: there is none. */
int model_any_opt_out(const struct model *model, int nth, struct plain_bar *ret_bar);
int model_any_block(const struct model *model, int nth, struct plain_bar *ret_bar);
/* The Service that has this number; 0: none. */
int model_number_service(const struct model *model, int number);
/* One that is LOCKED; -1: none. */
int model_number_locked(const struct model *model);
/* The carrier that it names first. */
int model_number_carrier(const struct model *model, int number);
/* Messages with an attempt that waits for its result; messages that were ever handed to a carrier. */
int model_waiting_messages(const struct model *model, int *ret_messages, int size);
int model_sent_messages(const struct model *model, int *ret_messages, int *ret_carriers, int size);
/* Times at which something is about to change. */
int model_edges(const struct model *model, int64_t *ret_times, int size);

#endif
