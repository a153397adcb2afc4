#include "server/masking/messages/route_steps.h"

#include "proto/c/fault.h"
#include "server/masking/messages/guards.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/kept.h"
#include "server/masking/sessions/session_end.h"

#include <string.h>

/* A session that has ended by itself is closed by the traffic that finds it, when no timer was here before; as of the instant at which
 * it ended. */
static enum step reject_inactive(struct reception *r)
{
    struct inbound *in = r->in;
    Maskline__Store__V1__Session *session = r->session;
    if (session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED)
        return inbound_reject(r, session_expired(session) ? REJECT_SESSION_EXPIRED
                                                          : REJECT_SESSION_CLOSED);
    if (session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED)
        return inbound_reject(r, REJECT_SESSION_CLOSED);
    /* To be changed as a whole: one of our own. */
    enum kv_found found =
        rows_session(&r->rows, r->service->sid.data, session->sid.data, &session, &in->error);
    if (found != KV_FOUND || (!MUTANT("expiry_unwritten_by_traffic") &&
                              !session_close_expired(&r->rows, r->service, session, &in->error)))
        return STEP_BROKEN;
    r->session = session;
    in->note_time = session->purge_time;
    return inbound_reject(r, REJECT_SESSION_EXPIRED);
}

/* Who it was, of those who have left. NULL: nobody, or somebody else by now. */
static Maskline__Store__V1__Participant *who_left(const Maskline__Store__V1__Session *session,
                                                  const struct route_fact *route)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        Maskline__Store__V1__Participant *one = session->participants[i];
        if (one->delete_time && one->generation == route->generation && one->sid.len == SID_BYTES &&
            !memcmp(one->sid.data, route->participant, SID_BYTES))
            return one;
    }
    return NULL;
}

/* The route's row names both; it counts only while the participant's own generation agrees. */
enum step step_find_route(struct reception *r)
{
    struct inbound *in = r->in;
    if (!in->from_known)
        return inbound_reject(r, REJECT_NO_ROUTE);
    struct route_fact route;
    enum kv_found found = known_route(in->masking->known, &r->rows, r->service->pool.data,
                                      &in->sender, in->to.text, &route, &in->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT ? inbound_reject(r, REJECT_NO_ROUTE) : STEP_BROKEN;
    found = kept_session(in->masking->kept, &r->rows, r->service->sid.data, route.session,
                         &r->session, &in->error);
    if (found == KV_FAILED)
        return STEP_BROKEN;
    if (found == KV_ABSENT || session_purged(r->session, r->rows.now)) {
        r->session = NULL;
        return inbound_reject(r, REJECT_NO_ROUTE);
    }
    Maskline__Store__V1__Participant *sender = session_participant(r->session, route.participant);
    if (sender && sender->generation != route.generation && !MUTANT("inbound_ignores_generation"))
        return inbound_reject(r, REJECT_NO_ROUTE);
    if (route.until_time && r->rows.now >= route.until_time &&
        !MUTANT("old_number_honoured_for_ever"))
        return inbound_reject(r, REJECT_NO_ROUTE);
    r->sender = sender ? sender : who_left(r->session, &route);
    if (!sender && session_active(r->session, r->rows.now))
        return inbound_reject(r, REJECT_PARTICIPANT_REMOVED);
    return session_active(r->session, r->rows.now) || MUTANT("inbound_to_ended_session")
               ? STEP_ON
               : reject_inactive(r);
}

/* Whether `one` reaches `other` by dialling `proxy` (in the form that is compared); NULL: anybody. */
static bool stands_for(const Maskline__Store__V1__Participant *one, const char *proxy,
                       const Maskline__Store__V1__Participant *other)
{
    for (size_t i = 0; i < one->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = one->bindings[i];
        struct address form = proxy_form(binding->proxy_identifier);
        if (binding->ended || strcmp(form.text, proxy) != 0)
            continue;
        if (!other || !binding->peer.len ||
            (binding->peer.len == other->sid.len &&
             !memcmp(binding->peer.data, other->sid.data, other->sid.len)))
            return true;
    }
    return false;
}

enum step step_find_partners(struct reception *r)
{
    struct acceptance *acceptance = &r->acceptance;
    struct address proxy = proxy_form(r->in->to.text);
    for (size_t i = 0; i < r->session->n_participants; i++) {
        Maskline__Store__V1__Participant *other = r->session->participants[i];
        if (other == r->sender || (other->delete_time && !MUTANT("inbound_to_removed_person")) ||
            acceptance->recipient_count == RECIPIENTS_MOST)
            continue;
        if (stands_for(r->sender, proxy.text, other))
            acceptance->recipients[acceptance->recipient_count++] = other;
    }
    if (acceptance->recipient_count)
        return STEP_ON;
    /* An earlier number may have ended before its time, as one that left its pool has. */
    return inbound_reject(r, stands_for(r->sender, proxy.text, NULL) ||
                                     MUTANT("ended_number_lacks_partner")
                                 ? REJECT_NO_PARTNER
                                 : REJECT_NO_ROUTE);
}
