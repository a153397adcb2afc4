/*
 * A carrier: a way into the phone network. One folder each; each is a module behind this one header.
 *
 * What a carrier must not know: sessions, Services, who is behind a number. It speaks with the domain through
 * server/masking/ingress.h alone.
 *
 * Order of life: new, add, attach, traffic, stop, masking_free, free. What was handed in is answered by the domain until
 * masking_free has returned, therefore free comes last. Watches and attachments are freed before stop: the server for RPCs ends
 * before it.
 */
#ifndef MASKLINE_SERVER_CARRIERS_CARRIER_H
#define MASKLINE_SERVER_CARRIERS_CARRIER_H

#include "proto/c/clock.h"
#include "server/masking/ingress.h"

struct carrier_options {
    struct clock clock;    /* the server's time */
    struct clock timeouts; /* how long things take; zeroed: the machine's monotonic clock */
    uint64_t seed;         /* makes the network's ids differ from an earlier run's. 0: random */
    bool manual;           /* no threads: the test calls run_due */
};

enum carrier_health {
    CARRIER_READY,
    CARRIER_DETACHED, /* nothing can be sent now; what waits is kept within its life */
};

/* What every carrier is. `self` is the carrier's own struct. */
struct carrier_class {
    const char *kind; /* "simulator", "gateway" */
    /* `name` lives as long as the carrier. NULL when there is no memory. */
    void *(*new)(const char *name, const struct carrier_options *options);
    /* Before any traffic. False when its threads cannot be started. */
    bool (*start)(void *self, struct masking *masking, struct error *error);
    /* Asked before each attempt, any thread: see carrier_port. */
    bool (*idempotent)(void *self);
    bool forgets; /* likewise */
    void (*send)(void *self, const struct outbound_message *message, void *attempt);
    const struct call_port *calls;       /* NULL: it carries none. `data` is self */
    unsigned (*numbers_can)(void *self); /* see carrier_port */
    enum carrier_health (*health)(void *self);
    /* The clock has moved by other than itself. Any thread. */
    void (*kick)(void *self);
    /* Without threads of its own: does all that is due by now. Returns how many things it did. */
    unsigned (*run_due)(void *self);
    /* Each attempt begun gets its result before this returns, and nothing is handed in any more. Sends that come after are
     * answered RETRY. Also without start, and twice. */
    void (*stop)(void *self);
    /* After stop. NULL is fine. */
    void (*free)(void *self);
};

/* The carriers that a server was configured with, by name. Thread-safe, but for new, add, attach, stop and free. */
struct carriers;

/* NULL when there is no memory. */
struct carriers *carriers_new(const struct carrier_options *options);

/* `what` is "simulator", "simulator:NAME" or "gateway:NAME"; names are 1 to 32 of a-z, 0-9 and -, and differ. */
bool carriers_add(struct carriers *carriers, const char *what, struct error *error);

/* Names the domain by which carriers hand in what they get; before any traffic. Registers each as a port (ingress_add_carrier), in the
 * order in which they were added: the first is the default. */
bool carriers_attach(struct carriers *carriers, struct masking *masking, struct error *error);

/* Before masking_free: nothing is handed in any more, and attempts under way get their results. */
void carriers_stop(struct carriers *carriers);

/* After masking_free. NULL is fine. */
void carriers_free(struct carriers *carriers);

/* The clock has moved by other than itself: what is due by it happens now. */
void carriers_kick(struct carriers *carriers);

/* With options.manual: does all that is due by now. Returns how many things were done. */
unsigned carriers_run_due(struct carriers *carriers);

/* Whether every configured carrier is a simulator: then the Simulator service works. */
bool carriers_all_simulated(const struct carriers *carriers);

struct carrier_info {
    const char *name;
    const char *kind;
    enum carrier_health health;
};
/* In the order in which they were added; false when there are no more. */
bool carriers_info(const struct carriers *carriers, size_t index, struct carrier_info *ret_info);

struct simulator;
struct gateway;
/* By name; an empty name gives the first of its kind. NULL when there is none. */
struct simulator *carriers_simulator(struct carriers *carriers, const char *name);

/* NULL and an error: NOT_FOUND CARRIER_NOT_FOUND, FAILED_PRECONDITION CARRIER_NOT_GATEWAY. */
struct gateway *carriers_gateway(struct carriers *carriers, const char *name, struct error *error);

#endif
