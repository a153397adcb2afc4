#include "server/masking/sessions/renumber.h"

#include "proto/c/fault.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/joiner.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/sessions/session_numbers.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

struct renumbering {
    struct masking *masking;
    struct rows *rows;
    const Maskline__Store__V1__Service *service;
    struct error *error;
    const char *proxy;                 /* that leaves; NULL: what is lost already */
    int64_t until;                     /* the lost numbers were honoured until then */
    Maskline__Store__V1__Session plan; /* what the session becomes: its list is its own */
    bool *changed;                     /* who of that list */
    bool any;
};

static bool no_memory(struct renumbering *r)
{
    return refuse(r->error, REFUSED_NO_MEMORY);
}

/* Whether a number is in the pool, to stay. */
static enum kv_found stays(struct renumbering *r, const char *proxy)
{
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found = rows_number(r->rows, r->service->pool.data, proxy, &number, r->error);
    return found == KV_FOUND && number->removal_time ? KV_ABSENT : found;
}

static bool same_number(const char *a, const char *b)
{
    struct address x = proxy_form(a), y = proxy_form(b);
    return !strcmp(x.text, y.text);
}

/* KV_FOUND: the participant's present number goes, or has gone. */
static enum kv_found is_lost(struct renumbering *r,
                             const Maskline__Store__V1__Participant *participant)
{
    if (participant->delete_time || !participant->n_bindings)
        return KV_ABSENT;
    const char *present = participant->bindings[0]->proxy_identifier;
    if (r->proxy)
        return same_number(present, r->proxy) ? KV_FOUND : KV_ABSENT;
    switch (stays(r, present)) {
    case KV_FOUND:
        return KV_ABSENT;
    case KV_ABSENT:
        return KV_FOUND;
    default:
        return KV_FAILED;
    }
}

/* Whether an error says that nothing fits, and not that nobody could look. */
static bool nothing_fits(const struct error *error)
{
    return error->code == STATUS_FAILED_PRECONDITION || error->code == STATUS_INVALID_ARGUMENT;
}

static enum renumbered choose(struct renumbering *r,
                              const Maskline__Store__V1__Participant *participant,
                              struct choice *ret_choice)
{
    static const struct participant_draft asks_for_nothing;
    const char *present = participant->bindings[0]->proxy_identifier;
    struct joiner joiner;
    if (*present != '+') {
        refuse(r->error, REFUSED_NUMBER_GONE);
        return RENUMBERED_NONE;
    }
    if (!joiner_of(participant, &asks_for_nothing, &joiner)) {
        rows_unreadable(r->rows, r->error);
        return RENUMBERED_FAILED;
    }
    /* No row tells yet of what another participant has just got. */
    const struct seat seat = {
        .service = r->service, .session = &r->plan, .is_new = r->any, .replaced = participant};
    if (joiner_number(r->masking, r->rows, &seat, &joiner, present, ret_choice, r->error))
        return RENUMBERED_ALL;
    return nothing_fits(r->error) ? RENUMBERED_NONE : RENUMBERED_FAILED;
}

/* The chosen number first; then those that there were, the lost one over. */
static bool set_bindings(struct renumbering *r, const Maskline__Store__V1__Participant *was,
                         const struct choice *choice, Maskline__Store__V1__Participant *made)
{
    struct arena *arena = r->rows->arena;
    made->bindings =
        arena_array(arena, was->n_bindings + 1, sizeof(Maskline__Store__V1__Binding *));
    Maskline__Store__V1__Binding *now = binding_to(r->rows, choice);
    if (!made->bindings || !now)
        return no_memory(r);
    made->bindings[0] = now;
    made->n_bindings = 1;
    for (size_t i = 0; i < was->n_bindings; i++) {
        if (same_number(was->bindings[i]->proxy_identifier, now->proxy_identifier))
            continue;
        Maskline__Store__V1__Binding *kept = arena_alloc(arena, sizeof *kept);
        if (!kept)
            return no_memory(r);
        *kept = *was->bindings[i];
        if (i == 0 || (r->proxy && !kept->ended && same_number(kept->proxy_identifier, r->proxy))) {
            kept->until_time = r->until;
            kept->ended = true;
        }
        made->bindings[made->n_bindings++] = kept;
    }
    return true;
}

