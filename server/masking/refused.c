#include "server/masking/refused.h"

#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/warned.h"

bool refused_tell(struct masking *masking, struct rows *rows,
                  const Maskline__Store__V1__Service *service, const struct refused_call *call)
{
    const char *proxy = call->proxy_identifier ? call->proxy_identifier : "";
    struct sid_text sid = {.text = ""};
    if (call->session)
        sid = sid_format("KC", call->session->sid.data);
    if (MUTANT("refused_call_untold") ||
        !warned_now(masking->warned, service->sid.data, call->reason,
                    call->session ? sid.text : proxy, rows->now))
        return true;
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed(call->reason);
    warning.message = borrowed(call->why->message);
    warning.original_code = call->why->original;
    warning.proxy_identifier = borrowed(proxy);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    if (call->session) {
        warning.session = call->session->sid;
        entry_of_session(&entry, call->session);
    }
    struct error ignored; /* the transaction keeps it */
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, &ignored);
}

bool refused_traffic_tell(struct masking *masking, struct rows *rows,
                          const Maskline__Store__V1__Service *service,
                          const Maskline__Store__V1__Session *session, const struct error *why)
{
    enum { EXPIRED = 80904, NO_MESSAGES = 80910, NO_CALLS = 80911 };
    struct refused_call call = {.reason = why->reason, .why = why, .session = session};
    switch (why->original) {
    case EXPIRED:
        call.reason = "SESSION_EXPIRED"; /* to who asks, it is closed */
        return refused_tell(masking, rows, service, &call);
    case NO_MESSAGES:
    case NO_CALLS:
        return refused_tell(masking, rows, service, &call);
    default:
        return false;
    }
}
