/*
 * All numbers of a pool, without short codes and addresses in channels, one after the other, for reads that look at each.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_POOL_NUMBERS_H
#define MASKLINE_SERVER_MASKING_NUMBERS_POOL_NUMBERS_H

#include "server/masking/rows/rows.h"

/* The number lives until `look` returns, and what it reads by `rows`, too. False: an error. */
typedef bool (*number_look)(void *data, struct rows *rows,
                            const Maskline__Store__V1__PhoneNumber *number, struct error *error);
bool pool_numbers(struct rows *rows, const uint8_t *pool, number_look look, void *data,
                  struct error *error);

#endif
