/*
 * A simulated network without threads, with phones, for the tests of its calls: ANNA calls a proxy number, and what the domain has
 * planned is carried out.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_CARRIERS_PHONES_H
#define MASKLINE_TESTS_UNIT_SERVER_CARRIERS_PHONES_H

#include "proto/c/clock.h"
#include "server/carriers/simulator/simulator.h"
#include "tests/unit/server/carriers/fake.h"

#define ANNA  "+15551230001"
#define BORIS "+15551230002"
#define CLARA "+15551230003"
#define PROXY "+15550000001"
#define SHOWN "+15550000002"

struct phones {
    struct masking *fake;
    struct manual_clock clock;
    int64_t now;
    struct carriers *carriers;
    struct simulator *simulator;
    const struct carrier_port *port;
    const struct call_port *calls;
    struct arena *arena;
    size_t read;           /* progress that was looked at */
    uint64_t seen[3];      /* events of ANNA, BORIS and CLARA that were looked at */
    struct call_plan plan; /* what a call from a phone is answered with */
    struct call_target targets[4];
    /* What a call from a phone was answered with. */
    unsigned answers;
    enum call_outcome outcome;
    char id[300];
    char text[2000];
};

/* The plan: BORIS is rung, with no words and no key (there would be 10 s for it), for 20 s, and may talk for 100 s. */
void phones_set_up(struct phones *phones);
void phones_tear_down(struct phones *phones);

void phones_behave(struct phones *phones, const char *number, struct simulator_behavior behavior);

/* Calls PROXY; the answer has come. */
void phones_call(struct phones *phones, const char *number, const char *id);
/* The other way round: has the domain place a call to ANNA first, then to BORIS. */
bool phones_place(struct phones *phones, const char *key);

/* Moves the clock, and does what is due. */
void phones_wait(struct phones *phones, int64_t seconds);

/* What the domain was told since it was last asked; see fake_told. */
const char *phones_told(struct phones *phones);
/* What happened to a phone since it was last asked: "1 RINGS +15550000002; 3 ENDS HUNG_UP", with the second in which it did. */
const char *phones_saw(struct phones *phones, const char *number);

void phones_pick_up(struct phones *phones, const char *number);
void phones_press(struct phones *phones, const char *number, const char *key);
void phones_hang_up(struct phones *phones, const char *number);

#endif
