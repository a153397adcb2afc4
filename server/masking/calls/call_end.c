#include "server/masking/calls/calls.h"

#include "proto/c/fault.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/errors.h"
#include "server/masking/op.h"

#include <string.h>

/* A client has a call hung up. The wish is written down; whoever sees it durable tells the carrier (call_watch.h). */

struct ending {
    struct op op;
    const struct interaction_name *name;
    interaction_done done;
    void *data;
    sid_bytes sid;
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Interaction *interaction;
};

static void tell(struct op *base, const struct error *error)
{
    struct ending *ending = (struct ending *)base;
    ending->done(ending->data, error ? NULL : ending->service, error ? NULL : ending->interaction,
                 error);
}

static bool decide(struct op *base, struct rows *rows)
{
    struct ending *ending = (struct ending *)base;
    struct error *error = &base->error;
    Maskline__Store__V1__Session *session;
    struct call_sides sides;
    if (!rows_find_active_service(rows, ending->name->service, &ending->service, error) ||
        !rows_find_session(rows, ending->service, ending->name->session, &session, error))
        return false;
    enum kv_found found = rows_interaction(rows, ending->service->sid.data, session->sid.data,
                                           ending->sid, &ending->interaction, error);
    if (found == KV_ABSENT)
        return refuse(error, REFUSED_INTERACTION_NOT_FOUND);
    if (found == KV_FAILED)
        return false;
    if (call_blocked(ending->interaction))
        return true;
    if (!call_of(ending->interaction, &sides))
        return refuse(error, REFUSED_NOT_A_CALL);
    int64_t due = sides.call->due_time;
    if (!call_wish_end(&sides, "END_CALL", rows->now) || MUTANT("end_call_does_nothing"))
        return true;
    return call_append(rows, ending->service->sid.data, &sides, due, false, error);
}

void calls_end(struct masking *masking, const struct interaction_name *name, interaction_done done,
               void *data)
{
    struct ending *ending = op_new(masking, sizeof *ending);
    if (!ending) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return;
    }
    ending->op.tell = tell;
    ending->op.decide = decide;
    ending->name = name;
    ending->done = done;
    ending->data = data;
    if (!sid_parse("KI", name->interaction, ending->sid))
        refuse(&ending->op.error, REFUSED_INTERACTION_SID);
    op_run(&ending->op);
}
