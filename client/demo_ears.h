/*
 * The demo's ears: what the streams tell of phones and of the Service, and waiting for it.
 */
#ifndef MASKLINE_CLIENT_DEMO_EARS_H
#define MASKLINE_CLIENT_DEMO_EARS_H

#include "client/cli.h"

#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <pthread.h>

enum { NAME_SIZE = 32, TEXT_SIZE = 200 };

/* What a phone got last, told by its stream. */
struct phone {
    struct demo *demo;
    const char *owner;
    char number[NAME_SIZE];
    char proxy[NAME_SIZE]; /* what it dials */
    struct maskline_v1_simulator_watch_handset_async *stream;
    bool ready;
    bool ended;
    unsigned texts;
    char sender[NAME_SIZE];
    char body[TEXT_SIZE];
    unsigned talks;
    char caller[NAME_SIZE];
};

struct demo {
    struct cli *cli;
    char *service; /* its name */
    char ann_sid[40];
    struct phone ann, bob;
    struct maskline_v1_events_stream_events_async *stream;
    pthread_mutex_t lock; /* the phones, and all below */
    pthread_cond_t changed;
    bool stream_ready;
    bool stream_ended;
    char session[40];  /* SID; empty: there is none yet */
    uint64_t position; /* of the last event, also of one before the first that is told */
    uint64_t events;   /* that were told */
    /* Of that session. */
    unsigned delivered;
    unsigned rejected;
    unsigned calls;    /* that have ended */
    const char *wrong; /* what went wrong first */
    bool stopping;     /* streams that end now were told to */
    bool lost;         /* one has ended before */
    struct error why;  /* lost: what with */
    /* When a call failed: the program's exit status, and that it was said why. Of the thread that plays. */
    int status;
    bool said;
};

/* All below are for the thread that plays, without the lock. */

/* What goes wrong first is kept. Always false. */
bool demo_wrong(struct demo *demo, const char *what);

/* How much of it has been told by now. */
unsigned demo_count(struct demo *demo, const unsigned *count);

/* Waits until `count` has reached `wanted`, or the flag is set. False when it takes too long, which is wrong then, or something went
 * wrong, or a stream is lost. */
bool demo_wait(struct demo *demo, const unsigned *count, unsigned wanted, const char *what);
bool demo_wait_flag(struct demo *demo, const bool *flag, const char *what);

/* Begins the Service's events, from the first one ever or from now on, or what a phone gets; it is heard when this returns true. */
bool demo_hear_events(struct demo *demo, bool from_first);
bool demo_hear_phone(struct phone *phone);

/* Ends all of them. */
void demo_stop_hearing(struct demo *demo);

#endif
