#include "server/api/fields.h"

#include "proto/c/utf8.h"
#include "server/masking/messages/media.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_MOST = 1000, URL_MOST = 2048, CONTENT_TYPE_MOST = 255 };

void field_enum(struct error *error, const char *path, const ProtobufCEnumDescriptor *known,
                int value)
{
    if (!protobuf_c_enum_descriptor_get_value(known, value))
        error_field(error, path, "%d is no value of %s.", value, known->name);
}

void field_enums(struct error *error, const char *path, const ProtobufCEnumDescriptor *known,
                 const int *values, size_t count, uint32_t *ret_values)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] <= 0 || values[i] > 31 ||
            !protobuf_c_enum_descriptor_get_value(known, values[i])) {
            error_field(error, path, "%d is nothing to look for in %s.", values[i], known->name);
            return;
        }
        sum |= UINT32_C(1) << values[i];
    }
    *ret_values = sum;
}

void field_duration(struct error *error, const char *path,
                    const Google__Protobuf__Duration *duration, int64_t *ret_us)
{
    int64_t us;
    if (!duration)
        return;
    if (!duration_to_us(duration, &us))
        error_field(error, path, "It is no valid duration.");
    else if (us < 0 || duration->seconds < 0 || duration->nanos < 0)
        error_field(error, path, "It must not be negative.");
    else
        *ret_us = us;
}

void field_time(struct error *error, const char *path, const Google__Protobuf__Timestamp *time,
                int64_t *ret_us)
{
    int64_t us;
    if (!time)
        return;
    if (!timestamp_to_us(time, &us))
        error_field(error, path, "It is no valid time.");
    else
        *ret_us = us;
}

/* Nothing happened before 1970, and 0 means an open end. */
static int64_t at_least_1(int64_t us)
{
    return us > 0 ? us : 1;
}

void field_expire_time(struct error *error, const Google__Protobuf__Timestamp *time,
                       int64_t *ret_us)
{
    int64_t us = 0;
    field_time(error, "expire_time", time, &us);
    if (time)
        *ret_us = at_least_1(us);
}

void field_range(struct error *error, const char *path, const Maskline__V1__TimeRange *range,
                 struct time_range *ret_range)
{
    if (!range || (!range->start_time && !range->end_time))
        return;
    char name[64];
    int64_t from = 1;
    int64_t to = INT64_MAX;
    snprintf(name, sizeof name, "%s.start_time", path);
    field_time(error, name, range->start_time, &from);
    snprintf(name, sizeof name, "%s.end_time", path);
    field_time(error, name, range->end_time, &to);
    if (to < from && range->start_time) {
        error_field(error, name, "It lies before start_time.");
        return;
    }
    ret_range->from = at_least_1(from);
    ret_range->to = range->end_time ? at_least_1(to) : 0;
}

void field_text(struct error *error, const char *path, const char *text, size_t least, size_t most)
{
    size_t length = utf8_length(text);
    if (length < least)
        error_field(error, path, "It is needed.");
    else if (length > most)
        error_field(error, path, "It has %zu characters; at most %zu are taken.", length, most);
}

void field_media(struct error *error, Maskline__V1__Media *const *media, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char path[48];
        const char *fault;
        snprintf(path, sizeof path, "media[%zu].url", i);
        field_text(error, path, media[i]->url, 1, URL_MOST);
        fault = *media[i]->url ? media_url_fault(media[i]->url) : NULL;
        if (fault)
            error_field(error, path, "%s", fault);
        snprintf(path, sizeof path, "media[%zu].content_type", i);
        field_text(error, path, media[i]->content_type, 0, CONTENT_TYPE_MOST);
        fault = media_type_fault(media[i]->content_type);
        if (fault)
            error_field(error, path, "%s", fault);
    }
}

void field_page(struct error *error, int32_t size, const char *token, struct page *ret_page)
{
    if (size < 0) {
        error_field(error, "page_size", "It must not be negative.");
        return;
    }
    *ret_page =
        (struct page){.size = (uint32_t)(size > PAGE_MOST ? PAGE_MOST : size), .token = token};
}
