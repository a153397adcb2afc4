#include "tests/fuzz/api_calls.h"

#include "proto/c/sid.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_check.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <ctype.h>
#include <string.h>

/* As the server has them; an answer is at most what clients take by default. */
enum {
    CALL_MEMORY = 16 * 1024 * 1024,
    ELEMENTS = 100000,
    ANSWER_MOST = 4 * 1024 * 1024,
    PULL_MOST = 200
};

static const char *const kinds[SID_KINDS] = {"KS", "KC", "KP", "KI", "PN", "SC"};

/* ---- placeholders ---- */

static const char *fill_sid(const struct api_calls *calls, const char *text)
{
    for (size_t k = 0; k < SID_KINDS; k++)
        if (!strncmp(text + 1, kinds[k], 2) && isdigit((unsigned char)text[3]) &&
            calls->sids[k].count)
            return calls->sids[k].texts[(size_t)strtoul(text + 3, NULL, 10) % calls->sids[k].count];
    return text;
}

const char *api_fill(struct api_calls *calls, const char *text)
{
    if (text[0] != '@')
        return text;
    if (!strcmp(text, "@T"))
        return calls->token;
    if (!strcmp(text, "@O"))
        return calls->key;
    if (!strcmp(text, "@S")) {
        snprintf(calls->place, sizeof calls->place, "shop-%u", calls->number);
        return calls->place;
    }
    if ((text[1] == 'P' || text[1] == 'N') && isdigit((unsigned char)text[2]) && !text[3]) {
        snprintf(calls->place, sizeof calls->place, "+1555%03u%d00%c", calls->number % 1000,
                 text[1] == 'P' ? 1 : 2, text[2]);
        return calls->place;
    }
    if (text[1] == 'X' && isdigit((unsigned char)text[2]) && !text[3]) {
        snprintf(calls->place, sizeof calls->place, "+1555%03u100%cx", calls->number % 1000,
                 text[2]);
        return calls->place;
    }
    if (text[1] && strchr("CVW", text[1]) && isdigit((unsigned char)text[2]) && !text[3]) {
        if (text[1] == 'C')
            snprintf(calls->place, sizeof calls->place, "7%03u%c", calls->number % 1000, text[2]);
        else
            snprintf(calls->place, sizeof calls->place, "whatsapp:+1555%03u%d00%c",
                     calls->number % 1000, text[1] == 'V' ? 1 : 3, text[2]);
        return calls->place;
    }
    return fill_sid(calls, text);
}

static bool tells(struct api_calls *calls, const char *text, unsigned person)
{
    const char name[] = {'@', 'P', (char)('0' + person), '\0'};
    return strstr(text, api_fill(calls, name));
}

bool api_tells_person(struct api_calls *calls, const char *text)
{
    for (unsigned i = 0; i < PEOPLE; i++)
        if (!calls->pooled[i] && tells(calls, text, i))
            return true;
    return false;
}

struct filling {
    struct api_calls *calls;
    struct arena *arena;
};

static bool fill_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    const struct filling *filling = data;
    (void)field;
    const char *filled = api_fill(filling->calls, *text);
    if (filled != *text)
        *text = arena_string(filling->arena, filled);
    return *text != NULL;
}

/* ---- what answers tell ---- */

static void see_sid(struct seen *seen, const char *text)
{
    for (size_t i = 0; i < seen->count; i++)
        if (!strcmp(seen->texts[i], text))
            return;
    if (seen->count < SEEN_MOST)
        memcpy(seen->texts[seen->count++], text, SID_LENGTH + 1);
}

/* Cut short it may be no UTF-8 any more, and no call gets that past its check. */
static void see_whole(char *ret_text, size_t size, const char *text)
{
    if (*text && strlen(text) < size)
        memcpy(ret_text, text, strlen(text) + 1);
}

static bool see_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    struct api_calls *calls = data;
    uint8_t sid[SID_BYTES];
    for (size_t k = 0; k < SID_KINDS; k++)
        if (sid_parse(kinds[k], *text, sid))
            see_sid(&calls->sids[k], *text);
    if (!strcmp(field->name, "next_page_token"))
        see_whole(calls->token, sizeof calls->token, *text);
    if (!strcmp(field->name, "key"))
        see_whole(calls->key, sizeof calls->key, *text);
    return true;
}

static void check_answer(struct api_calls *calls, const struct grpc_c_method *method,
                         const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(4 * CALL_MEMORY);
    ProtobufCMessage *answer;
    struct error error;
    if (!arena)
        abort();
    must(size <= ANSWER_MOST, "%s answers with %zu bytes", method->path, size);
    must(message_unpack(method->response, bytes, size, NULL, arena, &answer, &error),
         "%s answers with what is no %s: %s", method->path, method->response->name, error.message);
    if (!calls->asks)
        message_visit(answer, &(struct message_visitor){.data = calls, .text = see_text});
    if (!calls->asks && calls->answered)
        calls->answered(method->path);
    arena_free(arena);
}

