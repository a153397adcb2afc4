#include "server/api/behavior.h"

#include "server/api/fields.h"

#include <string.h>

enum { CODE_CHARACTERS = 64 };

/* The API counts from 1, with 0 for the default, which is the simulator's first. */
_Static_assert(SIMULATED_TAKEN == 0 &&
                   SIMULATED_UNKNOWN == MASKLINE__V1__SIMULATED_SEND__SIMULATED_SEND_UNKNOWN - 1,
               "the same order");
_Static_assert(SIMULATED_DELIVERED == 0 &&
                   SIMULATED_SILENT == MASKLINE__V1__SIMULATED_RECEIPT__SIMULATED_RECEIPT_NONE - 1,
               "the same order");

struct simulator_behavior behavior_read(struct error *error,
                                        const Maskline__V1__HandsetBehavior *given)
{
    struct simulator_behavior behavior = {0};
    if (!given)
        return behavior;
    field_enum(error, "behavior.send", &maskline__v1__simulated_send__descriptor, (int)given->send);
    field_enum(error, "behavior.receipt", &maskline__v1__simulated_receipt__descriptor,
               (int)given->receipt);
    field_duration(error, "behavior.receipt_delay", given->receipt_delay, &behavior.receipt_delay);
    field_text(error, "behavior.carrier_code", given->carrier_code, 0, CODE_CHARACTERS);
    if (error->code != STATUS_OK)
        return behavior;
    behavior.send = given->send == 0 ? SIMULATED_TAKEN : (enum simulated_send)(given->send - 1);
    behavior.send_count = given->send_count;
    behavior.receipt =
        given->receipt == 0 ? SIMULATED_DELIVERED : (enum simulated_receipt)(given->receipt - 1);
    behavior.receipt_copies = given->receipt_copies;
    memcpy(behavior.carrier_code, given->carrier_code, strlen(given->carrier_code) + 1);
    return behavior;
}

static Maskline__V1__HandsetBehavior *behavior_message(struct arena *arena,
                                                       const struct simulator_behavior *behavior)
{
    Maskline__V1__HandsetBehavior *message =
        message_new(arena, &maskline__v1__handset_behavior__descriptor);
    if (!message)
        return NULL;
    message->send = (Maskline__V1__SimulatedSend)(behavior->send + 1);
    message->send_count = behavior->send_count;
    message->receipt = (Maskline__V1__SimulatedReceipt)(behavior->receipt + 1);
    message->receipt_copies = behavior->receipt_copies;
    message->receipt_delay = duration_new(arena, behavior->receipt_delay);
    message->carrier_code = message_text(behavior->carrier_code);
    return message;
}

Maskline__V1__Handset *handset_message(struct arena *arena, const struct simulator_handset *handset)
{
    Maskline__V1__Handset *message = message_new(arena, &maskline__v1__handset__descriptor);
    if (!message)
        return NULL;
    message->phone_number = message_text(handset->phone_number);
    message->behavior = behavior_message(arena, &handset->behavior);
    message->create_time = message_time(arena, handset->create_time);
    return message;
}
