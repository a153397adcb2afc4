#include "server/masking/numbers/shortage.h"

#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"
#include "server/masking/refused.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/warned.h"

#include <stdio.h>

static bool append(struct op *op, struct rows *rows, const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Session *session, const struct shortage *shortage)
{
    Maskline__Store__V1__PoolExhausted exhausted = MASKLINE__STORE__V1__POOL_EXHAUSTED__INIT;
    exhausted.reason = borrowed(op->error.reason);
    exhausted.original_code = op->error.original;
    if (!MUTANT("exhaustion_without_place")) {
        exhausted.country = borrowed(shortage->geo.country);
        exhausted.calling_code = borrowed(shortage->geo.code);
        exhausted.place = borrowed(shortage->place);
    }
    exhausted.sms = shortage->sms;
    exhausted.voice = shortage->voice;
    exhausted.free_time = shortage->free_time;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_POOL_EXHAUSTED;
    entry.pool_exhausted = &exhausted;
    if (session) {
        exhausted.session = session->sid;
        entry_of_session(&entry, session);
    }
    struct error ignored; /* the transaction keeps it */
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, &ignored);
}

static bool tell(struct op *op, struct rows *rows, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Session *session, const struct shortage *shortage)
{
    if (shortage->asked_for)
        return refused_tell(op->masking, rows, service,
                            &(struct refused_call){.reason = op->error.reason,
                                                   .why = &op->error,
                                                   .session = session,
                                                   .proxy_identifier = shortage->asked_for});
    char where[PLACE_SIZE + 16];
    snprintf(where, sizeof where, "%s %s %s", shortage->geo.country, shortage->geo.code,
             shortage->place);
    return !warned_now(op->masking->warned, service->sid.data, op->error.reason, where,
                       rows->now) ||
           append(op, rows, service, session, shortage);
}

bool shortage_tell(struct op *op, struct rows *rows, const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Session *session, const struct shortage *shortage)
{
    if (!shortage->there_is || MUTANT("exhaustion_untold"))
        return false;
    op->refused = tell(op, rows, service, session, shortage);
    return op->refused;
}
