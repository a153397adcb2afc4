/*
 * Errors as google.rpc.Status, and back.
 */
#include "proto/c/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/clock.h"
#include "proto/c/wire_check.h"

#define DOMAIN        "maskline"
#define ORIGINAL_CODE "original_code"
#define TYPE_URL      "type.googleapis.com/"

enum { DETAILS = 3, SCRATCH_BYTES = 256 * 1024 };

/* How much of the error goes into the status. */
struct extent {
    unsigned descriptions; /* of the first so many fields */
    unsigned metadata;
    unsigned fields;
    bool retry;
    bool message; /* it is the text of the gRPC status, too */
    bool info;
};

/* Leaves out one thing more, the least needed first. False when nothing is left. */
static bool shrink(struct extent *extent)
{
    if (extent->descriptions)
        extent->descriptions--;
    else if (extent->metadata)
        extent->metadata--;
    else if (extent->fields)
        extent->fields--;
    else if (extent->retry)
        extent->retry = false;
    else if (extent->message)
        extent->message = false;
    else if (extent->info)
        extent->info = false;
    else
        return false;
    return true;
}

/* protobuf-c's messages have no const texts; packing does not write to them. */
static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool add_detail(struct arena *arena, Google__Rpc__Status *status,
                       const ProtobufCMessage *detail)
{
    Google__Protobuf__Any *any = arena_alloc(arena, sizeof(*any));
    size_t size = protobuf_c_message_get_packed_size(detail);
    uint8_t *value = arena_alloc(arena, size);
    char *url = arena_printf(arena, TYPE_URL "%s", detail->descriptor->name);
    if (!any || !value || !url)
        return false;
    protobuf_c_message_pack(detail, value);
    google__protobuf__any__init(any);
    any->type_url = url;
    any->value = (ProtobufCBinaryData){.len = size, .data = value};
    status->details[status->n_details++] = any;
    return true;
}

static bool add_pair(struct arena *arena, Google__Rpc__ErrorInfo *info, const char *key,
                     const char *value)
{
    Google__Rpc__ErrorInfo__MetadataEntry *entry = arena_alloc(arena, sizeof(*entry));
    if (!entry)
        return false;
    google__rpc__error_info__metadata_entry__init(entry);
    entry->key = unconst(key);
    entry->value = unconst(value);
    info->metadata[info->n_metadata++] = entry;
    return true;
}

static bool add_info(struct arena *arena, const struct error *error, unsigned pairs,
                     Google__Rpc__Status *status)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = unconst(error->reason);
    info.domain = unconst(DOMAIN);
    info.metadata = arena_array(arena, pairs + 1, sizeof(*info.metadata));
    if (!info.metadata)
        return false;
    if (error->original) {
        char *number = arena_printf(arena, "%d", (int)error->original);
        if (!number || !add_pair(arena, &info, ORIGINAL_CODE, number))
            return false;
    }
    for (unsigned i = 0; i < pairs; i++) {
        if (!add_pair(arena, &info, error->metadata[i].key, error->metadata[i].value))
            return false;
    }
    return add_detail(arena, status, &info.base);
}

static bool add_fields(struct arena *arena, const struct error *error, const struct extent *extent,
                       Google__Rpc__Status *status)
{
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    bad.field_violations = arena_array(arena, extent->fields, sizeof(*bad.field_violations));
    if (!bad.field_violations)
        return false;
    for (unsigned i = 0; i < extent->fields; i++) {
        Google__Rpc__BadRequest__FieldViolation *violation = arena_alloc(arena, sizeof(*violation));
        if (!violation)
            return false;
        google__rpc__bad_request__field_violation__init(violation);
        violation->field = unconst(error->fields[i].name);
        if (i < extent->descriptions)
            violation->description = unconst(error->fields[i].description);
        bad.field_violations[bad.n_field_violations++] = violation;
    }
    return add_detail(arena, status, &bad.base);
}

static bool add_retry(struct arena *arena, int64_t retry_ms, Google__Rpc__Status *status)
{
    Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
    const int64_t most = DURATION_US_MAX / 1000;
    retry.retry_delay = duration_new(arena, (retry_ms < most ? retry_ms : most) * 1000);
    return retry.retry_delay && add_detail(arena, status, &retry.base);
}

static Google__Rpc__Status *make_status(struct arena *arena, const struct error *error,
                                        const struct extent *extent)
{
    Google__Rpc__Status *status = arena_alloc(arena, sizeof(*status));
    if (!status)
        return NULL;
    google__rpc__status__init(status);
    status->code = (int32_t)error->code;
    if (extent->message)
        status->message = unconst(error->message);
    status->details = arena_array(arena, DETAILS, sizeof(*status->details));
    if (!status->details || (extent->info && !add_info(arena, error, extent->metadata, status)) ||
        (extent->fields && !add_fields(arena, error, extent, status)) ||
        (extent->retry && !add_retry(arena, error->retry_ms, status)))
        return NULL;
    return status;
}

