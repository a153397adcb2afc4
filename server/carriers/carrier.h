/*
 * A carrier: a way into the phone network. One folder each; each is a module behind this one header.
 *
 * What a carrier must not know: sessions, Services, who is behind a number. It speaks with the domain through
 * server/masking/ingress.h alone.
 */
#ifndef MASKLINE_SERVER_CARRIERS_CARRIER_H
#define MASKLINE_SERVER_CARRIERS_CARRIER_H

#include "server/masking/ingress.h"

struct carrier;

enum carrier_health {
    CARRIER_READY,
    CARRIER_DETACHED, /* nothing can be sent now; what waits is kept within its life */
};

/* What every carrier is. `self` is the carrier's own struct. */
struct carrier_class {
    const char *kind; /* "simulator", "gateway" */
    bool idempotent;  /* see carrier_port */
    void (*send)(void *self, const struct outbound_message *message, void *attempt);
    enum carrier_health (*health)(void *self);
    /* Ends what is under way: each attempt begun gets its result before this returns. */
    void (*free)(void *self);
};

/* The carriers that a server was configured with, by name. Thread-safe, but for new, add and free. */
struct carriers;

struct carriers *carriers_new(void);

/* Names the domain by which carriers hand in what they get; before any traffic. Registers each as a port (ingress_add_carrier), in the
 * order in which they were added: the first is the default. */
bool carriers_attach(struct carriers *carriers, struct masking *masking, struct error *error);

/* `what` is "simulator", "simulator:NAME" or "gateway:NAME"; names are 1 to 32 of a-z, 0-9 and -. */
bool carriers_add(struct carriers *carriers, const char *what, struct error *error);

/* Before masking_free: nothing is handed in any more, and attempts under way get their results. */
void carriers_stop(struct carriers *carriers);
void carriers_free(struct carriers *carriers);

/* Whether every configured carrier is a simulator: then the Simulator service works. */
bool carriers_all_simulated(const struct carriers *carriers);

struct simulator;
struct gateway;
/* By name, or NULL; an empty name gives the first of its kind. */
struct simulator *carriers_simulator(struct carriers *carriers, const char *name);
struct gateway *carriers_gateway(struct carriers *carriers, const char *name);

#endif
