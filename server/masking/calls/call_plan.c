#include "server/masking/calls/call_plan.h"

#include "proto/c/clock.h"
#include "proto/c/fault.h"
#include "proto/c/utf8.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/known.h"
#include "server/masking/services/services.h"

#include <string.h>

enum {
    LETTERS_A_SECOND = 12, /* that are spoken */
    SPEECH_BEGINS = 3 * MICROSECONDS,
    KEY_WAIT = 10 * MICROSECONDS,
};

bool call_numbers_find(struct masking *masking, struct rows *rows,
                       const Maskline__Store__V1__Participant *participant,
                       struct call_numbers *ret_numbers, struct error *error)
{
    ret_numbers->count = 0;
    for (size_t i = 0; i < participant->n_identifiers; i++) {
        const char *number = participant->identifiers[i];
        if (address_scheme(number) || ret_numbers->count == CALL_TARGETS)
            continue; /* a channel carries no calls */
        enum kv_found found = known_held(masking->known, rows, number, error);
        if (found == KV_FAILED)
            return false;
        if (found == KV_ABSENT || MUTANT("call_in_circles"))
            ret_numbers->items[ret_numbers->count++] = number;
    }
    return true;
}

static int64_t speech(const char *text)
{
    return *text ? SPEECH_BEGINS +
                       (int64_t)utf8_length(text) * (int64_t)MICROSECONDS / LETTERS_A_SECOND
                 : 0;
}

int64_t call_terms(const Maskline__Store__V1__Settings *settings,
                   const struct carrier_port *carrier, const struct call_numbers *first,
                   const struct call_numbers *second, Maskline__Store__V1__Call *call)
{
    struct service_settings held = service_settings_held(settings);
    unsigned can = carrier->calls->abilities(carrier->data);
    bool asks = held.call_acceptance != CALLS_TAKE_PICK_UP && (can & CALL_CAN_ASK_KEY) != 0;
    bool speaks = (can & CALL_CAN_SPEAK) != 0;
    bool long_ring = asks || MUTANT("call_rings_into_voicemail");
    call->carrier = borrowed(carrier->name);
    call->ask_key = asks;
    call->ring_limit = long_ring ? held.ring_limit : held.ring_limit_without_key;
    call->longest_call = held.longest_call;
    /* Never without having told. */
    call->record = held.call_recording == CALLS_RECORDED &&
                   ((speaks && (can & CALL_CAN_RECORD)) || MUTANT("recorded_without_a_word"));
    call->first_targets = (uint32_t)first->count;
    /* Who may be rung can change while one rings: a carrier that does not ask again rings no other. */
    call->second_targets = (can & CALL_CAN_ASK) || !second->count ? (uint32_t)second->count : 1;
    int64_t each = call->ring_limit + (asks ? KEY_WAIT : 0);
    return (int64_t)(first->count + second->count) * each + speech(held.announcement) +
           (int64_t)second->count * speech(held.whisper) +
           (call->record ? 2 * speech(held.consent_notice) : 0);
}

static bool set_party(struct arena *arena, struct call_party *party, const char *caller_id,
                      const struct call_numbers *numbers, size_t most)
{
    size_t count = numbers->count < most ? numbers->count : most;
    struct call_target *targets = arena_array(arena, count, sizeof *targets);
    for (size_t i = 0; targets && i < count; i++)
        targets[i] = (struct call_target){caller_id, numbers->items[i]};
    party->targets = targets;
    party->count = count;
    return targets;
}

const struct call_plan *call_plan_make(struct rows *rows,
                                       const Maskline__Store__V1__Service *service,
                                       const struct carrier_port *carrier,
                                       const struct call_sides *sides,
                                       const struct call_people *people,
                                       const struct call_numbers *first,
                                       const struct call_numbers *second)
{
    const Maskline__Store__V1__Call *call = sides->call;
    struct service_settings held = service_settings_held(service->settings);
    unsigned can = carrier->calls->abilities(carrier->data);
    bool speaks = can & CALL_CAN_SPEAK;
    /* Another program may carry it by now than the one of which the call's record was made. */
    bool records =
        call->record && ((speaks && (can & CALL_CAN_RECORD)) || MUTANT("recorded_without_a_word"));
    struct call_plan *plan = arena_alloc(rows->arena, sizeof *plan);
    char *key = arena_alloc(rows->arena, CALL_KEY_SIZE);
    if (!plan || !key)
        return NULL;
    struct call_id id = {.log = key_log(rows->tenant, service->sid.data)};
    memcpy(id.session, sides->interaction->session.data, SID_BYTES);
    memcpy(id.interaction, sides->interaction->sid.data, SID_BYTES);
    call_key_write(&id, rows->hash_key, call->carrier, key);
    bool swapped = MUTANT("call_shows_real_number");
    /* The plan outlives what is known of the Service now. */
    *plan = (struct call_plan){
        .key = key,
        .announcement = arena_string(rows->arena, speaks ? held.announcement : ""),
        .whisper = arena_string(rows->arena, speaks ? held.whisper : ""),
        .ask_key = call->ask_key,
        .key_limit = KEY_WAIT,
        .record = records,
        .consent_notice = arena_string(rows->arena, records ? held.consent_notice : ""),
        .ring_limit = call->ring_limit,
        .longest_call = call->longest_call,
        .expire_time = sides->interaction->expire_time,
    };
    const char *shown =
        swapped ? people->first->identifiers[0] : people->second_seat->proxy_identifier;
    if (!plan->announcement || !plan->whisper || !plan->consent_notice)
        return NULL;
    return set_party(rows->arena, &plan->first,
                     sides->placed ? people->first_seat->proxy_identifier : "", first,
                     call->first_targets) &&
                   set_party(rows->arena, &plan->second, shown, second, call->second_targets)
               ? plan
               : NULL;
}
