#include "server/masking/rows/requests.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"
#include "server/masking/log.h"

#include <string.h>

static void request_key(const struct rows *rows, const struct request_id *request,
                        uint8_t ret_hash[HASH_SIZE])
{
    const struct bytes pieces[] = {
        {"request", 7},
        {request->method, MUTANT("request_of_any_method") ? 0 : strlen(request->method)},
        {request->id, strlen(request->id)},
    };
    key_hash(rows->hash_key, pieces, 3, ret_hash);
}

bool request_given(const struct request_id *request)
{
    return request->id && *request->id;
}

/* The row that tells of the request; *ret_mark stays NULL when it is new. */
static bool find_mark(struct rows *rows, enum kv_family family, const struct key *key,
                      const struct request_id *request, Maskline__Store__V1__RequestMark **ret_mark,
                      struct error *error)
{
    struct kv_value value;
    enum kv_found found = rows_get(rows, family, key, &value, error);
    if (found != KV_FOUND || MUTANT("request_repeat_is_new"))
        return found != KV_FAILED;
    Maskline__Store__V1__RequestMark *mark =
        rows_record(rows, &maskline__store__v1__request_mark__descriptor, value.bytes, error);
    if (!mark)
        return false;
    bool same = mark->body_hash.len == sizeof request->body_hash &&
                !memcmp(mark->body_hash.data, request->body_hash, sizeof request->body_hash);
    if (!same && !MUTANT("request_with_any_body"))
        return refuse(error, REFUSED_REQUEST_ID_REUSED);
    *ret_mark = mark;
    return true;
}

bool request_seen(struct rows *rows, const uint8_t *service, const struct request_id *request,
                  uint64_t *ret_position, struct error *error)
{
    Maskline__Store__V1__RequestMark *mark = NULL;
    if (request_given(request)) {
        uint8_t hash[HASH_SIZE];
        request_key(rows, request, hash);
        struct key key = key_request(rows->tenant, service, hash);
        if (!find_mark(rows, KV_LIVE, &key, request, &mark, error))
            return false;
    }
    *ret_position = mark ? mark->position : 0;
    return true;
}

bool request_seen_service(struct rows *rows, const struct request_id *request, bool *ret_seen,
                          sid_bytes ret_service, struct error *error)
{
    Maskline__Store__V1__RequestMark *mark = NULL;
    if (request_given(request)) {
        uint8_t hash[HASH_SIZE];
        request_key(rows, request, hash);
        struct key key = key_service_request(
            MUTANT("request_of_any_tenant") ? TENANT_DEFAULT : rows->tenant, hash);
        if (!find_mark(rows, KV_META, &key, request, &mark, error))
            return false;
    }
    *ret_seen = mark;
    if (!mark)
        return true;
    if (mark->service.len != SID_BYTES)
        return refuse(error, REFUSED_RECORD_UNREADABLE);
    memcpy(ret_service, mark->service.data, SID_BYTES);
    return true;
}

Maskline__Store__V1__RequestId *request_mark(struct rows *rows, const struct request_id *request)
{
    if (!request_given(request))
        return NULL;
    Maskline__Store__V1__RequestId *mark = arena_alloc(rows->arena, sizeof *mark);
    uint8_t *hash = arena_alloc(rows->arena, HASH_SIZE);
    if (!mark || !hash)
        return NULL;
    maskline__store__v1__request_id__init(mark);
    request_key(rows, request, hash);
    mark->key = (ProtobufCBinaryData){HASH_SIZE, hash};
    mark->body_hash.data = arena_copy(rows->arena, request->body_hash, sizeof request->body_hash);
    mark->body_hash.len = sizeof request->body_hash;
    return mark->body_hash.data ? mark : NULL;
}

bool request_answer(struct rows *rows, const uint8_t *service, uint64_t position,
                    Maskline__Store__V1__Entry **ret_entry, struct error *error)
{
    struct log_id log = key_log(rows->tenant, service);
    struct key key = key_log_entry(&log, position);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LOG, &key, &value, error);
    if (found == KV_ABSENT)
        refuse(error, REFUSED_REQUEST_ANSWER_GONE);
    return found == KV_FOUND && log_entry_read(value.bytes, rows->arena, ret_entry, error);
}
