#include "server/masking/messages/repeat_steps.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_take.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"

#include <string.h>

static enum kv_found find_answer(struct reception *r, Maskline__Store__V1__Dedupe **ret_row)
{
    struct key key = key_dedupe(r->rows.tenant, r->service->sid.data, r->in->dedupe_key);
    struct kv_value value;
    enum kv_found found = rows_get(&r->rows, KV_LIVE, &key, &value, &r->in->error);
    if (found != KV_FOUND)
        return found;
    *ret_row = maskline__store__v1__dedupe__unpack(arena_allocator(r->rows.arena), value.bytes.size,
                                                   value.bytes.data);
    if (*ret_row)
        return KV_FOUND;
    refuse(&r->in->error, REFUSED_RECORD_UNREADABLE);
    return KV_FAILED;
}

static bool same_content(const struct inbound *in, const Maskline__Store__V1__Dedupe *row)
{
    return row->content_hash.len == HASH_SIZE &&
           !memcmp(row->content_hash.data, in->content_hash, HASH_SIZE);
}

/* It is remembered as any answer is; but where something else was answered under this id, before its sender became a number of ours, that
 * stays known, and this gets a key of which no other text's is made. */
static enum step reject_loop(struct reception *r)
{
    struct inbound *in = r->in;
    for (int round = 0; round < 2; round++) {
        Maskline__Store__V1__Dedupe *row;
        enum kv_found found = find_answer(r, &row);
        if (found != KV_FOUND)
            return found == KV_ABSENT ? inbound_reject(r, REJECT_LOOP) : STEP_BROKEN;
        if (same_content(in, row) && !strcmp(row->reason, rejection_reason(REJECT_LOOP)))
            break;
        const struct bytes all[] = {
            {in->dedupe_key, HASH_SIZE}, {in->content_hash, HASH_SIZE}, {"LOOP", 4}};
        key_hash(r->rows.hash_key, all, 3, in->dedupe_key);
    }
    inbound_settle(in, REJECT_LOOP);
    in->result.repeated = true;
    return STEP_END;
}

enum step step_check_loop(struct reception *r)
{
    struct inbound *in = r->in;
    if (!in->from_known || MUTANT("inbound_in_circles"))
        return STEP_ON;
    Maskline__Store__V1__Dedupe *row;
    if (MUTANT("loop_after_repeat") && find_answer(r, &row) == KV_FOUND)
        return STEP_ON;
    switch (known_held(in->masking->known, &r->rows, in->from.text, &in->error)) {
    case KV_FOUND:
        return reject_loop(r);
    case KV_ABSENT:
        return STEP_ON;
    default:
        return STEP_BROKEN;
    }
}

static enum step answer_again(struct reception *r, const Maskline__Store__V1__Dedupe *row)
{
    struct inbound *in = r->in;
    enum rejection rejection = rejection_of(row->reason);
    if (inbound_is_call(in) && !*row->reason)
        return call_take_again(in, &r->rows, r->service, row) ? STEP_END : STEP_BROKEN;
    if (inbound_is_call(in) && !call_say(in, &r->rows, r->service, rejection_notice(rejection)))
        return STEP_BROKEN;
    if (*row->reason && !MUTANT("repeat_of_refused_is_accepted"))
        in->result = (struct inbound_result){.outcome = INBOUND_REJECTED,
                                             .reason = row->reason,
                                             .original = rejection_original(rejection, in->type)};
    else
        in->result = (struct inbound_result){.outcome = INBOUND_ACCEPTED};
    in->result.repeated = true;
    return STEP_END;
}

static enum step warn_of_reuse(struct reception *r)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed("PROVIDER_ID_REUSED");
    warning.message =
        borrowed(inbound_is_call(in)
                     ? "A carrier gave the id of an earlier call to one between other numbers."
                     : "A carrier gave the id of an earlier message to one with other content.");
    warning.carrier = borrowed(in->carrier);
    warning.proxy_identifier = borrowed(in->to_text);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    uint64_t position;
    return rows_append(&r->rows, r->service->sid.data, &entry, &position, &in->error) ? STEP_ON
                                                                                      : STEP_BROKEN;
}

/* Since commands are decided one after the other, this finds also one that is not durable yet. An id that comes with
 * other content is another message: it gets a key of its own, of id and content, so that each of the two is known again. */
enum step step_find_repeat(struct reception *r)
{
    struct inbound *in = r->in;
    for (int round = 0; round < 2; round++) {
        Maskline__Store__V1__Dedupe *row;
        enum kv_found found = find_answer(r, &row);
        if (found == KV_FAILED)
            return STEP_BROKEN;
        if (MUTANT("repeat_is_new"))
            return STEP_ON;
        if (found == KV_FOUND && (same_content(in, row) || MUTANT("reused_id_is_repeat")))
            return answer_again(r, row);
        if (found == KV_ABSENT)
            return round && !MUTANT("reuse_untold") ? warn_of_reuse(r) : STEP_ON;
        const struct bytes both[] = {{in->dedupe_key, HASH_SIZE}, {in->content_hash, HASH_SIZE}};
        key_hash(r->rows.hash_key, both, 2, in->dedupe_key);
    }
    return STEP_ON;
}
