/*
 * Changes of numbers that are there; number_add.c has how they come, number_remove.c how they go.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/number_op.h"

#include <string.h>

struct update {
    struct number_op base;
    const struct number_change *change;
};

static bool same_carriers(const Maskline__Store__V1__PhoneNumber *a,
                          const Maskline__Store__V1__PhoneNumber *b)
{
    if (a->n_carriers != b->n_carriers)
        return false;
    for (size_t i = 0; i < a->n_carriers; i++) {
        if (strcmp(a->carriers[i], b->carriers[i]) != 0)
            return false;
    }
    return true;
}

static bool same(const Maskline__Store__V1__PhoneNumber *a,
                 const Maskline__Store__V1__PhoneNumber *b)
{
    return !a->reserved == !b->reserved && get_capabilities(a) == get_capabilities(b) &&
           a->state == b->state && !strcmp(a->friendly_name, b->friendly_name) &&
           same_carriers(a, b);
}

static bool change_capabilities(struct op *base, const struct number_change *change,
                                Maskline__Store__V1__PhoneNumber *after)
{
    if (!change->set_can || MUTANT("capabilities_stay"))
        return true;
    unsigned can = change->can;
    if (change->as_carrier)
        can &= carrier_can(base->masking, after);
    can = (get_capabilities(after) & ~change->set_can) | (can & change->set_can);
    if (!can && !MUTANT("number_can_nothing")) {
        error_clear(&base->error);
        return error_field(&base->error, "capabilities",
                           change->as_carrier ? "Its carrier can do nothing of itself: say what."
                                              : "The number must be able to do something.");
    }
    set_capabilities(after, can);
    return true;
}

static bool update_decide(struct op *base, struct rows *rows)
{
    struct update *update = (struct update *)base;
    struct number_op *op = &update->base;
    const struct number_change *change = update->change;
    if (!number_op_find(op, rows, change->service, change->number))
        return false;
    Maskline__Store__V1__PhoneNumber after = *op->number;
    if (change->set_reserved)
        after.reserved = change->reserved;
    if (change->friendly_name)
        after.friendly_name = borrowed(change->friendly_name);
    if (op->number->removal_time && change->state && change->state != op->number->state &&
        !MUTANT("leaving_number_is_unlocked"))
        return refuse(&base->error, REFUSED_NUMBER_LEAVES);
    if (change->state)
        after.state = change->state;
    if (change->carriers &&
        !set_carriers(rows->arena, base->masking, change->carriers, change->carrier_count, &after))
        return refuse(&base->error, REFUSED_NO_MEMORY);
    if (!change_capabilities(base, change, &after))
        return false;
    if (same(op->number, &after))
        return true;
    bool nearly_full = false;
    if (!after.reserved != !op->number->reserved && number_kind(&after) == NUMBER_PHONE &&
        !number_op_room(op, rows, after.reserved, &nearly_full))
        return base->refused;
    after.update_time = rows->now;
    *op->number = after;
    Maskline__Store__V1__NumberUpdated updated = MASKLINE__STORE__V1__NUMBER_UPDATED__INIT;
    updated.number = op->number;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED;
    entry.number_updated = &updated;
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, &base->error) &&
           (!nearly_full || number_op_warn(op, rows, after.reserved));
}

void numbers_update(struct masking *masking, const struct number_change *change, number_done done,
                    void *data)
{
    struct update *update = number_op_new(masking, sizeof *update, done, data);
    if (!update)
        return;
    struct error *error = &update->base.op.error;
    update->change = change;
    update->base.kind = change->kind;
    update->base.op.decide = update_decide;
    if (change->friendly_name)
        form_text(error, "friendly_name", change->friendly_name, FRIENDLY_NAME_MOST);
    if (change->carriers)
        form_carriers(error, masking, change->carriers, change->carrier_count);
    if ((unsigned)change->state > MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED)
        error_field(error, "state", "This is no state.");
    op_run(&update->base.op);
}