/* What waits for this person goes on waiting, and leaves by the new number. */
static bool make(struct renumbering *r, size_t index, const struct choice *choice)
{
    const Maskline__Store__V1__Participant *was = r->plan.participants[index];
    Maskline__Store__V1__Participant *made = arena_alloc(r->rows->arena, sizeof *made);
    if (!made)
        return no_memory(r);
    *made = *was;
    if (!set_bindings(r, was, choice, made))
        return false;
    made->update_time = r->rows->now;
    made->generation = r->plan.generation + 1;
    made->legs_since = was->legs_since ? was->legs_since : was->generation;
    r->plan.generation++;
    r->plan.participants[index] = made;
    r->changed[index] = r->any = true;
    return true;
}

static bool begin(struct renumbering *r, const Maskline__Store__V1__Session *session)
{
    size_t count = session->n_participants;
    r->plan = *session;
    r->plan.participants =
        arena_array(r->rows->arena, count, sizeof(Maskline__Store__V1__Participant *));
    r->changed = arena_array(r->rows->arena, count, sizeof *r->changed);
    if (!r->plan.participants || !r->changed)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        r->plan.participants[i] = session->participants[i];
        r->changed[i] = false;
    }
    return true;
}

static enum renumbered plan(struct renumbering *r, const Maskline__Store__V1__Session *session)
{
    if (!begin(r, session))
        return RENUMBERED_FAILED;
    for (size_t i = 0; i < session->n_participants; i++) {
        struct choice choice;
        enum kv_found lost = is_lost(r, session->participants[i]);
        if (lost == KV_FAILED)
            return RENUMBERED_FAILED;
        if (lost == KV_ABSENT)
            continue;
        enum renumbered chosen = choose(r, session->participants[i], &choice);
        if (chosen != RENUMBERED_ALL)
            return chosen;
        if (!make(r, i, &choice))
            return RENUMBERED_FAILED;
    }
    if (session_pairs_ever(&r->plan) <= PAIRS_EVER || !r->any)
        return RENUMBERED_ALL;
    refuse(r->error, REFUSED_TOO_MANY_CHANGES);
    return RENUMBERED_NONE;
}

static Maskline__Store__V1__ParticipantUpdated change_of(struct renumbering *r, size_t index)
{
    Maskline__Store__V1__ParticipantUpdated change = MASKLINE__STORE__V1__PARTICIPANT_UPDATED__INIT;
    change.participant = r->plan.participants[index];
    change.generation = change.participant->generation;
    change.number_replaced = change.number_ended = true;
    return change;
}

enum renumbered session_renumber(struct masking *masking, struct rows *rows,
                                 const Maskline__Store__V1__Service *service,
                                 Maskline__Store__V1__Session *session, const char *proxy,
                                 struct error *error)
{
    struct renumbering r = {.masking = masking,
                            .rows = rows,
                            .service = service,
                            .error = error,
                            .proxy = proxy,
                            .until = rows->now};
    enum renumbered planned = plan(&r, session);
    for (size_t i = 0; planned == RENUMBERED_ALL && i < r.plan.n_participants; i++) {
        Maskline__Store__V1__ParticipantUpdated change;
        if (!r.changed[i])
            continue;
        change = change_of(&r, i);
        if (!participant_append(rows, service, session, &change, error))
            return RENUMBERED_FAILED;
    }
    return planned;
}

/* The session routes nothing yet: that it is opened takes the routes. */
static bool append_idle(struct renumbering *r, Maskline__Store__V1__Session *session, size_t index)
{
    Maskline__Store__V1__ParticipantUpdated change = change_of(r, index);
    change.session = session->sid;
    if (!session_apply_replaced(session, &change, r->rows->now))
        return rows_unreadable(r->rows, r->error);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED;
    entry.participant_updated = &change;
    entry_of_session(&entry, session);
    uint64_t position;
    return rows_append(r->rows, r->service->sid.data, &entry, &position, r->error);
}

enum renumbered session_renumber_lost(struct masking *masking, struct rows *rows,
                                      const Maskline__Store__V1__Service *service,
                                      Maskline__Store__V1__Session *session, struct error *error)
{
    struct renumbering r = {.masking = masking,
                            .rows = rows,
                            .service = service,
                            .error = error,
                            .until = session->end_time};
    enum renumbered planned = plan(&r, session);
    for (size_t i = 0; planned == RENUMBERED_ALL && i < r.plan.n_participants; i++) {
        if (r.changed[i] && !append_idle(&r, session, i))
            return RENUMBERED_FAILED;
    }
    return planned;
}
