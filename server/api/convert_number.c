#include "server/api/convert.h"

#include "proto/c/address.h"

static Maskline__V1__PhoneNumberCapabilities *capabilities(
    struct arena *arena, const Maskline__Store__V1__PhoneNumber *number)
{
    Maskline__V1__PhoneNumberCapabilities *message =
        message_new(arena, &maskline__v1__phone_number_capabilities__descriptor);
    if (!message)
        return NULL;
    message->sms = number->sms;
    message->mms = number->mms;
    message->voice = number->voice;
    return message;
}

static uint32_t clamp(int64_t count)
{
    return count < 0 ? 0 : count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

Maskline__V1__PhoneNumber *number_message(struct arena *arena,
                                          const Maskline__Store__V1__PhoneNumber *number,
                                          int64_t in_use)
{
    Maskline__V1__PhoneNumber *message =
        message_new(arena, &maskline__v1__phone_number__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "PN", number->sid);
    message->service_sid = message_sid(arena, "KS", number->service);
    message->phone_number = number->phone_number;
    message->country = number->country;
    message->friendly_name = number->friendly_name;
    message->capabilities = capabilities(arena, number);
    message->reserved = number->reserved;
    message->n_carriers = number->n_carriers;
    message->carriers = number->carriers;
    message->state = (Maskline__V1__PhoneNumberState)number->state;
    message->in_use = clamp(in_use);
    message->create_time = message_time(arena, number->create_time);
    message->update_time = message_time(arena, number->update_time);
    return message;
}

Maskline__V1__ShortCode *short_code_message(struct arena *arena,
                                            const Maskline__Store__V1__PhoneNumber *number,
                                            int64_t in_use)
{
    Maskline__V1__ShortCode *message = message_new(arena, &maskline__v1__short_code__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "SC", number->sid);
    message->service_sid = message_sid(arena, "KS", number->service);
    message->short_code = number->phone_number;
    message->country = number->country;
    message->capabilities = capabilities(arena, number);
    message->reserved = number->reserved;
    message->n_carriers = number->n_carriers;
    message->carriers = number->carriers;
    message->in_use = clamp(in_use);
    message->create_time = message_time(arena, number->create_time);
    message->update_time = message_time(arena, number->update_time);
    return message;
}

Maskline__V1__ChannelSender *channel_sender_message(struct arena *arena,
                                                    const Maskline__Store__V1__PhoneNumber *number,
                                                    int64_t in_use)
{
    Maskline__V1__ChannelSender *message =
        message_new(arena, &maskline__v1__channel_sender__descriptor);
    if (!message)
        return NULL;
    message->service_sid = message_sid(arena, "KS", number->service);
    message->address = number->phone_number;
    message->n_carriers = number->n_carriers;
    message->carriers = number->carriers;
    message->in_use = clamp(in_use);
    message->create_time = message_time(arena, number->create_time);
    message->update_time = message_time(arena, number->update_time);
    return message;
}

char *proxy_sid(struct arena *arena, const Maskline__Store__V1__Binding *binding)
{
    static char none[1];
    if (address_scheme(binding->proxy_identifier))
        return none;
    bool is_short = *binding->proxy_identifier >= '0' && *binding->proxy_identifier <= '9';
    return message_sid(arena, is_short ? "SC" : "PN", binding->number);
}
