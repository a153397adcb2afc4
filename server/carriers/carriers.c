#include "server/carriers/carrier.h"
#include "server/carriers/gateway/gateway.h"
#include "server/carriers/simulator/simulator.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CARRIERS_MOST = 64, NAME_LONGEST = 32 };

struct carrier {
    const struct carrier_class *class;
    void *self;
    char name[NAME_LONGEST + 1];
    struct carrier_port port;
};

struct carriers {
    struct carrier_options options;
    size_t count;
    struct carrier carriers[CARRIERS_MOST];
};

static const struct carrier_class *const classes[] = {&simulator_class, &gateway_class};

static int64_t monotonic_now(void *data)
{
    (void)data;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

struct carriers *carriers_new(const struct carrier_options *options)
{
    struct carriers *carriers = calloc(1, sizeof *carriers);
    if (!carriers)
        return NULL;
    carriers->options = *options;
    if (!carriers->options.timeouts.now_us)
        carriers->options.timeouts = (struct clock){.now_us = monotonic_now};
    return carriers;
}

void carriers_free(struct carriers *carriers)
{
    if (!carriers)
        return;
    carriers_stop(carriers);
    for (size_t i = 0; i < carriers->count; i++)
        carriers->carriers[i].class->free(carriers->carriers[i].self);
    free(carriers);
}

static struct carrier *find(struct carriers *carriers, const char *name)
{
    for (size_t i = 0; i < carriers->count; i++) {
        if (!strcmp(carriers->carriers[i].name, name))
            return &carriers->carriers[i];
    }
    return NULL;
}

static struct carrier *find_first(struct carriers *carriers, const struct carrier_class *class)
{
    for (size_t i = 0; i < carriers->count; i++) {
        if (carriers->carriers[i].class == class)
            return &carriers->carriers[i];
    }
    return NULL;
}

/* "KIND:NAME", or "simulator" for a simulator of that name. */
static bool parse(const char *what, const struct carrier_class **ret_class, const char **ret_name)
{
    if (!strcmp(what, simulator_class.kind)) {
        *ret_class = &simulator_class;
        *ret_name = what;
        return true;
    }
    const char *colon = strchr(what, ':');
    if (!colon)
        return false;
    size_t length = strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (!length || length > NAME_LONGEST || colon[1 + length])
        return false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const char *kind = classes[i]->kind;
        if (strlen(kind) == (size_t)(colon - what) && !memcmp(kind, what, strlen(kind))) {
            *ret_class = classes[i];
            *ret_name = colon + 1;
            return true;
        }
    }
    return false;
}

bool carriers_add(struct carriers *carriers, const char *what, struct error *error)
{
    const struct carrier_class *class;
    const char *name;
    if (!parse(what, &class, &name))
        return error_set(
            error, STATUS_INVALID_ARGUMENT, "INVALID_CARRIER", 0,
            "\"%s\" is no carrier: say simulator, simulator:NAME or gateway:NAME, where a "
            "name is 1 to %d of a-z, 0-9 and -.",
            what, NAME_LONGEST);
    if (find(carriers, name))
        return error_set(error, STATUS_ALREADY_EXISTS, "CARRIER_EXISTS", 0,
                         "There is a carrier named %s already.", name);
    if (carriers->count == CARRIERS_MOST)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_CARRIERS", 0,
                         "There can be %d carriers at most.", CARRIERS_MOST);
    struct carrier *carrier = &carriers->carriers[carriers->count];
    memcpy(carrier->name, name, strlen(name) + 1);
    carrier->class = class;
    carrier->self = class->new (carrier->name, &carriers->options);
    if (!carrier->self)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for the carrier %s.", name);
    carriers->count++;
    return true;
}

bool carriers_attach(struct carriers *carriers, struct masking *masking, struct error *error)
{
    for (size_t i = 0; i < carriers->count; i++) {
        struct carrier *carrier = &carriers->carriers[i];
        carrier->port = (struct carrier_port){
            .data = carrier->self,
            .name = carrier->name,
            .idempotent = carrier->class->idempotent,
            .forgets = carrier->class->forgets,
            .send = carrier->class->send,
            .calls = carrier->class->calls,
            .numbers_can = carrier->class->numbers_can,
        };
        if (!carrier->class->start(carrier->self, masking, error) ||
            !ingress_add_carrier(masking, &carrier->port, error))
            return false;
    }
    return true;
}

void carriers_stop(struct carriers *carriers)
{
    for (size_t i = 0; i < carriers->count; i++)
        carriers->carriers[i].class->stop(carriers->carriers[i].self);
}

void carriers_kick(struct carriers *carriers)
{
    for (size_t i = 0; i < carriers->count; i++)
        carriers->carriers[i].class->kick(carriers->carriers[i].self);
}

unsigned carriers_run_due(struct carriers *carriers)
{
    unsigned done = 0;
    for (size_t i = 0; i < carriers->count; i++)
        done += carriers->carriers[i].class->run_due(carriers->carriers[i].self);
    return done;
}

bool carriers_all_simulated(const struct carriers *carriers)
{
    for (size_t i = 0; i < carriers->count; i++) {
        if (carriers->carriers[i].class != &simulator_class)
            return false;
    }
    return carriers->count > 0;
}

bool carriers_info(const struct carriers *carriers, size_t index, struct carrier_info *ret_info)
{
    if (index >= carriers->count)
        return false;
    const struct carrier *carrier = &carriers->carriers[index];
    *ret_info = (struct carrier_info){
        .name = carrier->name,
        .kind = carrier->class->kind,
        .health = carrier->class->health(carrier->self),
    };
    return true;
}

struct simulator *carriers_simulator(struct carriers *carriers, const char *name)
{
    const struct carrier *carrier =
        *name ? find(carriers, name) : find_first(carriers, &simulator_class);
    return carrier && carrier->class == &simulator_class ? carrier->self : NULL;
}

struct gateway *carriers_gateway(struct carriers *carriers, const char *name, struct error *error)
{
    const struct carrier *carrier =
        *name ? find(carriers, name) : find_first(carriers, &gateway_class);
    if (!carrier) {
        error_set(error, STATUS_NOT_FOUND, "CARRIER_NOT_FOUND", 0,
                  *name ? "No carrier of that name is configured."
                        : "No carrier is configured as a gateway.");
        return NULL;
    }
    if (carrier->class != &gateway_class) {
        error_set(error, STATUS_FAILED_PRECONDITION, "CARRIER_NOT_GATEWAY", 0,
                  "The carrier %s is a %s; no program can take its place.", carrier->name,
                  carrier->class->kind);
        return NULL;
    }
    return carrier->self;
}
