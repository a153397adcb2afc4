#include "server/masking/ingress.h"

#include "proto/c/fault.h"
#include "server/masking/bars/person_letters.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/errors.h"
#include "server/masking/messages/inbound_way.h"
#include "server/masking/outbox/outbox.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/messages/recent.h"
#include "server/masking/rows/forms.h"

#include <stdlib.h>
#include <string.h>

#define INTERACTION_TYPE(name) MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_##name

bool ingress_add_carrier(struct masking *masking, const struct carrier_port *port,
                         struct error *error)
{
    return ports_add(masking->ports, port, error);
}

void ingress_sent(struct masking *masking, void *attempt, const struct send_result *result)
{
    outbox_sent(masking->outbox, attempt, result);
}

void ingress_carrier_ready(struct masking *masking, const char *carrier)
{
    outbox_carrier_ready(masking->outbox, carrier);
    calls_look_at_all(masking->calls);
}

static void prefetch(struct command *command, struct view *view)
{
    inbound_prefetch((struct inbound *)command, view);
}

static bool decide(struct command *command, struct txn *txn)
{
    return inbound_decide((struct inbound *)command, txn);
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct inbound *inbound = (struct inbound *)command;
    struct masking *masking = inbound->masking;
    if (outcome != COMMAND_DURABLE) {
        inbound->result = (struct inbound_result){.outcome = INBOUND_FAILED, .error = error};
    } else {
        if (inbound->accepted) {
            recent_note(masking->recent, inbound->route_hash, inbound->accepted->create_time);
            outbox_note(masking->outbox, &inbound->log, inbound->accepted);
        }
        if (inbound->notice)
            outbox_note(masking->outbox, &inbound->log, inbound->notice);
        if (inbound->letters)
            person_letters_hurry(masking, inbound->letters);
        if (inbound->note_time)
            timers_note(masking->timers, &inbound->log, inbound->note_time);
        if (inbound->result.outcome == INBOUND_FAILED)
            inbound->result.error = &inbound->error;
    }
    FAILPOINT("inbound_before_answer");
    inbound->done(inbound->data, &inbound->result);
    free(inbound);
}

static void hash_message(struct inbound *inbound)
{
    const struct inbound_message *message = inbound->message;
    const uint8_t *hash_key = store_hash_key(inbound->masking->store);
    const struct bytes id[] = {{"inbound", 7},
                               {message->carrier, strlen(message->carrier)},
                               {message->provider_id, strlen(message->provider_id)}};
    key_hash(hash_key, id, 3, inbound->dedupe_key);
    enum { PIECES = 64 };
    struct bytes pieces[PIECES] = {{message->from, strlen(message->from)},
                                   {message->to, strlen(message->to)},
                                   {message->body, strlen(message->body)}};
    size_t count = 3;
    for (size_t i = 0; i < message->media_count; i++) {
        if (count + 2 > PIECES) {
            /* The hash so far stands for what it covers. */
            key_hash(hash_key, pieces, count, inbound->content_hash);
            pieces[0] = (struct bytes){inbound->content_hash, HASH_SIZE};
            count = 1;
        }
        const struct ingress_media *media = &message->media[i];
        pieces[count++] = (struct bytes){media->url, strlen(media->url)};
        pieces[count++] = (struct bytes){media->content_type, strlen(media->content_type)};
    }
    key_hash(hash_key, pieces, count, inbound->content_hash);
}

/* Of the person, which is a keyed hash, and the number. */
static uint64_t route_hash(const struct inbound *inbound)
{
    uint64_t hash;
    memcpy(&hash, inbound->sender.bytes + 1, sizeof hash);
    for (const char *digit = inbound->to.text; *digit; digit++)
        hash = (hash ^ (uint8_t)*digit) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static void answer(void (*done)(void *data, const struct inbound_result *result), void *data,
                   enum rejection rejection)
{
    done(data, &(struct inbound_result){
                   .outcome = INBOUND_REJECTED,
                   .reason = rejection_reason(rejection),
                   .original = rejection_original(rejection, INTERACTION_TYPE(MESSAGE))});
}

bool inbound_addresses(struct inbound *inbound, struct masking *masking, const char *from,
                       const char *to)
{
    char canonical[CHANNEL_SIZE];
    if (!address_parse(to, ADDRESS_LENIENT, &inbound->to) && !proxy_parse(to, &inbound->to))
        return false;
    inbound->masking = masking;
    inbound->to_text = address_scheme(to) ? to : inbound->to.text;
    inbound->from_known = identifier_parse(from, ADDRESS_LENIENT, canonical);
    if (inbound->from_known) {
        inbound->from = proxy_form(canonical);
        inbound->from_text = address_scheme(from) ? from : inbound->from.text;
        inbound->sender = person_of(store_hash_key(masking->store), canonical);
    }
    return true;
}

void ingress_message(struct masking *masking, const struct inbound_message *message,
                     void (*done)(void *data, const struct inbound_result *result), void *data)
{
    size_t id_size = strlen(message->provider_id);
    if (!ports_find(masking->ports, message->carrier)) {
        answer(done, data, REJECT_CARRIER_UNKNOWN);
        return;
    }
    if (!id_size || id_size > PROVIDER_ID_MOST) {
        answer(done, data, REJECT_PROVIDER_ID_INVALID);
        return;
    }
    struct inbound *inbound = malloc(sizeof *inbound);
    if (!inbound) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, &(struct inbound_result){.outcome = INBOUND_FAILED, .error = &error});
        return;
    }
    if (!inbound_addresses(inbound, masking, message->from, message->to)) {
        free(inbound);
        answer(done, data, REJECT_NUMBER_UNKNOWN);
        return;
    }
    inbound->type = INTERACTION_TYPE(MESSAGE);
    inbound->carrier = message->carrier;
    inbound->provider_id = message->provider_id;
    inbound->message = message;
    inbound->done = done;
    inbound->data = data;
    hash_message(inbound);
    inbound->route_hash = inbound->from_known ? route_hash(inbound) : 0;
    bool cold = inbound->from_known &&
                !recent_has(masking->recent, inbound->route_hash, store_now(masking->store));
    inbound->command =
        (struct command){.prefetch = cold ? prefetch : NULL, .decide = decide, .done = finish};
    inbound->result = (struct inbound_result){.outcome = INBOUND_FAILED};
    inbound->accepted = NULL;
    inbound->notice = NULL;
    inbound->letters = NULL;
    inbound->note_time = 0;
    inbound->plan = NULL;
    inbound->spoken = NULL;
    error_clear(&inbound->error);
    FAILPOINT("inbound_before_submit");
    pipeline_submit(masking->pipeline, &inbound->command);
}