static bool is_reason(const char *text)
{
    if (!isupper((unsigned char)*text))
        return false;
    for (; *text; text++)
        if (!isupper((unsigned char)*text) && !isdigit((unsigned char)*text) && *text != '_')
            return false;
    return true;
}

/* Whose number it is knows who called; what a refusal says goes into logs, and to people. */
static void must_not_tell(struct api_calls *calls, const char *path, const char *text)
{
    must(!api_tells_person(calls, text), "%s is refused with a person's number: %s", path, text);
}

static void check_told(struct api_calls *calls, const char *path, const struct error *error)
{
    must_not_tell(calls, path, error->message);
    for (unsigned i = 0; i < error->field_count; i++) {
        must_not_tell(calls, path, error->fields[i].name);
        must_not_tell(calls, path, error->fields[i].description);
    }
    for (unsigned i = 0; i < error->metadata_count; i++)
        must_not_tell(calls, path, error->metadata[i].value);
}

static void check_refusal(struct api_calls *calls, const char *path, const struct error *error)
{
    check_told(calls, path, error);
    switch (error->code) {
    case STATUS_INVALID_ARGUMENT:
    case STATUS_NOT_FOUND:
    case STATUS_ALREADY_EXISTS:
    case STATUS_RESOURCE_EXHAUSTED:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_OUT_OF_RANGE:
    case STATUS_ABORTED:
        break;
    case STATUS_UNAVAILABLE:
        must(strstr(path, "/PlaceCall") && !strcmp(error->reason, "CARRIER_UNAVAILABLE"),
             "%s is UNAVAILABLE: %s", path, error->reason);
        break;
    case STATUS_UNIMPLEMENTED:
        must(!calls->simulated && strstr(path, ".Simulator/"), "%s is UNIMPLEMENTED", path);
        break;
    default:
        must(false, "%s ends with %s %s: %s", path, status_code_name(error->code), error->reason,
             error->message);
    }
    must(is_reason(error->reason), "%s gives the reason '%s'", path, error->reason);
    must(*error->message && utf8_valid((const uint8_t *)error->message, strlen(error->message)),
         "%s says '%s'", path, error->message);
    struct arena *arena = arena_new(CALL_MEMORY);
    ProtobufCBinaryData details;
    struct error again;
    if (!arena)
        abort();
    must(error_pack(error, arena, 8192, &details) &&
             error_unpack(details.data, details.len, &again),
         "%s: its details can be read", path);
    must(again.code == error->code && !strcmp(again.reason, error->reason),
         "%s: its details say %s", path, again.reason);
    arena_free(arena);
}

/* ---- streams ---- */

struct taking {
    struct api_calls *calls;
    const struct grpc_c_method *method;
};

static void take(void *data, const uint8_t *bytes, size_t size)
{
    const struct taking *taking = data;
    check_answer(taking->calls, taking->method, bytes, size);
}

static void end(struct api_calls *calls, const struct grpc_c_method *method,
                struct grpc_c_call *call, bool gone)
{
    struct error error;
    const uint8_t *bytes;
    size_t size;
    if (!gone && fake_call_outcome(call, &error, &bytes, &size) != STATUS_OK)
        check_refusal(calls, method->path, &error);
    fake_call_end(call);
}

static void pull(struct api_calls *calls, struct grpc_c_call **stream, const char *name)
{
    if (!*stream)
        return;
    const struct grpc_c_method *method = name ? api_method(calls, name)->method : NULL;
    struct taking taking = {calls, method};
    fake_call_pull(*stream, PULL_MOST, take, &taking);
    if (fake_call_open(*stream))
        return;
    end(calls, method, *stream, false);
    *stream = NULL;
}

/* Conversations: one of each at a time. */
static const char *const talk_names[TALKS] = {"Attach", "BatchSessions"};

/* Which method a kept stream is of: there are two. */
static const char *stream_name(size_t place)
{
    return place < STREAMS_MOST / 2 ? "StreamEvents" : "WatchHandset";
}

void api_pull(struct api_calls *calls)
{
    api_world_run(calls->world);
    for (size_t i = 0; i < STREAMS_MOST; i++)
        pull(calls, &calls->streams[i], stream_name(i));
    for (size_t i = 0; i < TALKS; i++)
        pull(calls, &calls->talks[i], talk_names[i]);
}

void api_end(struct api_calls *calls)
{
    for (size_t i = 0; i < STREAMS_MOST; i++) {
        if (calls->streams[i])
            end(calls, NULL, calls->streams[i], true);
        calls->streams[i] = NULL;
    }
    for (size_t i = 0; i < TALKS; i++) {
        if (calls->talks[i])
            end(calls, NULL, calls->talks[i], true);
        calls->talks[i] = NULL;
    }
}

