#include "server/api/convert.h"

Maskline__V1__Warning *warning_message(struct arena *arena,
                                       const Maskline__Store__V1__Warning *stored)
{
    Maskline__V1__Warning *message = message_new(arena, &maskline__v1__warning__descriptor);
    if (!message)
        return NULL;
    message->reason = stored->reason;
    message->message = stored->message;
    message->interaction_sid = message_sid(arena, "KI", stored->interaction);
    message->carrier = stored->carrier;
    message->proxy_identifier = stored->proxy_identifier;
    message->original_code = stored->original_code;
    return message;
}

Maskline__V1__PoolExhausted *pool_exhausted_message(
    struct arena *arena, const Maskline__Store__V1__PoolExhausted *stored)
{
    Maskline__V1__PoolExhausted *message =
        message_new(arena, &maskline__v1__pool_exhausted__descriptor);
    if (!message)
        return NULL;
    message->reason = stored->reason;
    message->original_code = stored->original_code;
    message->country = stored->country;
    message->calling_code = stored->calling_code;
    message->place = stored->place;
    message->needs_sms = stored->sms;
    message->needs_voice = stored->voice;
    message->free_time = message_time(arena, stored->free_time);
    return message;
}
