#include "server/masking/numbers/number_op.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/refused.h"
#include "server/masking/services/services.h"

#include <stdio.h>
#include <string.h>

enum { NEARLY_FULL = 85 }; /* percent */

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
           rows_find_number_kind(rows, op->service, number, op->kind, &op->number, error) &&
           rows_use(rows, op->service->pool.data, op->number->phone_number, &op->in_use, error) !=
               KV_FAILED;
}

static uint64_t most_of(const Maskline__Store__V1__Settings *settings, bool reserved)
{
    struct service_settings held = service_settings_held(settings);
    return (uint64_t)(reserved ? held.most_reserved : held.most_unreserved);
}

bool number_op_room(struct number_op *op, struct rows *rows, bool reserved, bool *ret_nearly_full)
{
    struct pool *pool;
    if (!pools_get(op->op.masking->pools, rows, op->service->pool.data, &pool, &op->op.error))
        return false;
    struct pool_counts counts = pool_count(pool);
    uint64_t most = most_of(op->service->settings, reserved);
    uint64_t before = reserved ? counts.reserved : counts.unreserved;
    *ret_nearly_full =
        100 * before < NEARLY_FULL * most && 100 * (before + 1) >= NEARLY_FULL * most;
    if (before < most || MUTANT("pool_without_cap"))
        return true;
    refuse(&op->op.error, REFUSED_POOL_FULL);
    op->op.refused =
        refused_tell(op->op.masking, rows, op->service,
                     &(struct refused_call){.reason = op->op.error.reason, .why = &op->op.error});
    return false;
}

bool number_op_warn(struct number_op *op, struct rows *rows, bool reserved)
{
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed("POOL_NEARLY_FULL");
    warning.message = borrowed(
        reserved ? "The pool has 85 % of the reserved numbers that it may have."
                 : "The pool has 85 % of the numbers, without reserved ones, that it may have.");
    warning.original_code = 80624;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    uint64_t position;
    return MUTANT("nearly_full_untold") ||
           rows_append(rows, op->service->sid.data, &entry, &position, &op->op.error);
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

unsigned carrier_can(struct masking *masking, const Maskline__Store__V1__PhoneNumber *number)
{
    const struct port *port =
        number->n_carriers ? ports_find(masking->ports, number->carriers[0]) : NULL;
    if (!port || !port->carrier->numbers_can || MUTANT("carrier_can_everything"))
        return NUMBER_CAN_ALL;
    return port->carrier->numbers_can(port->carrier->data);
}

unsigned get_capabilities(const Maskline__Store__V1__PhoneNumber *number)
{
    return (number->sms ? NUMBER_CAN_TEXT : 0u) | (number->mms ? NUMBER_CAN_MEDIA : 0u) |
           (number->voice ? NUMBER_CAN_CALL : 0u);
}

void set_capabilities(Maskline__Store__V1__PhoneNumber *number, unsigned can)
{
    number->sms = can & NUMBER_CAN_TEXT;
    number->mms = can & NUMBER_CAN_MEDIA;
    number->voice = can & NUMBER_CAN_CALL;
}
