#include "server/api/convert.h"
#include "server/api/settings.h"

Maskline__V1__Service *service_message(struct arena *arena,
                                       const Maskline__Store__V1__Service *service)
{
    Maskline__V1__Service *message = message_new(arena, &maskline__v1__service__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KS", service->sid);
    message->unique_name = service->unique_name;
    message->state = (Maskline__V1__ServiceState)service->state;
    message->create_time = message_time(arena, service->create_time);
    message->update_time = message_time(arena, service->update_time);
    message->delete_time = message_time(arena, service->delete_time);
    if (service->settings)
        settings_show(arena, service->settings, message);
    return message;
}
