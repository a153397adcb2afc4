#include "server/api/convert.h"

#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"

static Maskline__V1__LegError *leg_error(struct arena *arena, const Maskline__Store__V1__Leg *leg)
{
    if (*leg->reason == '\0')
        return NULL;
    Maskline__V1__LegError *message = message_new(arena, &maskline__v1__leg_error__descriptor);
    if (!message)
        return NULL;
    message->reason = leg->reason;
    message->original_code = leg->original_code;
    message->carrier_code = leg->carrier_code;
    return message;
}

Maskline__V1__Leg *leg_message(struct arena *arena, const Maskline__Store__V1__Leg *leg)
{
    Maskline__V1__Leg *message = message_new(arena, &maskline__v1__leg__descriptor);
    if (!message)
        return NULL;
    message->participant_sid = message_sid(arena, "KP", leg->participant);
    message->status = (Maskline__V1__LegStatus)leg->status;
    message->attempts = leg->attempts;
    message->carrier = leg->carrier;
    message->error = leg_error(arena, leg);
    message->update_time = message_time(arena, leg->update_time);
    message->sent_time = message_time(arena, leg->sent_time);
    message->end_time = message_time(arena, leg->final_time);
    return message;
}

Maskline__V1__CallData *call_message(struct arena *arena, const Maskline__Store__V1__Call *call)
{
    if (!call)
        return NULL;
    Maskline__V1__CallData *message = message_new(arena, &maskline__v1__call_data__descriptor);
    if (!message)
        return NULL;
    if (call->end_time)
        message->duration = message_seconds(arena, call->seconds);
    message->connect_time = message_time(arena, call->connect_time);
    message->end_time = message_time(arena, call->end_time);
    message->recorded = call->recorded;
    message->hang_up_reason = call->hang_up_reason;
    return message;
}

static Maskline__V1__Media *media_message(struct arena *arena,
                                          const Maskline__Store__V1__Media *media)
{
    Maskline__V1__Media *message = message_new(arena, &maskline__v1__media__descriptor);
    if (!message)
        return NULL;
    message->url = media->url;
    message->content_type = media->content_type;
    return message;
}

static Maskline__V1__MessageContent *content_message(struct arena *arena,
                                                     const Maskline__Store__V1__Content *content)
{
    Maskline__V1__MessageContent *message =
        message_new(arena, &maskline__v1__message_content__descriptor);
    if (!message)
        return NULL;
    struct message_list list = message_list_new(arena, content->n_media);
    for (size_t i = 0; i < content->n_media; i++)
        message_list_add(&list, media_message(arena, content->media[i]));
    message->body = content->body;
    message->media = (Maskline__V1__Media **)list.items;
    message->n_media = list.count;
    return message;
}

static bool blocked(const Maskline__Store__V1__Interaction *interaction)
{
    return interaction->interception &&
           interaction->interception->state ==
               MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED;
}

static Maskline__V1__InteractionBlock *block_message(
    struct arena *arena, const Maskline__Store__V1__Interaction *interaction)
{
    Maskline__V1__InteractionBlock *message =
        message_new(arena, &maskline__v1__interaction_block__descriptor);
    if (!message)
        return NULL;
    message->reason = interaction->interception->reason;
    if (!MUTANT("block_without_code"))
        message->original_code = interaction->interception->original_code;
    return message;
}

static Maskline__V1__InteractionStatus status_of(
    const Maskline__Store__V1__Interaction *interaction)
{
    if (blocked(interaction))
        return MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_BLOCKED;
    if (interaction->call)
        return interaction->call->end_time
                   ? MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_ENDED
                   : MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_IN_PROGRESS;
    for (size_t i = 0; i < interaction->n_outbound; i++)
        if (!leg_final(interaction->outbound[i]))
            return MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_IN_PROGRESS;
    return MASKLINE__V1__INTERACTION_STATUS__INTERACTION_STATUS_ENDED;
}

Maskline__V1__Interaction *interaction_told(struct arena *arena, ProtobufCBinaryData service,
                                            const Maskline__Store__V1__Interaction *interaction)
{
    Maskline__V1__Interaction *message = message_new(arena, &maskline__v1__interaction__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KI", interaction->sid);
    message->service_sid = message_sid(arena, "KS", service);
    message->session_sid = message_sid(arena, "KC", interaction->session);
    message->type = (Maskline__V1__InteractionType)interaction->type;
    message->status = status_of(interaction);
    if (blocked(interaction))
        message->block = block_message(arena, interaction);
    if (interaction->content && !interaction->call)
        message->content = content_message(arena, interaction->content);
    message->call = call_message(arena, interaction->call);
    message->redact_time = message_time(arena, interaction->redact_time);
    message->sender_participant_sid = message_sid(arena, "KP", interaction->sender);
    if (interaction->inbound)
        message->inbound = leg_message(arena, interaction->inbound);
    struct message_list list = message_list_new(arena, interaction->n_outbound);
    for (size_t i = 0; i < interaction->n_outbound; i++)
        message_list_add(&list, leg_message(arena, interaction->outbound[i]));
    message->outbound = (Maskline__V1__Leg **)list.items;
    message->n_outbound = list.count;
    message->create_time = message_time(arena, interaction->create_time);
    message->update_time = message_time(arena, interaction->update_time);
    message->expire_time = message_time(arena, interaction->expire_time);
    return message;
}

Maskline__V1__Interaction *interaction_message(struct arena *arena, ProtobufCBinaryData service,
                                               const Maskline__Store__V1__Interaction *interaction)
{
    Maskline__V1__Interaction *message = interaction_told(arena, service, interaction);
    if (!message || arena_full(arena))
        return message;
    if (message->inbound)
        message->inbound->provider_id = interaction->inbound->provider_id;
    for (size_t i = 0; i < message->n_outbound; i++)
        message->outbound[i]->provider_id = interaction->outbound[i]->provider_id;
    return message;
}
