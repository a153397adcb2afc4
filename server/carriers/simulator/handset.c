/*
 * Phones: adding, finding, listing them, and how the network treats what is sent to them.
 */
#include "server/carriers/simulator/internal.h"

#include "proto/c/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64, CODE_CHARACTERS = 64, DELAY_DAYS = 30 };

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

static struct handset *find_canonical(struct simulator *simulator, const struct address *canonical)
{
    if (!simulator->bucket_count)
        return NULL;
    struct handset *handset =
        simulator->buckets[hash_of(canonical) & (simulator->bucket_count - 1)];
    while (handset && strcmp(handset->canonical.text, canonical->text) != 0)
        handset = handset->next_in_bucket;
    return handset;
}

struct handset *handset_find(struct simulator *simulator, const char *phone_number)
{
    struct address address;
    if (!phone_number || !address_parse(phone_number, ADDRESS_STRICT, &address))
        return NULL;
    struct address canonical = address_canonical(&address);
    return find_canonical(simulator, &canonical);
}

void handset_free(struct handset *handset)
{
    if (!handset)
        return;
    free(handset->carrier_code);
    free(handset->ring);
    free(handset);
}

static void into_bucket(struct handset **buckets, size_t count, struct handset *handset)
{
    struct handset **bucket = &buckets[hash_of(&handset->canonical) & (count - 1)];
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

static void check_code(const char *code, struct error *error)
{
    const char *end = memchr(code, '\0', SIMULATOR_CODE_SIZE);
    if (!end || !utf8_valid((const uint8_t *)code, (size_t)(end - code)) ||
        utf8_length(code) > CODE_CHARACTERS)
        error_field(error, "behavior.carrier_code", "at most %d characters", CODE_CHARACTERS);
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
    check_code(behavior->carrier_code, error);
    return error->code == STATUS_OK;
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this phone.");
}

static bool behave(struct handset *handset, const struct simulator_behavior *behavior,
                   struct error *error)
{
    char *code = NULL;
    if (*behavior->carrier_code) {
        code = strdup(behavior->carrier_code);
        if (!code)
            return no_memory(error);
    }
    free(handset->carrier_code);
    handset->carrier_code = code;
    handset->send = behavior->send;
    handset->send_count = handset->send_left = behavior->send_count;
    handset->receipt = behavior->receipt;
    handset->receipt_copies = behavior->receipt_copies;
    handset->receipt_delay = behavior->receipt_delay;
    return true;
}

static void describe(const struct handset *handset, struct simulator_handset *ret_handset)
{
    *ret_handset = (struct simulator_handset){
        .behavior = {.send = handset->send,
                     .send_count = handset->send_count,
                     .receipt = handset->receipt,
                     .receipt_copies = handset->receipt_copies,
                     .receipt_delay = handset->receipt_delay},
        .create_time = handset->create_time,
        .received = handset->received,
        .dropped = handset->oldest - 1,
    };
    memcpy(ret_handset->phone_number, handset->phone_number.text, sizeof ret_handset->phone_number);
    if (handset->carrier_code)
        memcpy(ret_handset->behavior.carrier_code, handset->carrier_code,
               strlen(handset->carrier_code) + 1);
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
    if (find_canonical(simulator, &handset->canonical))
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
    handset->oldest = 1;
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
