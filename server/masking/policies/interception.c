#include "server/masking/policies/interception.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"

/* The original's code for what was blocked before it went on. */
enum { ORIGINAL_BLOCKED = 80909 };

static bool is_intercepted(const struct interception_subject *subject)
{
    const Maskline__Store__V1__Settings *settings = subject->service->settings;
    return subject->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE
               ? settings->intercept_calls && !MUTANT("calls_are_not_asked_about")
               : settings->intercept_messages;
}

static bool fails_closed(const Maskline__Store__V1__Settings *settings)
{
    return settings->interception_failure ==
           MASKLINE__STORE__V1__INTERCEPTION_FAILURE__INTERCEPTION_FAILURE_CLOSED;
}

static Maskline__Store__V1__Interception *blocked(struct arena *arena, const char *reason)
{
    Maskline__Store__V1__Interception *made = arena_alloc(arena, sizeof *made);
    if (!made)
        return NULL;
    maskline__store__v1__interception__init(made);
    made->state = MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED;
    made->reason = borrowed(reason);
    made->original_code = ORIGINAL_BLOCKED;
    return made;
}

bool interception_ask(struct rows *rows, const struct interception_subject *subject,
                      Maskline__Store__V1__Interception **ret_interception, struct error *error)
{
    *ret_interception = NULL;
    if (!is_intercepted(subject) ||
        (!fails_closed(subject->service->settings) && !MUTANT("interception_fails_closed")) ||
        MUTANT("interception_fails_open"))
        return true;
    *ret_interception = blocked(rows->arena, "NOBODY_ATTENDS");
    return *ret_interception || refuse(error, REFUSED_NO_MEMORY);
}
