#include "server/api/notice_settings.h"

const struct notice_list *notices_read(struct arena *arena,
                                       const Maskline__V1__NoticePolicy *policy)
{
    struct notice_list *list = arena_alloc(arena, sizeof *list);
    size_t count = policy ? policy->n_notices : 0;
    struct notice_setting *notices = arena_array(arena, count, sizeof *notices);
    if (!list || !notices)
        return NULL; /* the call has no memory left, and will fail by that */
    for (size_t i = 0; i < count; i++)
        notices[i] = (struct notice_setting){
            .occasion = (Maskline__Store__V1__NoticeOccasion)policy->notices[i]->occasion,
            .language = policy->notices[i]->language,
            .text = policy->notices[i]->text,
        };
    *list = (struct notice_list){notices, count};
    return list;
}

void notices_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                  Maskline__V1__NoticePolicy *message)
{
    struct message_list list = message_list_new(arena, settings->n_notices);
    for (size_t i = 0; i < settings->n_notices; i++) {
        Maskline__V1__Notice *notice = message_new(arena, &maskline__v1__notice__descriptor);
        if (notice) {
            notice->occasion = (Maskline__V1__NoticeOccasion)settings->notices[i]->occasion;
            notice->language = settings->notices[i]->language;
            notice->text = settings->notices[i]->text;
        }
        message_list_add(&list, notice);
    }
    message->notices = (Maskline__V1__Notice **)list.items;
    message->n_notices = list.count;
}
