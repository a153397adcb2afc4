#include "proto/c/fault.h"
#include "server/masking/calls/call_check.h"
#include "server/masking/calls/call_row.h"
#include "server/masking/errors.h"
#include "server/masking/messages/inbound.h"
#include "server/masking/messages/legs.h"
#include "server/masking/outbox/outbound_key.h"
#include "server/masking/outbox/ports.h"
#include "server/masking/rows/known.h"

#include <stdlib.h>
#include <string.h>

/* What a carrier reports of a call. Each report is also the question whether the call may go on. */

struct report {
    struct command command;
    struct masking *masking;
    const struct call_progress *progress;
    void (*done)(void *data, const struct call_answer *answer);
    void *data;
    struct call_id id;
    bool given; /* the key was made for this carrier */
    bool hang_up;
    struct error error;
};

static bool append_warning(struct report *report, struct rows *rows,
                           const Maskline__Store__V1__Interaction *interaction, const char *reason,
                           int32_t original, const char *message)
{
    const Maskline__Store__V1__Service *service;
    enum kv_found found = known_service(report->masking->known, rows, log_service(&report->id.log),
                                        &service, &report->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT ||
        service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return true; /* nobody is left to be warned */
    Maskline__Store__V1__Warning warning = MASKLINE__STORE__V1__WARNING__INIT;
    warning.reason = borrowed(reason);
    warning.original_code = original;
    warning.message = borrowed(message);
    warning.session = (ProtobufCBinaryData){SID_BYTES, report->id.session};
    warning.interaction = (ProtobufCBinaryData){SID_BYTES, report->id.interaction};
    warning.carrier = borrowed(report->progress->carrier);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING;
    entry.warning = &warning;
    if (interaction) {
        entry.session_metadata = interaction->session_metadata;
        entry.n_session_metadata = interaction->n_session_metadata;
    }
    uint64_t position;
    return rows_append(rows, log_service(&report->id.log), &entry, &position, &report->error);
}

static bool refuse_unknown(struct report *report, enum refusal refusal)
{
    report->hang_up = true;
    return refuse(&report->error, refusal);
}

/* Whether it may go on as its carrier says; when not, it is to be hung up from now on. */
static bool ask(struct report *report, struct rows *rows, struct call_sides *sides,
                bool *ret_wished)
{
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
    struct call_people people;
    const char *reason = "SESSION_CLOSED";
    *ret_wished = false;
    if (MUTANT("progress_is_not_asked_about"))
        return true;
    enum kv_found found = known_service(report->masking->known, rows, log_service(&report->id.log),
                                        &service, &report->error);
    if (found == KV_FOUND)
        found = rows_session(rows, service->sid.data, report->id.session, &session, &report->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_FOUND && !call_may_live(report->masking, rows, service, session, sides, &people,
                                            &reason, &report->error))
        return false;
    *ret_wished = reason && call_wish_end(sides, reason, rows->now);
    return true;
}

static bool take(struct report *report, struct rows *rows, struct call_sides *sides)
{
    bool lived = !sides->call->end_time, wished = false;
    int64_t due = sides->call->due_time;
    enum call_news news = call_go_on(sides, report->progress, rows->now);
    bool lives = !sides->call->end_time;
    if (news == CALL_UNSOUND)
        return refuse(&report->error, REFUSED_CALL_PROGRESS);
    if (lives && !ask(report, rows, sides, &wished))
        return false;
    report->hang_up = !lives || sides->call->hang_up_time != 0;
    if (news == CALL_CONTRADICTED)
        return append_warning(report, rows, sides->interaction, "CALL_ALREADY_ENDED", 80906,
                              "A carrier says otherwise of a call than what it ended as.");
    /* A lost one of which its carrier knows nothing either: nobody has to be told anything any more. */
    if (news == CALL_SAME && !lived && sides->call->lost && report->progress->status == CALL_GONE)
        return call_row_forget(rows, &report->id, sides->call->end_time + CALL_HANG_UP_AGAIN,
                               &report->error);
    if (news == CALL_SAME && !wished)
        return true;
    return call_append(rows, log_service(&report->id.log), sides, due, lived && !lives,
                       &report->error);
}

static bool decide(struct command *command, struct txn *txn)
{
    struct report *report = (struct report *)command;
    struct rows rows = rows_of_txn(txn, report->masking->store);
    struct call_sides sides;
    rows.tenant = log_tenant(&report->id.log);
    report->hang_up = false;
    known_begin(report->masking->known);
    enum kv_found found = call_row(&rows, &report->id, &sides, &report->error);
    if (found == KV_FAILED)
        return false;
    if (!report->given && !MUTANT("progress_from_any_carrier"))
        return refuse_unknown(report, found == KV_ABSENT ? REFUSED_CALL_UNKNOWN
                                                         : REFUSED_CALL_OF_OTHER_CARRIER);
    if (found == KV_FOUND)
        return take(report, &rows, &sides);
    /* The key is ours: the call was there once. That the carrier knows nothing of it either is well. */
    report->hang_up = true;
    if (report->progress->status >= CALL_COMPLETED &&
        !call_row_forget(&rows, &report->id, 0, &report->error))
        return false;
    return report->progress->status == CALL_GONE || MUTANT("call_not_open_untold") ||
           append_warning(report, &rows, NULL, "CALL_NOT_OPEN", 80907,
                          "A carrier reports of a call of which there is no interaction.");
}

static void finish(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct report *report = (struct report *)command;
    if (outcome == COMMAND_DURABLE)
        error = report->error.code == STATUS_OK ? NULL : &report->error;
    FAILPOINT("call_progress_before_answer");
    /* What cannot be decided must not go on. */
    const struct call_answer answer = {.hang_up = report->hang_up && outcome == COMMAND_DURABLE,
                                       .error = error};
    report->done(report->data, &answer);
    free(report);
}

static void answer_at_once(enum refusal refusal, bool hang_up,
                           void (*done)(void *data, const struct call_answer *answer), void *data)
{
    struct error error;
    refuse(&error, refusal);
    done(data, &(struct call_answer){.hang_up = hang_up, .error = &error});
}

static bool short_enough(const char *text)
{
    return !text || strnlen(text, PROVIDER_ID_MOST + 1) <= PROVIDER_ID_MOST;
}

static void prefetch(struct command *command, struct view *view)
{
    struct report *report = (struct report *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(256 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, report->masking->store, arena);
    rows.tenant = log_tenant(&report->id.log);
    struct call_sides sides;
    struct error error;
    (void)call_row(&rows, &report->id, &sides, &error);
}

void ingress_call_progress(struct masking *masking, const struct call_progress *progress,
                           void (*done)(void *data, const struct call_answer *answer), void *data)
{
    struct call_id id;
    if (!call_key_read(progress->key, &id)) {
        answer_at_once(REFUSED_CALL_UNKNOWN, true, done, data);
        return;
    }
    if (!short_enough(progress->provider_id) || !short_enough(progress->carrier_code)) {
        answer_at_once(REFUSED_CALL_PROGRESS, false, done, data);
        return;
    }
    struct report *report = malloc(sizeof *report);
    if (!report) {
        answer_at_once(REFUSED_NO_MEMORY, false, done, data);
        return;
    }
    report->command = (struct command){.prefetch = prefetch, .decide = decide, .done = finish};
    report->masking = masking;
    report->progress = progress;
    report->done = done;
    report->data = data;
    report->id = id;
    report->given =
        ports_find(masking->ports, progress->carrier) &&
        outbound_key_given(progress->key, store_hash_key(masking->store), progress->carrier);
    error_clear(&report->error);
    FAILPOINT("call_progress_before_submit");
    pipeline_submit(masking->pipeline, &report->command);
}