static bool pack_status(const Google__Rpc__Status *status, size_t size, struct arena *arena,
                        ProtobufCBinaryData *ret_status)
{
    uint8_t *bytes = arena_alloc(arena, size);
    if (!bytes)
        return false;
    protobuf_c_message_pack(&status->base, bytes);
    *ret_status = (ProtobufCBinaryData){.len = size, .data = bytes};
    return true;
}

bool error_pack(const struct error *error, struct arena *arena, size_t bound,
                ProtobufCBinaryData *ret_status)
{
    __attribute__((cleanup(arena_done))) struct arena *scratch = arena_new(SCRATCH_BYTES);
    if (!scratch)
        return false;
    struct extent extent = {
        .descriptions = error->field_count,
        .metadata = error->metadata_count,
        .fields = error->field_count,
        .retry = error->retry_ms >= 0,
        .message = true,
        .info = error->reason[0] || error->original || error->metadata_count,
    };
    do {
        arena_reset(scratch);
        const Google__Rpc__Status *status = make_status(scratch, error, &extent);
        if (!status)
            return false;
        size_t size = protobuf_c_message_get_packed_size(&status->base);
        if (size <= bound)
            return pack_status(status, size, arena, ret_status);
    } while (shrink(&extent));
    /* Not even the code fits: a status that says nothing. */
    *ret_status = (ProtobufCBinaryData){.len = 0, .data = NULL};
    return true;
}

/* The status's first detail of this type, unpacked, or NULL. What is no such message is passed over. */
static ProtobufCMessage *find_detail(struct arena *arena, const Google__Rpc__Status *status,
                                     const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        const char *slash = strrchr(any->type_url, '/');
        ProtobufCMessage *detail;
        struct error ignored;
        if (slash && strcmp(slash + 1, descriptor->name) == 0 &&
            message_unpack(descriptor, any->value.data, any->value.len, NULL, arena, &detail,
                           &ignored))
            return detail;
    }
    return NULL;
}

static int32_t read_original(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    bool sound =
        end != text && *end == '\0' && errno == 0 && number >= INT32_MIN && number <= INT32_MAX;
    return sound ? (int32_t)number : 0;
}

static void read_info(const Google__Rpc__ErrorInfo *info, struct error *error)
{
    for (size_t i = 0; i < info->n_metadata; i++) {
        const Google__Rpc__ErrorInfo__MetadataEntry *entry = info->metadata[i];
        if (strcmp(entry->key, ORIGINAL_CODE) == 0)
            error->original = read_original(entry->value);
        else
            error_metadata(error, entry->key, "%s", entry->value);
    }
}

static void read_details(struct arena *arena, const Google__Rpc__Status *status,
                         const Google__Rpc__ErrorInfo *info, struct error *error)
{
    if (info)
        read_info(info, error);
    const Google__Rpc__BadRequest *bad = (const Google__Rpc__BadRequest *)find_detail(
        arena, status, &google__rpc__bad_request__descriptor);
    for (size_t i = 0; bad && i < bad->n_field_violations; i++)
        error_field(error, bad->field_violations[i]->field, "%s",
                    bad->field_violations[i]->description);
    const Google__Rpc__RetryInfo *retry = (const Google__Rpc__RetryInfo *)find_detail(
        arena, status, &google__rpc__retry_info__descriptor);
    int64_t us;
    if (retry && duration_to_us(retry->retry_delay, &us) && us >= 0)
        error->retry_ms = (us + 999) / 1000;
}

bool error_unpack(const uint8_t *bytes, size_t size, struct error *ret_error)
{
    __attribute__((cleanup(arena_done))) struct arena *scratch = arena_new(SCRATCH_BYTES);
    ProtobufCMessage *message;
    struct error ignored;
    if (!scratch || !message_unpack(&google__rpc__status__descriptor, bytes, size, NULL, scratch,
                                    &message, &ignored))
        return false;
    const Google__Rpc__Status *status = (const Google__Rpc__Status *)message;
    bool known = status->code >= 0 && status->code <= STATUS_UNAUTHENTICATED;
    enum status_code code = known ? (enum status_code)status->code : STATUS_UNKNOWN;
    const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)find_detail(
        scratch, status, &google__rpc__error_info__descriptor);
    if (info && strcmp(info->domain, DOMAIN) != 0)
        info = NULL;
    error_set(ret_error, code, info ? info->reason : "", 0, "%s", status->message);
    if (code != STATUS_OK)
        read_details(scratch, status, info, ret_error);
    return true;
}
