/*
 * What a client reads from grpc-status-details-bin: any bytes give an error with whole texts, or none; and what was read, packed and read
 * again, is the same, within any bound.
 *
 * Input: a bound, the bytes.
 */
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/error.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_check.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>

enum { MEMORY = 1024 * 1024, HEAD = 2, DETAIL_MOST = 8192 };

static void check_text(const char *text, size_t room, const char *what)
{
    size_t size = strnlen(text, room);
    must(size < room, "%s has an end", what);
    must(utf8_valid((const uint8_t *)text, size), "%s is UTF-8", what);
}

static void check_error(const struct error *error)
{
    must(error->code >= STATUS_OK && error->code <= STATUS_UNAUTHENTICATED, "%d", (int)error->code);
    check_text(error->reason, sizeof error->reason, "the reason");
    check_text(error->message, sizeof error->message, "the message");
    must(error->field_count <= ERROR_FIELDS && error->metadata_count <= ERROR_METADATA, "counts");
    must(error->retry_ms >= -1, "a time to wait of %lld ms", (long long)error->retry_ms);
    for (unsigned i = 0; i < error->field_count; i++) {
        check_text(error->fields[i].name, sizeof error->fields[i].name, "a field");
        check_text(error->fields[i].description, sizeof error->fields[i].description, "its text");
    }
    for (unsigned i = 0; i < error->metadata_count; i++) {
        check_text(error->metadata[i].key, sizeof error->metadata[i].key, "a key");
        check_text(error->metadata[i].value, sizeof error->metadata[i].value, "a value");
    }
}

static void check_same(const struct error *a, const struct error *b)
{
    must(a->code == b->code && !strcmp(a->message, b->message) && !strcmp(a->reason, b->reason),
         "%d %s '%s' became %d %s '%s'", (int)a->code, a->reason, a->message, (int)b->code,
         b->reason, b->message);
    must(a->original == b->original && a->field_count == b->field_count, "%d and %d",
         (int)a->original, (int)b->original);
    must(a->metadata_count == b->metadata_count, "%u and %u pairs", a->metadata_count,
         b->metadata_count);
    must(a->retry_ms == b->retry_ms, "%lld and %lld ms", (long long)a->retry_ms,
         (long long)b->retry_ms);
    for (unsigned i = 0; i < a->field_count; i++)
        must(!strcmp(a->fields[i].name, b->fields[i].name) &&
                 !strcmp(a->fields[i].description, b->fields[i].description),
             "field %u", i);
    for (unsigned i = 0; i < a->metadata_count; i++)
        must(!strcmp(a->metadata[i].key, b->metadata[i].key) &&
                 !strcmp(a->metadata[i].value, b->metadata[i].value),
             "pair %u", i);
}

static void pack(const struct error *error, size_t bound, struct error *ret_again)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(MEMORY);
    ProtobufCBinaryData packed;
    if (!arena)
        abort();
    must(error_pack(error, arena, bound, &packed), "it can be packed");
    must(packed.len <= bound, "%zu bytes of %zu", packed.len, bound);
    must(error_unpack(packed.data, packed.len, ret_again), "what was packed can be read");
    check_error(ret_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    size_t bound = (size_t)feed_number(&feed, HEAD), count;
    uint8_t *bytes = feed_rest(&feed, &count);
    static struct error error, again;
    error.code = (enum status_code)99;
    if (error_unpack(bytes, count, &error)) {
        check_error(&error);
        pack(&error, bound, &again);
        must(bound < 8 || again.code == error.code, "the code is the last that is left out");
        pack(&error, MEMORY, &again);
        if (error.code != STATUS_OK)
            check_same(&error, &again);
    } else {
        must(error.code == (enum status_code)99, "an error that could not be read is left alone");
    }
    free(bytes);
    return 0;
}

/* Details are messages in bytes, so they are mutated one by one. */
static size_t mutate_detail(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const struct {
        const char *url;
        const ProtobufCMessageDescriptor *kind;
    } details[] = {
        {"type.googleapis.com/google.rpc.ErrorInfo", &google__rpc__error_info__descriptor},
        {"type.googleapis.com/google.rpc.BadRequest", &google__rpc__bad_request__descriptor},
        {"type.googleapis.com/google.rpc.RetryInfo", &google__rpc__retry_info__descriptor},
    };
    static const char *const words[] = {"maskline", "original_code",     "80701",
                                        "-1",       "UNIQUE_NAME_TAKEN", NULL};
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(8 * MEMORY);
    struct chance chance = {seed};
    ProtobufCMessage *message;
    struct error error;
    if (!arena || !message_unpack(&google__rpc__status__descriptor, data, size, NULL, arena,
                                  &message, &error))
        return LLVMFuzzerMutate(data, size, most);
    Google__Rpc__Status *status = (Google__Rpc__Status *)(void *)message;
    if (!status->n_details)
        return size;
    Google__Protobuf__Any *any = status->details[chance_below(&chance, status->n_details)];
    size_t which = chance_below(&chance, 3);
    uint8_t *bytes = arena_alloc(arena, DETAIL_MOST);
    if (!bytes || any->value.len > DETAIL_MOST)
        return size;
    for (size_t i = 0; i < 3; i++)
        if (!strcmp(any->type_url, details[i].url))
            which = i;
    if (any->value.len)
        memcpy(bytes, any->value.data, any->value.len);
    any->type_url = (char *)(uintptr_t)details[which].url;
    any->value.len =
        message_mutate(details[which].kind, bytes, any->value.len, DETAIL_MOST, seed, words);
    any->value.data = bytes;
    if (protobuf_c_message_get_packed_size(message) > most)
        return size;
    return protobuf_c_message_pack(message, data);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    if (size <= HEAD || most <= 2 * HEAD || seed % 8 == 0)
        return LLVMFuzzerMutate(data, size, most);
    if (seed % 8 < 4)
        return HEAD + message_mutate(&google__rpc__status__descriptor, data + HEAD, size - HEAD,
                                     most - HEAD, seed, NULL);
    return HEAD + mutate_detail(data + HEAD, size - HEAD, most - HEAD, seed);
}
