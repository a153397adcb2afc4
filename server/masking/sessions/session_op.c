#include "server/masking/sessions/session_op.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"

static void tell(struct op *base, const struct error *error)
{
    struct session_op *op = (struct session_op *)base;
    if (error)
        op->done(op->data, NULL, NULL, error);
    else
        op->done(op->data, op->service, op->session, NULL);
}

void *session_op_new(struct masking *masking, size_t size, session_done done, void *data)
{
    struct session_op *op = op_new(masking, size);
    if (!op) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return NULL;
    }
    op->op.tell = tell;
    op->done = done;
    op->data = data;
    return op;
}

bool session_op_find(struct session_op *op, struct rows *rows, const char *service,
                     const char *session)
{
    struct error *error = &op->op.error;
    if (!rows_find_active_service(rows, service, &op->service, error) ||
        !rows_find_session(rows, op->service, session, &op->session, error))
        return false;
    bool was_open = session_open(op->session);
    if (!session_close_expired(rows, op->service, op->session, error))
        return false;
    if (was_open && !session_open(op->session))
        op_note_session(&op->op, op->service, op->session);
    /* What is over changes no more, whether a timer has noticed or not. */
    return !session_open(op->session) || MUTANT("over_number_changes_still") ||
           session_end_numbers(rows, op->service, op->session, NULL, error);
}

bool session_op_warm(struct rows *rows, const char *service, const char *session,
                     sid_bytes ret_service)
{
    if (!rows_warm_service(rows, service, ret_service))
        return false;
    rows_warm_session(rows, ret_service, session);
    return true;
}
