/*
 * The carriers that the domain may send by: filled in before any traffic, then only read.
 */
#ifndef MASKLINE_SERVER_MASKING_OUTBOX_PORTS_H
#define MASKLINE_SERVER_MASKING_OUTBOX_PORTS_H

#include "server/masking/ingress.h"

#include <stdatomic.h>

enum { PORTS_MOST = 64 };

struct port {
    const struct carrier_port *carrier;
    /* Attempts that were allowed and have no result yet. Any thread. */
    atomic_uint in_flight;
};

struct ports;

/* NULL when there is no memory. */
struct ports *ports_new(void);
/* NULL is fine. */
void ports_free(struct ports *ports);

bool ports_add(struct ports *ports, const struct carrier_port *carrier, struct error *error);

unsigned ports_count(const struct ports *ports);
/* In the order in which they were added. */
struct port *ports_at(struct ports *ports, unsigned index);
/* By name, or NULL. */
struct port *ports_find(struct ports *ports, const char *name);
unsigned ports_index(const struct ports *ports, const struct port *port);

/* Whether a number that names these carriers (none: the default one) names this one. */
bool ports_named(struct ports *ports, char *const *names, size_t count, const char *carrier);

/* The carrier for an attempt, `tried` attempts after the first: the named ones in turn, those that this server does not have left
 * out; *ret_here tells how many it has. NULL when it has none of them. */
struct port *ports_choose(struct ports *ports, char *const *names, size_t count, unsigned tried,
                          unsigned *ret_here);

#endif
