/*
 * Every RPC, with requests that no client should send, in any order: never a crash, never INTERNAL or the like, and afterwards the store
 * still tells one story (api_check.c).
 *
 * Input: a byte that says whether programs can attach as carriers; then calls: a byte for the method, two for the size, the request, in which
 * texts may be placeholders (api_calls.h). They come on top of a small world.
 */
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "maskline/v1/simulator.pb-c.h"
#include "tests/fuzz/api_check.h"
#include "tests/fuzz/api_unchanged.h"
#include "tests/fuzz/api_words.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>

enum { CALLS_MOST = 24, HEAD = 3, WORLD_INPUTS = 200 };

/* Opening a store takes long, so some hundred inputs share one; each has names and numbers of its own. */
static struct {
    struct api_world *world;
    unsigned inputs;
} kept[2];

void fuzzer_close(void)
{
    for (size_t i = 0; i < 2; i++) {
        api_world_free(kept[i].world);
        kept[i].world = NULL;
    }
}

static void open_world(struct api_calls *calls, bool gateway)
{
    static bool closes;
    if (kept[gateway].inputs++ % WORLD_INPUTS == 0) {
        api_world_free(kept[gateway].world);
        kept[gateway].world = api_world_new(gateway);
        /* After RocksDB has made its own arrangements for the end. */
        if (!closes)
            atexit(fuzzer_close);
        closes = true;
    }
    calls->world = kept[gateway].world;
    calls->number = kept[gateway].inputs % WORLD_INPUTS;
    calls->simulated = !gateway;
}

/* ---- a Service with three numbers, two people who talk, and a handset ---- */

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static void ask(struct api_calls *calls, const char *name, const ProtobufCMessage *request)
{
    struct arena *arena = arena_new(1024 * 1024);
    enum status_code code;
    if (!arena)
        abort();
    (void)api_ask(calls, name, request, arena, &code);
    must(code == STATUS_OK, "%s of the small world ends with %s", name, status_code_name(code));
    arena_free(arena);
}

static void make_small_world(struct api_calls *calls)
{
    Maskline__V1__CreateServiceRequest service = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    service.unique_name = text("@S");
    ask(calls, "CreateService", &service.base);
    Maskline__V1__AddPhoneNumberRequest number = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
    /* No program has attached that could say what they can do. */
    Maskline__V1__PhoneNumberCapabilities all = MASKLINE__V1__PHONE_NUMBER_CAPABILITIES__INIT;
    all.sms = all.mms = all.voice = true;
    char *net[] = {text("net")};
    number.service = text("@S");
    number.capabilities = &all;
    number.carriers = net;
    number.n_carriers = !calls->simulated;
    for (int i = 0; i < 3; i++) {
        number.phone_number = text((const char *[]){"@N0", "@N1", "@N2"}[i]);
        ask(calls, "AddPhoneNumber", &number.base);
    }
    Maskline__V1__ParticipantSpec ann = MASKLINE__V1__PARTICIPANT_SPEC__INIT, bob = ann;
    Maskline__V1__ParticipantSpec *both[] = {&ann, &bob};
    Maskline__V1__CreateSessionRequest session = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    ann.identifier = text("@P0");
    bob.identifier = text("@P1");
    session.service = text("@S");
    session.unique_name = text("talk");
    session.participants = both;
    session.n_participants = 2;
    ask(calls, "CreateSession", &session.base);
    Maskline__V1__AddHandsetRequest handset = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    handset.phone_number = text("@P0");
    if (calls->simulated)
        ask(calls, "AddHandset", &handset.base);
}

/* ---- methods ---- */

/* By their numbers in inputs. A new one comes last, so that what the fuzzers have learnt still calls what it called. */
static const char *const numbered[] = {
    "CreateService",
    "GetService",
    "ListServices",
    "UpdateService",
    "DeleteService",
    "AddPhoneNumber",
    "BatchAddPhoneNumbers",
    "GetPhoneNumber",
    "ListPhoneNumbers",
    "UpdatePhoneNumber",
    "RemovePhoneNumber",
    "AddShortCode",
    "GetShortCode",
    "ListShortCodes",
    "UpdateShortCode",
    "RemoveShortCode",
    "CreateSession",
    "GetSession",
    "ListSessions",
    "UpdateSession",
    "DeleteSession",
    "BatchSessions",
    "CreateParticipant",
    "GetParticipant",
    "ListParticipants",
    "UpdateParticipant",
    "DeleteParticipant",
    "GetInteraction",
    "ListInteractions",
    "SendMessage",
    "ListEvents",
    "StreamEvents",
    "CreateOptOut",
    "ListOptOuts",
    "DeleteOptOut",
    "AddHandset",
    "ListHandsets",
    "SetHandsetBehavior",
    "SendText",
    "WatchHandset",
    "MoveClock",
    "GetClock",
    "Attach",
    "GetPoolUsage",
    "PlanPool",
    "AddChannelSender",
    "GetChannelSender",
    "ListChannelSenders",
    "UpdateChannelSender",
    "RemoveChannelSender",
    "RedactInteraction",
    "DeleteInteraction",
    "CreateBlock",
    "ListBlocks",
    "DeleteBlock",
    "PlaceCall",
    "EndCall",
    "StartCall",
    "PickUp",
    "PressKey",
    "HangUp",
    "SetNetworkBehavior",
};

