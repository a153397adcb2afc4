/*
 * A number comes into a pool, alone or with many others.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_ADD_H
#define MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_ADD_H

#include "server/masking/numbers/number_op.h"

/* Adds what is wrong with a draft to an error that was cleared before. */
void number_form(struct error *error, struct masking *masking, const struct number_draft *draft,
                 struct address *ret_address);

/* The number goes into op->service's pool; op->number is in `arena`, and borrows from draft and address. Of a request that is known it is what
 * was added then. */
bool number_enter(struct number_op *op, struct rows *rows, struct arena *arena,
                  const struct number_draft *draft, struct address *address);

#endif
