#include "server/api/behavior.h"

#include "server/api/fields.h"

#include <string.h>

enum { CODE_CHARACTERS = 64, GREETING_CHARACTERS = 500 };

/* The API counts from 1, with 0 for the default, which is the simulator's first. */
_Static_assert(SIMULATED_TAKEN == 0 &&
                   SIMULATED_UNKNOWN == MASKLINE__V1__SIMULATED_SEND__SIMULATED_SEND_UNKNOWN - 1,
               "the same order");
_Static_assert(SIMULATED_DELIVERED == 0 &&
                   SIMULATED_SILENT == MASKLINE__V1__SIMULATED_RECEIPT__SIMULATED_RECEIPT_NONE - 1,
               "the same order");

_Static_assert(SIMULATED_RINGS == 0 &&
                   SIMULATED_UNREACHABLE ==
                       MASKLINE__V1__SIMULATED_CALL__SIMULATED_CALL_UNREACHABLE - 1,
               "the same order");

static void read_calls(struct error *error, const Maskline__V1__HandsetBehavior *given,
                       struct simulator_behavior *behavior)
{
    field_enum(error, "behavior.call", &maskline__v1__simulated_call__descriptor, (int)given->call);
    field_duration(error, "behavior.pick_up_delay", given->pick_up_delay, &behavior->pick_up_delay);
    if (strlen(given->keys) >= sizeof behavior->keys)
        error_field(error, "behavior.keys", "At most %zu of 0-9, * and #.",
                    sizeof behavior->keys - 1);
    field_duration(error, "behavior.hang_up_delay", given->hang_up_delay, &behavior->hang_up_delay);
    field_duration(error, "behavior.voicemail_delay", given->voicemail_delay,
                   &behavior->voicemail_delay);
    field_text(error, "behavior.voicemail_greeting", given->voicemail_greeting, 0,
               GREETING_CHARACTERS);
    if (error->code != STATUS_OK)
        return;
    behavior->call = given->call == 0 ? SIMULATED_RINGS : (enum simulated_call)(given->call - 1);
    memcpy(behavior->keys, given->keys, strlen(given->keys) + 1);
    behavior->hangs_up = given->hang_up_delay != NULL;
    behavior->has_voicemail = given->voicemail_delay != NULL;
    memcpy(behavior->voicemail_greeting, given->voicemail_greeting,
           strlen(given->voicemail_greeting) + 1);
}

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
    read_calls(error, given, &behavior);
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
    message->call = (Maskline__V1__SimulatedCall)(behavior->call + 1);
    message->pick_up_delay = duration_new(arena, behavior->pick_up_delay);
    message->keys = message_text(behavior->keys);
    if (behavior->hangs_up)
        message->hang_up_delay = duration_new(arena, behavior->hang_up_delay);
    if (behavior->has_voicemail)
        message->voicemail_delay = duration_new(arena, behavior->voicemail_delay);
    message->voicemail_greeting = message_text(behavior->voicemail_greeting);
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
