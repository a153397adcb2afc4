#include "server/masking/bars/person_letters.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/errors.h"
#include "server/masking/outbox/outbox.h"

#include <string.h>

enum { LOOKED_AT_MOST = 256 };

static bool is_one_of(const struct person *person,
                      const Maskline__Store__V1__Participant *participant)
{
    for (size_t i = 0; i < participant->n_persons && !participant->delete_time; i++) {
        const ProtobufCBinaryData *one = &participant->persons[i];
        if (one->len == PERSON_SIZE && !memcmp(one->data, person->bytes, PERSON_SIZE))
            return true;
    }
    return false;
}

static void add(struct person_letters *letters, const Maskline__Store__V1__Session *session,
                const struct person *person)
{
    for (size_t i = 0; i < session->n_participants && letters->count < PERSON_LETTERS_MOST; i++) {
        if (!is_one_of(person, session->participants[i]))
            continue;
        memcpy(letters->to[letters->count].session, session->sid.data, SID_BYTES);
        memcpy(letters->to[letters->count++].participant, session->participants[i]->sid.data,
               SID_BYTES);
    }
}

bool person_letters_find(struct rows *rows, const Maskline__Store__V1__Service *service,
                         const struct person *person, struct person_letters *ret_letters,
                         struct error *error)
{
    ret_letters->count = 0;
    ret_letters->log = key_log(rows->tenant, service->sid.data);
    struct key prefix = key_person_sessions(rows->tenant, service->sid.data, person);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), true);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (unsigned looked = 0; ok && looked < LOOKED_AT_MOST &&
                              ret_letters->count < PERSON_LETTERS_MOST && scan_valid(scan);
         scan_next(scan), looked++) {
        sid_bytes sid;
        Maskline__Store__V1__Session *session;
        if (!key_last_sid(scan_key(scan), sid))
            continue;
        enum kv_found found = rows_session(rows, service->sid.data, sid, &session, error);
        ok = found != KV_FAILED;
        if (found == KV_FOUND && session_active(session, rows->now))
            add(ret_letters, session, person);
    }
    ret_letters->more = scan_valid(scan);
    ok = ok && (ret_letters->more || scan_ok(scan, error));
    scan_free(scan);
    return ok;
}

void person_letters_hurry(struct masking *masking, const struct person_letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        outbox_hurry(masking->outbox, letters->to[i].session, letters->to[i].participant);
        if (!MUTANT("barred_calls_live_on"))
            call_watch_note(masking->calls, &letters->log, letters->to[i].session);
    }
    if (letters->more && !MUTANT("calls_of_many_sessions_live_on"))
        calls_look_at_all(masking->calls);
}
