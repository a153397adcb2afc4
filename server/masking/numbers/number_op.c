#include "server/masking/numbers/number_op.h"

#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/outbox/ports.h"

#include <stdio.h>
#include <string.h>

static void tell(struct op *base, const struct error *error)
{
    struct number_op *op = (struct number_op *)base;
    const struct number_result result = {.number = op->number, .in_use = op->in_use};
    op->done(op->data, error ? NULL : &result, error);
}

void *number_op_new(struct masking *masking, size_t size, number_done done, void *data)
{
    struct number_op *op = op_new(masking, size);
    if (!op) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, &error);
        return NULL;
    }
    op->op.tell = tell;
    op->done = done;
    op->data = data;
    return op;
}

bool number_op_find(struct number_op *op, struct rows *rows, const char *service,
                    const char *number)
{
    struct error *error = &op->op.error;
    return rows_find_active_service(rows, service, &op->service, error) &&
           (op->short_code ? rows_find_short_code : rows_find_number)(rows, op->service, number,
                                                                      &op->number, error) &&
           rows_use(rows, op->service->pool.data, op->number->phone_number, &op->in_use, error) !=
               KV_FAILED;
}

bool number_op_room(struct number_op *op, struct rows *rows, bool reserved)
{
    struct pool *pool;
    if (!pools_get(op->op.masking->pools, rows, op->service->pool.data, &pool, &op->op.error))
        return false;
    struct pool_counts counts = pool_count(pool);
    bool room = reserved ? counts.reserved < RESERVED_MOST : counts.unreserved < UNRESERVED_MOST;
    return room || refuse(&op->op.error, REFUSED_POOL_FULL);
}

static bool listed_before(const char *const *carriers, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (!strcmp(carriers[i], carriers[index]))
            return true;
    }
    return false;
}

void form_carriers(struct error *error, struct masking *masking, const char *const *carriers,
                   size_t count)
{
    if (count > CARRIERS_MOST)
        error_field(error, "carriers", "At most %d.", CARRIERS_MOST);
    for (size_t i = 0; i < count && i < CARRIERS_MOST; i++) {
        char path[64];
        snprintf(path, sizeof path, "carriers[%zu]", i);
        if (!ports_find(masking->ports, carriers[i]))
            error_field(error, path, "This server has no such carrier.");
        else if (listed_before(carriers, i))
            error_field(error, path, "This is there already.");
    }
}

bool set_carriers(struct arena *arena, struct masking *masking, const char *const *carriers,
                  size_t count, Maskline__Store__V1__PhoneNumber *number)
{
    const char *standard;
    if (!count && ports_count(masking->ports)) {
        standard = ports_at(masking->ports, 0)->carrier->name;
        carriers = &standard;
        count = 1;
    }
    number->carriers = arena_array(arena, count, sizeof(char *));
    if (!number->carriers)
        return false;
    for (size_t i = 0; i < count; i++)
        number->carriers[i] = borrowed(carriers[i]);
    number->n_carriers = count;
    return true;
}