static const struct fake_method *method_of(const struct api_calls *calls, uint8_t number)
{
    size_t count;
    (void)fake_server_methods(api_world_server(calls->world), &count);
    must(count == sizeof numbered / sizeof *numbered, "%zu of %zu methods have a number",
         sizeof numbered / sizeof *numbered, count);
    const char *name = numbered[number % count];
    const struct fake_method *method = api_method(calls, name);
    must(method, "there is no method %s", name);
    return method;
}

/* ---- one input ---- */

/* How often each method went well, or its stream said something. */
static unsigned went_well[sizeof numbered / sizeof *numbered];

static void answered(const char *path)
{
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
        if (!strcmp(strrchr(path, '/') + 1, numbered[i]))
            went_well[i]++;
}

/* A method that the corpus does not reach is hardly found by chance. */
void fuzzer_reached(void)
{
    bool all = true;
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        if (!went_well[i])
            fprintf(stderr, "no input of the corpus makes %s go well\n", numbered[i]);
        all = all && went_well[i];
    }
    must(all, "each method has an input in tests/fuzz/corpus/rpcs with which it goes well");
}

static void call_next(struct api_calls *calls, struct feed *feed)
{
    const struct fake_method *method = method_of(calls, feed_byte(feed));
    size_t request_size = (size_t)feed_number(feed, 2), answer_size;
    if (request_size > feed->left)
        request_size = feed->left;
    struct api_ends ends;
    api_ends_look(calls, &ends);
    uint8_t *answer;
    if (api_call(calls, method, feed->at, request_size, &answer, &answer_size) != STATUS_OK)
        api_unchanged(calls, &ends, method->method->path);
    free(answer);
    feed->at += request_size;
    feed->left -= request_size;
    api_pull(calls);
}

/* holds: API-22 INV-05 INV-06 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    static struct api_calls calls;
    memset(&calls, 0, sizeof calls);
    open_world(&calls, feed_byte(&feed) % 2);
    make_small_world(&calls);
    api_pull(&calls);
    calls.answered = answered;
    for (unsigned i = 0; i < CALLS_MOST && feed.left > 0; i++)
        call_next(&calls, &feed);
    calls.answered = NULL;
    api_check(&calls);
    api_end(&calls);
    return 0;
}

/* ---- mutation ---- */

#define PATHS "paths"

static const char *const words[] = {
    "@S",   "@KS0", "@KC0", "@KP0", "@KI0",  "@PN0",         "@T", "@O",        "@P0", "@N0",
    "talk", "net",  "a",    "US",   "hello", "+15551230001", "r1", "simulator", "*",   NULL};

#define WORDS(...)        \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static struct field_words by_name[] = {
    {"service", WORDS("@S", "@S", "@S", "@KS0", "@KS1", "shop")},
    {"session", WORDS("talk", "talk", "@KC0", "@KC1", "trip", "trip-2")},
    {"participant", WORDS("@KP0", "@KP1", "@KP2", "@KP3")},
    {"interaction", WORDS("@KI0", "@KI1", "@KI2")},
    {"phone_number", WORDS("@N0", "@N1", "@N3", "@N4", "@N5", "@PN0", "@PN1", "@P0", "@P1", "@P2")},
    {"handset", WORDS("@P0", "@P0", "@P1", "@P2")},
    {"sender", WORDS("@P0", "@P1", "@P2", "@N0")},
    {"recipient", WORDS("@N0", "@N1", "@N2", "@P0")},
    {"identifier", WORDS("@X2", "@P0", "@P1", "@P2", "@P3", "@P4", "@N0")},
    {"proxy_identifier", WORDS("@N0", "@N1", "@N2", "@N3", "")},
    {"proxy_identifier_sid", WORDS("@PN0", "@PN1", "", "", "", "", "")},
    {"unique_name", WORDS("trip", "trip-2", "shop", "@S", "")},
    {"request_id", WORDS("r1", "r2", "", "", "")},
    {"provider_id", WORDS("1", "2", "3", "4")},
    {"page_token", WORDS("@T", "@T", "")},
    {"key", WORDS("@O", "@O", "1")},
    {"caller", WORDS("@P0", "@P1", "@N0")},
    {"called", WORDS("@N0", "@N1", "@N2")},
    {"carriers", WORDS("net", "simulator")},
    {"carrier", WORDS("net", "net", "simulator")},
    {"body", WORDS("hello", "", "STOP", "👻")},
    {"url", WORDS("https://a.example/b", "http://a")},
    {"short_code", WORDS("@C0", "@C0", "@C1", "@SC0", "@N0")},
    {"address", WORDS("@W0", "@W0", "@W1", "@V2", "@N0")},
    {"country", WORDS("US", "US", "DE", "", "us")},
    {"area_code", WORDS("555", "", "5")},
    {"to_identifier", WORDS("@P0", "@P1", "@P2", "@V2", "")},
    {"identifiers", WORDS("@P0", "@P2", "@P4", "@P5", "@V2")},
    {"language", WORDS("en", "de", "")},
    {"word", WORDS("stop", "GO", "")},
    {"words", WORDS("stop", "GO", "")},
    {PATHS, NULL}, /* see vocabulary_of */
    {NULL, NULL},
};

