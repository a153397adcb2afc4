#include "server/masking/sessions/session_name.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"

#include <string.h>

static bool taken(struct error *error)
{
    return MUTANT("session_name_twice") || refuse(error, REFUSED_SESSION_NAME_TAKEN);
}

/* Of those that have had the name, and that others took it from: while names cannot be taken again, it is theirs still. */
static bool check_earlier(struct rows *rows, const Maskline__Store__V1__Service *service,
                          const char *name, const uint8_t *session, struct error *error)
{
    sid_bytes sid;
    if (!service->settings->reused_names || service->settings->reuse_names)
        return true;
    enum kv_found found = rows_name_last(rows, service->sid.data, name, sid, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    return (session && !memcmp(sid, session, SID_BYTES)) || taken(error);
}

bool session_name_take(struct rows *rows, const Maskline__Store__V1__Service *service,
                       const char *name, const uint8_t *session, struct name_taken *ret_taken,
                       struct error *error)
{
    struct name_taken result = {.by_other = false};
    Maskline__Store__V1__Session *other;
    const uint8_t *its = service->sid.data;
    enum kv_found found = rows_name_holder(rows, its, name, result.before, error);
    result.held = found == KV_FOUND && session && !memcmp(result.before, session, SID_BYTES);
    *ret_taken = result;
    if (result.held)
        return true;
    if (found == KV_FOUND)
        found = rows_session(rows, its, result.before, &other, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT)
        return check_earlier(rows, service, name, session, error);
    if (session_purged(other, rows->now))
        return session_remove(rows, service, other, true, false, error) &&
               check_earlier(rows, service, name, session, error);
    if (!service->settings->reuse_names ||
        (session_active(other, rows->now) && !MUTANT("name_of_active_taken")))
        return taken(error);
    ret_taken->by_other = true;
    return true;
}
