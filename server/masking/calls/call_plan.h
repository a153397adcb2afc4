/*
 * The plan of a call: what its carrier is told to do.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_PLAN_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_PLAN_H

#include "server/masking/calls/call_check.h"

/* Real numbers that may be rung; those that are themselves numbers of some pool are left out: the call would go in circles. */
struct call_numbers {
    const char *items[CALL_TARGETS];
    size_t count;
};
bool call_numbers_find(struct masking *masking, struct rows *rows,
                       const Maskline__Store__V1__Participant *participant,
                       struct call_numbers *ret_numbers, struct error *error);

/* What holds for a new call by this carrier; goes into its record. Returns how long it may take until the two are connected. */
int64_t call_terms(const Maskline__Store__V1__Settings *settings,
                   const struct carrier_port *carrier, const struct call_numbers *first,
                   const struct call_numbers *second, Maskline__Store__V1__Call *call);

/* In the arena; NULL: it is full. `first` has no numbers when it called. */
const struct call_plan *call_plan_make(struct rows *rows,
                                       const Maskline__Store__V1__Service *service,
                                       const struct carrier_port *carrier,
                                       const struct call_sides *sides,
                                       const struct call_people *people,
                                       const struct call_numbers *first,
                                       const struct call_numbers *second);

#endif
