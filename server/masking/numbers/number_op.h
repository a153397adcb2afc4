/*
 * Changes of one number: what they have in common.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_OP_H
#define MASKLINE_SERVER_MASKING_NUMBERS_NUMBER_OP_H

#include "server/masking/numbers/numbers.h"
#include "server/masking/op.h"

enum { CARRIERS_MOST = 8 };

struct number_op {
    struct op op;
    number_done done;
    void *data;
    enum number_kind kind; /* what number_op_find looks for */
    /* The result, in the transaction's arena. */
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__PhoneNumber *number;
    int64_t in_use;
};

/* A number_op of this size that tells `done`. NULL: `done` was told that there is no memory. */
void *number_op_new(struct masking *masking, size_t size, number_done done, void *data);

/* Finds the number in an active Service, and its use. */
bool number_op_find(struct number_op *op, struct rows *rows, const char *service,
                    const char *number);

/* Whether the pool takes one more of this kind. *ret_nearly_full: with that one it comes to 85 % of what it may have. False: the number is
 * refused, and, if op->refused, the log tells of it: the decision has to end well. */
bool number_op_room(struct number_op *op, struct rows *rows, bool reserved, bool *ret_nearly_full);
/* The event of that. */
bool number_op_warn(struct number_op *op, struct rows *rows, bool reserved);

/* Form: names of carriers that this server has, each once. */
void form_carriers(struct error *error, struct masking *masking, const char *const *carriers,
                   size_t count);
/* The number's carriers; without any, the default one. False: the arena is full. */
bool set_carriers(struct arena *arena, struct masking *masking, const char *const *carriers,
                  size_t count, Maskline__Store__V1__PhoneNumber *number);

/* Capabilities are NUMBER_CAN_...: what the carrier that the number's traffic leaves by can do, and what the number can. */
unsigned carrier_can(struct masking *masking, const Maskline__Store__V1__PhoneNumber *number);
unsigned get_capabilities(const Maskline__Store__V1__PhoneNumber *number);
void set_capabilities(Maskline__Store__V1__PhoneNumber *number, unsigned can);

#endif
