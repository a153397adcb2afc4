/*
 * Phones: adding, finding, listing them, and how the network treats what is sent to them.
 */
#include "server/carriers/simulator/internal.h"

#include "proto/c/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS_FIRST = 64,
    CODE_CHARACTERS = 64,
    GREETING_CHARACTERS = 500,
    DELAY_DAYS = 30,
    HANG_UP_DAYS = 7
};
#define HOUR_US (INT64_C(3600) * MICROSECONDS)

static size_t hash_of(const struct address *canonical)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = canonical->text; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

bool handset_unknown(struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND, "HANDSET_NOT_FOUND", 0,
                     "No phone has this number; add one first.");
}

bool handset_name(const char *phone_number, struct handset_name *ret_name)
{
    struct address address;
    if (!phone_number || !address_parse(phone_number, ADDRESS_STRICT, &address))
        return false;
    ret_name->canonical = address_canonical(&address);
    ret_name->hash = hash_of(&ret_name->canonical);
    return true;
}

struct handset *handset_named(struct simulator *simulator, const struct handset_name *name)
{
    if (!simulator->bucket_count)
        return NULL;
    struct handset *handset = simulator->buckets[name->hash & (simulator->bucket_count - 1)];
    while (handset && (handset->hash != name->hash ||
                       strcmp(handset->canonical.text, name->canonical.text) != 0))
        handset = handset->next_in_bucket;
    return handset;
}

struct handset *handset_find(struct simulator *simulator, const char *phone_number)
{
    struct handset_name name;
    return handset_name(phone_number, &name) ? handset_named(simulator, &name) : NULL;
}

void handset_free(struct handset *handset)
{
    if (!handset)
        return;
    free(handset->carrier_code);
    free(handset->voicemail_greeting);
    for (size_t kind = 0; kind < SHELVES; kind++)
        free(handset->shelves[kind].ring);
    free(handset);
}

static void into_bucket(struct handset **buckets, size_t count, struct handset *handset)
{
    struct handset **bucket = &buckets[handset->hash & (count - 1)];
    handset->next_in_bucket = *bucket;
    *bucket = handset;
}

/* One array for the order and one for the buckets, both as large. */
static bool make_room(struct simulator *simulator)
{
    if (simulator->handset_count < simulator->handset_room)
        return true;
    size_t room = simulator->handset_room ? simulator->handset_room * 2 : BUCKETS_FIRST;
    struct handset **handsets = realloc(simulator->handsets, room * sizeof(struct handset *));
    if (!handsets)
        return false;
    simulator->handsets = handsets;
    struct handset **buckets = calloc(room, sizeof(*buckets));
    if (!buckets)
        return false;
    for (size_t i = 0; i < simulator->handset_count; i++)
        into_bucket(buckets, room, handsets[i]);
    free(simulator->buckets);
    simulator->buckets = buckets;
    simulator->bucket_count = simulator->handset_room = room;
    return true;
}

static void check_text(const char *field, const char *text, size_t size, size_t characters,
                       struct error *error)
{
    const char *end = memchr(text, '\0', size);
    if (!end || !utf8_valid((const uint8_t *)text, (size_t)(end - text)) ||
        utf8_length(text) > characters)
        error_field(error, field, "at most %zu characters", characters);
}

static void check_delay(const char *field, int64_t delay, int64_t most, const char *words,
                        struct error *error)
{
    if (delay < 0 || delay > most)
        error_field(error, field, "0 to %s", words);
}

/* What it does when it is rung. */
static void check_calls(const struct simulator_behavior *behavior, struct error *error)
{
    if ((unsigned)behavior->call > SIMULATED_UNREACHABLE)
        error_field(error, "behavior.call", "none of its values");
    check_delay("behavior.pick_up_delay", behavior->pick_up_delay, HOUR_US, "1 hour", error);
    const char *end = memchr(behavior->keys, '\0', SIMULATOR_KEYS_SIZE);
    if (!end || strspn(behavior->keys, "0123456789*#") != (size_t)(end - behavior->keys))
        error_field(error, "behavior.keys", "at most %d of 0-9, * and #", SIMULATOR_KEYS_SIZE - 1);
    check_delay("behavior.hang_up_delay", behavior->hang_up_delay, HANG_UP_DAYS * 24 * HOUR_US,
                "7 days", error);
    check_delay("behavior.voicemail_delay", behavior->voicemail_delay, HOUR_US, "1 hour", error);
    check_text("behavior.voicemail_greeting", behavior->voicemail_greeting, SIMULATOR_GREETING_SIZE,
               GREETING_CHARACTERS, error);
}

