/*
 * The form of requests: times, durations, ranges, masks, pages, media, enums. What passes keeps the promises that the domain builds on; what
 * does not is told with the field's name.
 *
 * Input: which message, the bytes.
 */
#include "google/protobuf/field_mask.pb-c.h"
#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/clock.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_check.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>
#include <strings.h>

enum { MEMORY = 4 * 1024 * 1024, UNTOUCHED = 12345 };

static const ProtobufCMessageDescriptor *const kinds[] = {
    &google__protobuf__timestamp__descriptor,
    &google__protobuf__duration__descriptor,
    &maskline__v1__time_range__descriptor,
    &google__protobuf__field_mask__descriptor,
    &maskline__v1__send_message_request__descriptor,
    &maskline__v1__list_sessions_request__descriptor,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void check_refusal(const struct error *error)
{
    if (error->code == STATUS_OK)
        return;
    must(error->code == STATUS_INVALID_ARGUMENT && error->field_count > 0, "%d: %s",
         (int)error->code, error->message);
    for (unsigned i = 0; i < error->field_count; i++) {
        const char *text = error->fields[i].description;
        must(*error->fields[i].name && *text && utf8_valid((const uint8_t *)text, strlen(text)),
             "field '%s': '%s'", error->fields[i].name, text);
    }
}

static void check_time(const Google__Protobuf__Timestamp *time, struct error *error)
{
    int64_t us = UNTOUCHED, end = UNTOUCHED, again_us;
    field_time(error, "time", time, &us);
    field_expire_time(error, time, &end);
    if (error->code != STATUS_OK) {
        must(us == UNTOUCHED, "a bad time is left out");
        return;
    }
    Google__Protobuf__Timestamp again;
    must(end > 0, "an expire time is never the 0 that means none");
    must(timestamp_set(&again, us) && timestamp_to_us(&again, &again_us) && again_us == us,
         "%lld us do not stay as they are", (long long)us);
    must(again.seconds == time->seconds && again.nanos == time->nanos / 1000 * 1000,
         "%lld.%09d became %lld.%09d", (long long)time->seconds, (int)time->nanos,
         (long long)again.seconds, (int)again.nanos);
}

static void check_duration(const Google__Protobuf__Duration *duration, struct error *error)
{
    int64_t us = UNTOUCHED, again_us;
    Google__Protobuf__Duration again;
    field_duration(error, "ttl", duration, &us);
    must(error->code == STATUS_OK || us == UNTOUCHED, "a bad duration is left out");
    if (error->code == STATUS_OK)
        must(us >= 0 && duration_set(&again, us) && again.seconds == duration->seconds &&
                 again.nanos == duration->nanos / 1000 * 1000,
             "%lld us", (long long)us);
    if (duration_to_us(duration, &us))
        must(duration_set(&again, us) && duration_to_us(&again, &again_us) && us == again_us,
             "%lld us do not stay as they are", (long long)us);
}

static void check_range(const Maskline__V1__TimeRange *given, struct error *error)
{
    struct time_range range = {0, 0};
    field_range(error, "filter.create_time", given, &range);
    must(error->code != STATUS_OK || range.to == 0 || range.from <= range.to, "%lld to %lld",
         (long long)range.from, (long long)range.to);
    must(error->code != STATUS_OK || (range.from >= 0 && range.to >= 0), "from before 1970");
}

static void check_mask(const Google__Protobuf__FieldMask *mask, struct error *error)
{
    static const struct mask_path table[] = {
        {"unique_name", 1}, {"ttl", 2}, {"settings.ttl", 4}, {"settings.cool_down", 8}, {NULL, 0}};
    uint64_t changes = mask_changes(error, mask, table);
    must(!(changes & ~UINT64_C(15)), "%llx", (unsigned long long)changes);
    for (size_t i = 0; i < mask->n_paths; i++) {
        bool known = !strcmp(mask->paths[i], "settings");
        must(!known || (changes & 12) == 12, "a message stands for all its fields");
        for (size_t k = 0; table[k].path; k++)
            if (!strcmp(table[k].path, mask->paths[i])) {
                known = true;
                must((changes & table[k].changes) == table[k].changes, "%s counts", mask->paths[i]);
            }
        must(known || error->field_count > 0, "'%s' is refused", mask->paths[i]);
    }
    must(mask_given(mask) == (mask->n_paths > 0), "a mask is given by its paths");
}

static void check_media(const Maskline__V1__SendMessageRequest *request, struct error *error)
{
    field_text(error, "body", request->body, 0, 1600);
    field_media(error, request->media, request->n_media);
    if (error->code != STATUS_OK)
        return;
    must(utf8_length(request->body) <= 1600, "a body of %zu", utf8_length(request->body));
    for (size_t i = 0; i < request->n_media; i++) {
        const char *url = request->media[i]->url;
        must(utf8_length(url) <= 2048 && strncasecmp(url, "http", 4) == 0, "'%s' passes", url);
        must(strstr(url, "://") && !strpbrk(url, " \r\n"), "'%s' passes", url);
        must(strcspn(strstr(url, "://") + 3, "/?#") > 0, "'%s' names no host", url);
    }
}

static void check_page(const Maskline__V1__ListSessionsRequest *request, struct error *error)
{
    struct page page = {0, NULL};
    field_page(error, request->page_size, request->page_token, &page);
    must(error->code != STATUS_OK || page.size <= 1000, "%u rows", (unsigned)page.size);
    if (request->filter) {
        uint32_t statuses = 0;
        field_enums(error, "filter.statuses", &maskline__v1__session_status__descriptor,
                    (const int *)request->filter->statuses, request->filter->n_statuses, &statuses);
        must(!(statuses & 1), "nobody looks for UNSPECIFIED");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    const ProtobufCMessageDescriptor *kind = kinds[feed_byte(&feed) % KINDS];
    size_t count;
    uint8_t *bytes = feed_rest(&feed, &count);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(MEMORY);
    ProtobufCMessage *message;
    struct error error;
    if (!arena)
        abort();
    if (message_unpack(kind, bytes, count, NULL, arena, &message, &error)) {
        const void *request = message;
        error_clear(&error);
        if (kind == kinds[0])
            check_time(request, &error);
        else if (kind == kinds[1])
            check_duration(request, &error);
        else if (kind == kinds[2])
            check_range(request, &error);
        else if (kind == kinds[3])
            check_mask(request, &error);
        else if (kind == kinds[4])
            check_media(request, &error);
        else
            check_page(request, &error);
        check_refusal(&error);
    }
    free(bytes);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const char *const words[] = {
        "unique_name", "ttl",      "settings",        "settings.ttl", "settings.cool_down",
        "*",           "http://a", "https://b/c.png", "HTTP://",      "image/png",
        NULL};
    return message_mutate_one_of(kinds, KINDS, data, size, most, seed, words);
}