/* The words for masks follow from the methods of the server. */
static struct vocabulary vocabulary_of(const struct api_calls *calls)
{
    size_t count;
    const struct fake_method *methods = fake_server_methods(api_world_server(calls->world), &count);
    for (size_t i = 0; by_name[i].field; i++)
        if (!strcmp(by_name[i].field, PATHS))
            by_name[i].words = api_mask_words(methods, count);
    return (struct vocabulary){words, by_name};
}

static const ProtobufCMessageDescriptor *request_of(uint8_t number,
                                                    struct vocabulary *ret_vocabulary)
{
    struct api_calls calls;
    if (!kept[0].world)
        open_world(&calls, false);
    calls.world = kept[0].world;
    *ret_vocabulary = vocabulary_of(&calls);
    return method_of(&calls, number)->method->request;
}

/* Where the calls of an input begin; the last is its end. */
static size_t find_calls(const uint8_t *data, size_t size, size_t starts[CALLS_MOST + 1])
{
    size_t count = 0;
    for (size_t at = 1; at + HEAD <= size && count < CALLS_MOST;) {
        starts[count++] = at;
        at += HEAD + ((size_t)data[at + 1] << 8 | data[at + 2]);
        starts[count] = at < size ? at : size;
    }
    if (!count)
        starts[0] = size ? 1 : 0;
    return count;
}

/* Puts `bytes` in the place of [start, end). */
static size_t replace(uint8_t *data, size_t size, size_t most, size_t start, size_t end,
                      const uint8_t *bytes, size_t count)
{
    if (size - (end - start) + count > most)
        return size;
    memmove(data + start + count, data + end, size - end);
    if (count)
        memcpy(data + start, bytes, count);
    return size - (end - start) + count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    struct chance chance = {seed};
    size_t starts[CALLS_MOST + 1];
    if (size == 0 && most > 0)
        data[size++] = (uint8_t)chance_below(&chance, 2);
    size_t count = find_calls(data, size, starts), action = chance_below(&chance, 16);
    if (action == 0 || most < 16)
        return LLVMFuzzerMutate(data, size, most);
    if (action == 1) {
        data[0] ^= 1;
        return size;
    }
    size_t which = chance_below(&chance, count + 1);
    if (which < count && action == 2) /* one call less */
        return replace(data, size, most, starts[which], starts[which + 1], NULL, 0);
    uint8_t *call = malloc(most + HEAD);
    if (!call)
        abort();
    size_t call_size = HEAD, start = starts[which], end = start;
    call[0] = (uint8_t)chance_next(&chance);
    if (which < count && action != 3) {
        call_size = starts[which + 1] - start;
        memcpy(call, data + start, call_size);
        end = action == 4 ? start : starts[which + 1]; /* again, or changed */
    }
    size_t room = most < UINT16_MAX ? most : UINT16_MAX;
    struct vocabulary vocabulary;
    const ProtobufCMessageDescriptor *kind = request_of(call[0], &vocabulary);
    call_size = HEAD + message_mutate_with(kind, call + HEAD, call_size - HEAD, room,
                                           (unsigned)chance_next(&chance), &vocabulary);
    call[1] = (uint8_t)((call_size - HEAD) >> 8);
    call[2] = (uint8_t)(call_size - HEAD);
    size = replace(data, size, most, start, end, call, call_size);
    free(call);
    return size;
}
