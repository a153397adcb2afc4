#include "server/masking/outbox/ports.h"

#include "proto/c/fault.h"

#include <stdlib.h>
#include <string.h>

struct ports {
    unsigned count;
    struct port ports[PORTS_MOST];
};

struct ports *ports_new(void)
{
    return calloc(1, sizeof(struct ports));
}

void ports_free(struct ports *ports)
{
    free(ports);
}

bool ports_add(struct ports *ports, const struct carrier_port *carrier, struct error *error)
{
    if (!carrier->name || !*carrier->name)
        return error_set(error, STATUS_INVALID_ARGUMENT, "CARRIER_UNNAMED", 0,
                         "A carrier needs a name.");
    if (ports_find(ports, carrier->name))
        return error_set(error, STATUS_ALREADY_EXISTS, "CARRIER_EXISTS", 0,
                         "There is a carrier named %s already.", carrier->name);
    if (ports->count == PORTS_MOST)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CARRIERS", 0,
                         "There can be %d carriers at most.", PORTS_MOST);
    ports->ports[ports->count++].carrier = carrier;
    return true;
}

unsigned ports_count(const struct ports *ports)
{
    return ports->count;
}

struct port *ports_at(struct ports *ports, unsigned index)
{
    return &ports->ports[index];
}

struct port *ports_find(struct ports *ports, const char *name)
{
    for (unsigned i = 0; i < ports->count; i++) {
        if (!strcmp(ports->ports[i].carrier->name, name))
            return &ports->ports[i];
    }
    return NULL;
}

unsigned ports_index(const struct ports *ports, const struct port *port)
{
    return (unsigned)(port - ports->ports);
}

bool ports_named(struct ports *ports, char *const *names, size_t count, const char *carrier)
{
    if (!count)
        return ports->count && !strcmp(ports->ports[0].carrier->name, carrier);
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], carrier) || MUTANT("inbound_by_any_carrier"))
            return true;
    }
    return false;
}

struct port *ports_choose(struct ports *ports, char *const *names, size_t count, unsigned tried,
                          unsigned *ret_here)
{
    if (!count || MUTANT("failover_to_any_carrier")) {
        *ret_here = 1;
        return ports->count ? &ports->ports[0] : NULL;
    }
    struct port *here[PORTS_MOST];
    unsigned found = 0;
    for (size_t i = 0; i < count && found < PORTS_MOST; i++) {
        struct port *port = ports_find(ports, names[i]);
        if (port)
            here[found++] = port;
    }
    if (!found)
        return NULL;
    *ret_here = found;
    return here[tried % found];
}