static bool check_behavior(const struct simulator_behavior *behavior, struct error *error)
{
    error_clear(error);
    if ((unsigned)behavior->send > SIMULATED_UNKNOWN)
        error_field(error, "behavior.send", "none of its values");
    if ((unsigned)behavior->receipt > SIMULATED_SILENT)
        error_field(error, "behavior.receipt", "none of its values");
    if (behavior->receipt_copies > SIMULATOR_COPIES)
        error_field(error, "behavior.receipt_copies", "at most %d", SIMULATOR_COPIES);
    if (behavior->receipt_delay < 0 ||
        behavior->receipt_delay > DELAY_DAYS * INT64_C(86400) * MICROSECONDS)
        error_field(error, "behavior.receipt_delay", "0 to %d days", DELAY_DAYS);
    check_text("behavior.carrier_code", behavior->carrier_code, SIMULATOR_CODE_SIZE,
               CODE_CHARACTERS, error);
    check_calls(behavior, error);
    return error->code == STATUS_OK;
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this phone.");
}

/* A copy; NULL of an empty text. False when there is no memory. */
static bool copy(const char *text, char **ret_copy)
{
    *ret_copy = *text ? strdup(text) : NULL;
    return !*text || *ret_copy;
}

static bool behave(struct handset *handset, const struct simulator_behavior *behavior,
                   struct error *error)
{
    char *code, *greeting = NULL;
    if (!copy(behavior->carrier_code, &code) || !copy(behavior->voicemail_greeting, &greeting)) {
        free(code);
        return no_memory(error);
    }
    free(handset->carrier_code);
    free(handset->voicemail_greeting);
    handset->carrier_code = code;
    handset->voicemail_greeting = greeting;
    handset->send = behavior->send;
    handset->send_count = handset->send_left = behavior->send_count;
    handset->receipt = behavior->receipt;
    handset->receipt_copies = behavior->receipt_copies;
    handset->receipt_delay = behavior->receipt_delay;
    handset->call = behavior->call;
    handset->pick_up_delay = behavior->pick_up_delay;
    memcpy(handset->keys, behavior->keys, sizeof handset->keys);
    handset->hangs_up = behavior->hangs_up;
    handset->hang_up_delay = behavior->hang_up_delay;
    handset->has_voicemail = behavior->has_voicemail;
    handset->voicemail_delay = behavior->voicemail_delay;
    return true;
}

static void put(char *to, const char *text)
{
    if (text)
        memcpy(to, text, strlen(text) + 1);
}

static void describe(const struct handset *handset, struct simulator_handset *ret_handset)
{
    *ret_handset = (struct simulator_handset){
        .behavior = {.send = handset->send,
                     .send_count = handset->send_count,
                     .receipt = handset->receipt,
                     .receipt_copies = handset->receipt_copies,
                     .receipt_delay = handset->receipt_delay,
                     .call = handset->call,
                     .pick_up_delay = handset->pick_up_delay,
                     .hangs_up = handset->hangs_up,
                     .hang_up_delay = handset->hang_up_delay,
                     .has_voicemail = handset->has_voicemail,
                     .voicemail_delay = handset->voicemail_delay},
        .create_time = handset->create_time,
        .received = handset->shelves[SHELF_TEXTS].received,
        .dropped = handset->shelves[SHELF_TEXTS].oldest - 1,
    };
    put(ret_handset->phone_number, handset->phone_number.text);
    put(ret_handset->behavior.carrier_code, handset->carrier_code);
    put(ret_handset->behavior.keys, handset->keys);
    put(ret_handset->behavior.voicemail_greeting, handset->voicemail_greeting);
}

void simulator_on_handset(struct simulator *simulator,
                          void (*changed)(void *data, uint64_t place,
                                          const struct simulator_handset *handset),
                          void *data)
{
    simulator->handset_changed = changed;
    simulator->changed_data = data;
}

