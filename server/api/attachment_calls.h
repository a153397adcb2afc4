/*
 * What attached programs say of calls, and are told of them. What goes out is in the arena; NULL when it is full.
 */
#ifndef MASKLINE_SERVER_API_ATTACHMENT_CALLS_H
#define MASKLINE_SERVER_API_ATTACHMENT_CALLS_H

#include "maskline/v1/carrier_gateway.pb-c.h"
#include "proto/c/arena.h"
#include "server/carriers/gateway/gateway.h"

/* A carrier's code of 64 characters, with its NUL. */
enum { ATTACHMENT_CODE_SIZE = 257 };

/* What is too long is cut; of the results of texts, too. */
void attachment_cut_code(const char *code, char ret_code[ATTACHMENT_CODE_SIZE]);

void attachment_take_call(struct gateway_attachment *attachment,
                          const Maskline__V1__CarrierInboundCall *call, bool *ret_more);
void attachment_take_progress(struct gateway_attachment *attachment,
                              const Maskline__V1__CarrierCallProgress *progress, bool *ret_more);
void attachment_take_placed(struct gateway_attachment *attachment,
                            const Maskline__V1__CarrierPlaceCallResult *result);

/* The API's word for it; of texts, too. */
Maskline__V1__InboundOutcome outcome_message(enum inbound_outcome outcome);

/* Both point into what they are given. */
Maskline__V1__CarrierCallPlan *call_plan_message(struct arena *arena, const struct call_plan *plan);
Maskline__V1__CarrierInboundCallResult *call_result_message(struct arena *arena,
                                                            const struct gateway_answer *answer);
Maskline__V1__CarrierCallProgressResult *call_progress_result_message(
    struct arena *arena, const struct gateway_answer *answer);
Maskline__V1__CarrierHangUp *hang_up_message(struct arena *arena, const char *key);

#endif
