#include "server/masking/numbers/shortage.h"

#include "proto/c/fault.h"
#include "server/masking/messages/legs.h"
#include "server/masking/refused.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/warned.h"

#include <stdio.h>
#include <string.h>

/* Whether a new number for the one would do for the other. Who is of no known country may have any. */
static bool would_do(const struct shortage *number, const struct shortage *for_whom)
{
    return !*for_whom->geo.code || (!strcmp(number->geo.code, for_whom->geo.code) &&
                                    (!*for_whom->place || !strcmp(number->place, for_whom->place)));
}

static void say_place(struct error *error, const struct shortage *shortage)
{
    if (*shortage->geo.code)
        error_metadata(error, "needed_calling_code", "%s", shortage->geo.code);
    if (*shortage->place)
        error_metadata(error, "needed_place", "%s", shortage->place);
}

void shortage_add(struct error *error, const struct shortage *first, const struct shortage *second)
{
    if (!first->one_would_do || !second->one_would_do || would_do(first, second))
        return;
    /* Two people can have one number, if it is near enough to both. */
    if (would_do(second, first)) {
        say_place(error, second);
        return;
    }
    error_metadata(error, "needed_numbers", "%d", MUTANT("refusal_counts_one") ? 1 : 2);
    error_metadata(error, "needed_also", "+%s%s%s", second->geo.code, *second->place ? " " : "",
                   second->place);
}

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