static void keep_stream(struct api_calls *calls, const struct fake_method *method,
                        struct grpc_c_call *call)
{
    size_t first = strstr(method->method->path, "StreamEvents") ? 0 : STREAMS_MOST / 2;
    size_t place = first;
    while (place < first + STREAMS_MOST / 2 - 1 && calls->streams[place])
        place++;
    if (calls->streams[place])
        end(calls, NULL, calls->streams[place], true);
    calls->streams[place] = call;
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(CALL_MEMORY);
    if (!arena)
        abort();
    return arena;
}

/* The program's next message, on a stream that is opened when there is none. */
static void talk(struct api_calls *calls, const struct fake_method *method,
                 const ProtobufCMessage *message)
{
    size_t place = 0;
    while (strcmp(strrchr(method->method->path, '/') + 1, talk_names[place]) != 0)
        must(++place < TALKS, "%s: say here that it is a conversation", method->method->path);
    if (!calls->talks[place]) {
        struct grpc_c_call *call =
            fake_call(api_world_server(calls->world), method, NULL, new_arena());
        if (!fake_call_open(call)) {
            end(calls, method->method, call, false);
            return;
        }
        calls->talks[place] = call;
    }
    fake_call_give(calls->talks[place], message);
}

/* ---- calls ---- */

const struct fake_method *api_method(const struct api_calls *calls, const char *name)
{
    size_t count;
    const struct fake_method *methods = fake_server_methods(api_world_server(calls->world), &count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(strrchr(methods[i].method->path, '/') + 1, name))
            return &methods[i];
    return NULL;
}

static enum status_code finish(struct api_calls *calls, const struct grpc_c_method *method,
                               struct grpc_c_call *call, uint8_t **ret_bytes, size_t *ret_size)
{
    struct error error;
    const uint8_t *bytes;
    size_t size;
    enum status_code code = fake_call_outcome(call, &error, &bytes, &size);
    if (code != STATUS_OK) {
        check_refusal(calls, method->path, &error);
    } else if (bytes) {
        check_answer(calls, method, bytes, size);
        uint8_t *kept = malloc(size ? size : 1);
        if (!kept)
            abort();
        memcpy(kept, bytes, size);
        *ret_bytes = kept;
        *ret_size = size;
    }
    fake_call_end(call);
    return code;
}

/* Fields of such a name say what is a Service's own. */
static bool is_own(const char *field)
{
    return !strcmp(field, "phone_number") || !strcmp(field, "address") ||
           !strcmp(field, "proxy_identifier");
}

/* People whose numbers are said to be a Service's own; a handset has a phone_number, too. */
static bool pool_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    struct api_calls *calls = data;
    if (is_own(field->name))
        for (unsigned i = 0; i < PEOPLE; i++)
            calls->pooled[i] |= tells(calls, *text, i);
    return true;
}

static void note_pooled(struct api_calls *calls, const struct grpc_c_method *method,
                        ProtobufCMessage *request)
{
    if (!strstr(method->path, ".Simulator/"))
        message_visit(request, &(struct message_visitor){.data = calls, .text = pool_text});
}

enum status_code api_call(struct api_calls *calls, const struct fake_method *method,
                          const uint8_t *request, size_t size, uint8_t **ret_bytes,
                          size_t *ret_size)
{
    const struct wire_limits limits = {.elements = ELEMENTS};
    struct arena *arena = new_arena();
    ProtobufCMessage *message;
    struct error error;
    *ret_bytes = NULL;
    *ret_size = 0;
    struct filling filling = {calls, arena};
    if (!message_unpack(method->method->request, request, size, &limits, arena, &message, &error) ||
        !message_visit(message, &(struct message_visitor){.data = &filling, .text = fill_text})) {
        arena_free(arena);
        return STATUS_INVALID_ARGUMENT;
    }
    note_pooled(calls, method->method, message);
    if (method->method->kind == GRPC_C_BIDI) {
        talk(calls, method, message);
        arena_free(arena);
        return STATUS_OK;
    }
    struct grpc_c_call *call = fake_call(api_world_server(calls->world), method, message, arena);
    if (fake_call_open(call)) {
        keep_stream(calls, method, call);
        return STATUS_OK;
    }
    return finish(calls, method->method, call, ret_bytes, ret_size);
}

void *api_ask(struct api_calls *calls, const char *name, const ProtobufCMessage *request,
              struct arena *arena, enum status_code *ret_code)
{
    const struct fake_method *method = api_method(calls, name);
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = malloc(size ? size : 1), *answer;
    if (!bytes)
        abort();
    protobuf_c_message_pack(request, bytes);
    size_t answer_size;
    *ret_code = api_call(calls, method, bytes, size, &answer, &answer_size);
    free(bytes);
    if (!answer)
        return NULL;
    ProtobufCMessage *message = protobuf_c_message_unpack(
        method->method->response, arena_allocator(arena), answer_size, answer);
    must(message, "the arena is full");
    free(answer);
    return message;
}
