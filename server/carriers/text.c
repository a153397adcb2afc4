#include "server/carriers/text.h"

#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *string)
{
    return string ? string : "";
}

static const char *put(char **at, const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = memcpy(*at, string, size);
    *at += size;
    return copy;
}

size_t text_size(const char *const *strings, size_t count, const struct ingress_media *media,
                 size_t media_count)
{
    size_t size = media_count * sizeof *media + 1;
    for (size_t i = 0; i < count; i++)
        size += strlen(or_empty(strings[i])) + 1;
    for (size_t i = 0; i < media_count; i++)
        size += strlen(or_empty(media[i].url)) + strlen(or_empty(media[i].content_type)) + 2;
    return size;
}

void text_put(struct text *ret_text, void *memory, size_t size, const char *const *strings,
              size_t count, const struct ingress_media *media, size_t media_count)
{
    struct text text = {.media = memory, .media_count = media_count, .bytes = size};
    char *at = (char *)memory + media_count * sizeof *media;
    for (size_t i = 0; i < media_count; i++)
        text.media[i] = (struct ingress_media){put(&at, or_empty(media[i].url)),
                                               put(&at, or_empty(media[i].content_type))};
    for (size_t i = 0; i < count; i++)
        text.strings[i] = put(&at, or_empty(strings[i]));
    *at = '\0';
    for (size_t i = count; i < TEXT_STRINGS; i++)
        text.strings[i] = at;
    *ret_text = text;
}

bool text_copy(struct text *ret_text, const char *const *strings, size_t count,
               const struct ingress_media *media, size_t media_count)
{
    size_t size = text_size(strings, count, media, media_count);
    void *memory = malloc(size);
    if (!memory)
        return false;
    text_put(ret_text, memory, size, strings, count, media, media_count);
    ret_text->memory = memory;
    return true;
}

void text_done(struct text *text)
{
    free(text->memory);
    text->memory = NULL;
}

bool text_to_arena(const struct text *text, struct arena *arena, struct text *ret_text)
{
    struct text copy = {.media_count = text->media_count, .bytes = text->bytes};
    for (size_t i = 0; i < TEXT_STRINGS; i++) {
        copy.strings[i] = arena_string(arena, text->strings[i]);
        if (!copy.strings[i])
            return false;
    }
    copy.media = arena_array(arena, text->media_count, sizeof *copy.media);
    if (!copy.media)
        return false;
    for (size_t i = 0; i < text->media_count; i++) {
        copy.media[i].url = arena_string(arena, text->media[i].url);
        copy.media[i].content_type = arena_string(arena, text->media[i].content_type);
        if (!copy.media[i].url || !copy.media[i].content_type)
            return false;
    }
    *ret_text = copy;
    return true;
}