/* How it is now, for the caller and for who is to hear of it. */
static void tell(struct simulator *simulator, const struct handset *handset,
                 struct simulator_handset *ret_handset)
{
    describe(handset, ret_handset);
    if (simulator->handset_changed)
        simulator->handset_changed(simulator->changed_data, handset->place, ret_handset);
}

static bool add(struct simulator *simulator, struct handset *handset, struct error *error)
{
    const struct handset_name name = {handset->canonical, handset->hash};
    if (handset_named(simulator, &name))
        return error_set(error, STATUS_ALREADY_EXISTS, "HANDSET_EXISTS", 0,
                         "There is a phone with this number already.");
    if (simulator->handset_count == SIMULATOR_HANDSETS)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "TOO_MANY_HANDSETS", 0,
                         "There can be %d phones at most.", SIMULATOR_HANDSETS);
    if (!make_room(simulator))
        return no_memory(error);
    handset->place = simulator->handset_count;
    simulator->handsets[simulator->handset_count++] = handset;
    into_bucket(simulator->buckets, simulator->bucket_count, handset);
    return true;
}

static bool add_new(struct simulator *simulator, const char *phone_number, int64_t create_time,
                    const struct simulator_behavior *behavior,
                    struct simulator_handset *ret_handset, struct error *error)
{
    struct address address;
    if (!phone_number || !address_parse(phone_number, ADDRESS_STRICT, &address))
        return error_set(error, STATUS_INVALID_ARGUMENT, "INVALID_PHONE_NUMBER", 80406,
                         "A phone's number is in E.164, such as +15551230001.");
    if (!check_behavior(behavior, error))
        return false;
    struct handset *handset = calloc(1, sizeof *handset);
    if (!handset)
        return no_memory(error);
    handset->phone_number = address;
    handset->canonical = address_canonical(&address);
    handset->hash = hash_of(&handset->canonical);
    for (size_t kind = 0; kind < SHELVES; kind++)
        handset->shelves[kind].oldest = 1;
    handset->create_time = create_time;
    pthread_mutex_lock(&simulator->lock);
    bool added = behave(handset, behavior, error) && add(simulator, handset, error);
    if (added)
        tell(simulator, handset, ret_handset);
    pthread_mutex_unlock(&simulator->lock);
    if (!added)
        handset_free(handset);
    return added;
}

bool simulator_add_handset(struct simulator *simulator, const char *phone_number,
                           const struct simulator_behavior *behavior,
                           struct simulator_handset *ret_handset, struct error *error)
{
    static const struct simulator_behavior gets_everything;
    return add_new(simulator, phone_number, clock_now(&simulator->clock),
                   behavior ? behavior : &gets_everything, ret_handset, error);
}

bool simulator_restore_handset(struct simulator *simulator, const struct simulator_handset *handset,
                               struct error *error)
{
    struct simulator_handset ignored;
    return add_new(simulator, handset->phone_number, handset->create_time, &handset->behavior,
                   &ignored, error);
}

bool simulator_set_behavior(struct simulator *simulator, const char *phone_number,
                            const struct simulator_behavior *behavior,
                            struct simulator_handset *ret_handset, struct error *error)
{
    static const struct simulator_behavior gets_everything;
    behavior = behavior ? behavior : &gets_everything;
    if (!check_behavior(behavior, error))
        return false;
    pthread_mutex_lock(&simulator->lock);
    struct handset *handset = handset_find(simulator, phone_number);
    bool ok = handset ? behave(handset, behavior, error) : handset_unknown(error);
    if (ok)
        tell(simulator, handset, ret_handset);
    pthread_mutex_unlock(&simulator->lock);
    return ok;
}

size_t simulator_list(struct simulator *simulator, uint64_t skip,
                      struct simulator_handset *ret_handsets, size_t count)
{
    size_t given = 0;
    pthread_mutex_lock(&simulator->lock);
    for (uint64_t i = skip; i < simulator->handset_count && given < count; i++)
        describe(simulator->handsets[i], &ret_handsets[given++]);
    pthread_mutex_unlock(&simulator->lock);
    return given;
}
