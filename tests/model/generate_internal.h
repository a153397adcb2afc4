/*
 * What the parts of the generator share: chance, and things that are there.
 */
#ifndef MASKLINE_TESTS_MODEL_GENERATE_INTERNAL_H
#define MASKLINE_TESTS_MODEL_GENERATE_INTERNAL_H

#include "tests/model/generate.h"

/* From 0, below the bound. */
int g_below(struct generator *generator, int bound);
bool g_chance(struct generator *generator, int percent);
/* One of some spans, in seconds. */
int64_t g_span(struct generator *generator, const int *seconds, int count);

#define SPAN(generator, ...) \
    g_span(generator, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

struct ref g_service(struct generator *generator);
/* A session, and its Service. */
void g_session(struct generator *generator, struct op *op);
enum who g_who(struct generator *generator);
struct op_person g_person(struct generator *generator, struct ref service);
int g_request(struct generator *generator);

/* Each fills in operations of some kinds (generate.c says which). */
void make_service(struct generator *generator, struct op *op);
void make_number(struct generator *generator, struct op *op);
void make_numbers(struct generator *generator, struct op *op);
void make_session(struct generator *generator, struct op *op);
void make_sessions(struct generator *generator, struct op *op);
void make_participant(struct generator *generator, struct op *op);
void make_update(struct generator *generator, struct op *op);
void make_send(struct generator *generator, struct op *op);
void make_inbound(struct generator *generator, struct op *op);
void make_redact(struct generator *generator, struct op *op);
void make_bar(struct generator *generator, struct op *op);
void make_rate(struct generator *generator, struct op *op);
void make_call(struct generator *generator, struct op *op);
void make_call_step(struct generator *generator, struct op *op);
void make_call_end(struct generator *generator, struct op *op);
void make_carrier(struct generator *generator, struct op *op);

#endif
