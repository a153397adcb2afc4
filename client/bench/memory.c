#include "client/bench/memory.h"

#include "client/bench/streams.h"
#include "client/bench/world.h"

enum { CONNECTIONS = 4 };

static const char *one_service(void *data, unsigned index)
{
    const struct world *world = data;
    (void)index;
    return world->services[0];
}

bool memory_measure(const struct peer *server, unsigned subscribers, struct memory *ret_memory)
{
    struct world_options options = {.services = 1, .numbers = 2, .pairs = 1};
    process_wait_calm(server->process.id);
    *ret_memory = (struct memory){process_usage(server->process.id).resident_bytes, 0};
    if (subscribers == 0)
        return true;
    struct world *world = world_make(server->target, &options);
    if (!world)
        return false;
    /* What the first ones take is there for the next, too. */
    struct streams_options streams = {.target = server->target,
                                      .connections = CONNECTIONS,
                                      .count = CONNECTIONS,
                                      .service = one_service,
                                      .data = world};
    struct streams *few = streams_open(&streams);
    uint64_t before = process_usage(server->process.id).resident_bytes;
    streams.count = subscribers;
    struct streams *many = few ? streams_open(&streams) : NULL;
    uint64_t after = process_usage(server->process.id).resident_bytes;
    ret_memory->bytes_a_subscriber = ((double)after - (double)before) / subscribers;
    bool ok = many != NULL;
    streams_close(many);
    streams_close(few);
    world_free(world);
    return ok;
}
