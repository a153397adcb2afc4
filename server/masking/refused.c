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
