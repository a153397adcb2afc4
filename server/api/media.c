#include "server/api/media.h"

struct ingress_media *media_read(struct arena *arena, Maskline__V1__Media *const *given,
                                 size_t count)
{
    struct ingress_media *media = arena_array(arena, count, sizeof *media);
    for (size_t i = 0; media && i < count; i++)
        media[i] = (struct ingress_media){given[i]->url, given[i]->content_type};
    return media;
}

struct message_list media_messages(struct arena *arena, const struct ingress_media *media,
                                   size_t count)
{
    struct message_list list = message_list_new(arena, count);
    for (size_t i = 0; i < count; i++) {
        Maskline__V1__Media *message = message_new(arena, &maskline__v1__media__descriptor);
        if (message) {
            message->url = message_text(media[i].url);
            message->content_type = message_text(media[i].content_type);
        }
        message_list_add(&list, message);
    }
    return list;
}
