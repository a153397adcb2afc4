#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/inbound_way.h"
#include "server/masking/outbox/ports.h"

#include <stdlib.h>
#include <string.h>

/* A call that came in, on its way to the writer and back. */

struct arrival {
    struct inbound base;
    void (*done)(void *data, const struct inbound_call_result *result);
    void *data;
};

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
    struct arrival *arrival = (struct arrival *)command;
    struct inbound *in = &arrival->base;
    struct inbound_call_result result = {.outcome = CALL_UNDECIDED, .notice = "", .error = error};
    if (outcome == COMMAND_DURABLE) {
        if (in->note_time)
            timers_note(in->masking->timers, &in->log, in->note_time);
        result.repeated = in->result.repeated;
        result.reason = in->result.reason;
        result.original = in->result.original;
        switch (in->result.outcome) {
        case INBOUND_ACCEPTED:
            result.outcome = CALL_ACCEPTED;
            result.plan = in->plan;
            break;
        case INBOUND_REJECTED:
            result.outcome = CALL_REJECTED;
            result.notice = in->spoken ? in->spoken : "";
            break;
        default:
            result.error = &in->error;
        }
    }
    FAILPOINT("call_before_answer");
    arrival->done(arrival->data, &result);
    free(arrival);
}

/* A carrier may number its calls as it numbers its messages: the two are not mixed up. */
static void hash_call(struct inbound *in, const struct inbound_call *call)
{
    const uint8_t *hash_key = store_hash_key(in->masking->store);
    const struct bytes id[] = {{"inbound call", 12},
                               {call->carrier, strlen(call->carrier)},
                               {call->provider_id, strlen(call->provider_id)}};
    const struct bytes content[] = {
        {"call", 4}, {call->from, strlen(call->from)}, {call->to, strlen(call->to)}};
    key_hash(hash_key, id, MUTANT("calls_are_known_as_texts") ? 2 : 3, in->dedupe_key);
    key_hash(hash_key, content, 3, in->content_hash);
}

static void reject(void (*done)(void *data, const struct inbound_call_result *result), void *data,
                   enum rejection rejection)
{
    done(data, &(struct inbound_call_result){
                   .outcome = CALL_REJECTED,
                   .reason = rejection_reason(rejection),
                   .original = rejection_original(
                       rejection, MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE),
                   .notice = "",
               });
}

void ingress_call(struct masking *masking, const struct inbound_call *call,
                  void (*done)(void *data, const struct inbound_call_result *result), void *data)
{
    size_t id_size = strlen(call->provider_id);
    const struct port *port = ports_find(masking->ports, call->carrier);
    if (!port || !port->carrier->calls) {
        reject(done, data, REJECT_CARRIER_UNKNOWN);
        return;
    }
    if (!id_size || id_size > PROVIDER_ID_MOST) {
        reject(done, data, REJECT_PROVIDER_ID_INVALID);
        return;
    }
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (!arrival) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, &(struct inbound_call_result){
                       .outcome = CALL_UNDECIDED, .notice = "", .error = &error});
        return;
    }
    struct inbound *in = &arrival->base;
    if (!inbound_addresses(in, masking, call->from, call->to)) {
        free(arrival);
        reject(done, data, REJECT_NUMBER_UNKNOWN);
        return;
    }
    in->type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    in->carrier = call->carrier;
    in->provider_id = call->provider_id;
    in->result.outcome = INBOUND_FAILED;
    in->command = (struct command){.prefetch = prefetch, .decide = decide, .done = finish};
    arrival->done = done;
    arrival->data = data;
    hash_call(in, call);
    error_clear(&in->error);
    FAILPOINT("call_before_submit");
    pipeline_submit(masking->pipeline, &in->command);
}
