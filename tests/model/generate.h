/*
 * Operations made up at random, such that things collide: it looks at what is there, and names what is there most of the time.
 */
#ifndef MASKLINE_TESTS_MODEL_GENERATE_H
#define MASKLINE_TESTS_MODEL_GENERATE_H

#include "tests/model/model.h"

struct generator {
    uint64_t state;
    const struct model *model;
    bool crashes;                                 /* restarts may be crashes, too */
    int next_service, next_session, next_message; /* labels */
    struct op inbound[8];                         /* the latest, to be repeated */
    int inbound_count;
    struct op requests[8]; /* the latest with a request_id, to be repeated */
    int request_count;
};

/* A generator for a run. */
struct generator generator_of(uint64_t seed, const struct model *model);

struct op generate(struct generator *generator);

#endif
