#include "server/masking/sessions/session_op.h"

struct deletion {
    struct session_op base;
    const char *service;
    const char *session;
};

static bool decide(struct op *base, struct rows *rows)
{
    struct deletion *deletion = (struct deletion *)base;
    struct session_op *op = &deletion->base;
    return session_op_find(op, rows, deletion->service, deletion->session) &&
           session_remove(rows, op->service, op->session, false, false, &base->error);
}

static void warm(struct op *base, struct rows *rows)
{
    const struct deletion *deletion = (const struct deletion *)base;
    sid_bytes service;
    (void)session_op_warm(rows, deletion->service, deletion->session, service);
}

void sessions_delete(struct masking *masking, const char *service, const char *session,
                     session_done done, void *data)
{
    struct deletion *deletion = session_op_new(masking, sizeof *deletion, done, data);
    if (!deletion)
        return;
    deletion->service = service;
    deletion->session = session;
    deletion->base.op.decide = decide;
    deletion->base.op.warm = warm;
    op_run(&deletion->base.op);
}
