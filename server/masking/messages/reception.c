#include "server/masking/messages/reception.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_take.h"
#include "server/masking/errors.h"
#include "server/masking/messages/last_session.h"
#include "server/masking/messages/legs.h"
#include "server/masking/messages/notices.h"
#include "server/masking/sessions/metadata.h"

bool inbound_is_call(const struct inbound *in)
{
    return in->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
}

enum step inbound_settle(struct inbound *in, enum rejection rejection)
{
    in->result = (struct inbound_result){.outcome = INBOUND_REJECTED,
                                         .reason = rejection_reason(rejection),
                                         .original = rejection_original(rejection, in->type)};
    return STEP_END;
}

enum step inbound_reject(struct reception *r, enum rejection rejection)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__InboundRejected rejected = MASKLINE__STORE__V1__INBOUND_REJECTED__INIT;
    rejected.proxy_identifier =
        borrowed(MUTANT("rejection_tells_sender") ? in->from.text : in->to_text);
    rejected.carrier = borrowed(in->carrier);
    rejected.reason = borrowed(rejection_reason(rejection));
    rejected.original_code = rejection_original(rejection, in->type);
    if (r->session)
        rejected.session = r->session->sid;
    if (r->sender)
        rejected.participant = r->sender->sid;
    rejected.dedupe_key = (ProtobufCBinaryData){HASH_SIZE, in->dedupe_key};
    rejected.content_hash = (ProtobufCBinaryData){HASH_SIZE, in->content_hash};
    rejected.type = in->type;
    Maskline__Store__V1__NoticeOccasion notice = rejection_notice(rejection);
    if (inbound_is_call(in)
            ? !call_say(in, &r->rows, r->service, notice)
            : !MUTANT("rejection_is_not_answered") &&
                  !notice_make(in, &r->rows, r->service, notice, "", &rejected.notice))
        return STEP_BROKEN;
    if (r->session && notice == NOTICE(OUT_OF_SESSION) && !MUTANT("last_session_untold")) {
        rejected.last_session = last_session(r->rows.arena, r->session, r->sender);
        if (!rejected.last_session) {
            refuse(&in->error, REFUSED_NO_MEMORY);
            return STEP_BROKEN;
        }
    }
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED;
    entry.inbound_rejected = &rejected;
    if (r->session)
        entry_of_session(&entry, r->session);
    uint64_t position;
    if (!rows_append(&r->rows, r->service->sid.data, &entry, &position, &in->error))
        return STEP_BROKEN;
    return inbound_settle(in, rejection);
}
