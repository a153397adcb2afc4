#include "client/names.h"

#include "maskline/v1/participants.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"

#include <stdlib.h>
#include <string.h>

/* More than are looked at in a while; then all are forgotten and asked for anew. */
enum { SESSIONS_MOST = 512, KEPT_MEMORY = 16 * 1024 * 1024, PEOPLE_MOST = 1000, SID_TAIL = 6 };

struct known_person {
    const char *sid;
    struct person person;
};

struct known_session {
    const char *sid;
    const char *name;
    bool gone; /* deleted: nothing can be asked any more */
    struct known_person *people;
    size_t people_count;
};

struct names {
    struct cli *cli;
    struct arena *arena; /* all that is known */
    struct known_session sessions[SESSIONS_MOST];
    size_t count;
    char session_text[SHORT_SID];
    char person_text[SHORT_SID];
};

const char *short_sid(const char *sid, char ret_text[SHORT_SID])
{
    size_t size = strlen(sid);
    if (size < 2 + SID_TAIL)
        return "-";
    snprintf(ret_text, SHORT_SID, "%.2s..%s", sid, sid + size - SID_TAIL);
    return ret_text;
}

struct names *names_new(struct cli *cli)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return NULL;
    names->cli = cli;
    names->arena = arena_new(KEPT_MEMORY);
    if (names->arena)
        return names;
    free(names);
    return NULL;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    arena_free(names->arena);
    free(names);
}

/* False when the server could not be asked; it is asked again at the next event. */
static bool ask_session(struct names *names, const Maskline__V1__Event *event,
                        struct known_session *ret_session)
{
    Maskline__V1__GetSessionRequest request = MASKLINE__V1__GET_SESSION_REQUEST__INIT;
    request.service = event->service_sid;
    request.session = arena_string(names->arena, event->session_sid);
    struct grpc_c_call_options call = cli_call(names->cli);
    struct grpc_c_status status;
    const Maskline__V1__GetSessionResponse *response;
    if (!request.session)
        return false;
    *ret_session = (struct known_session){.sid = request.session, .name = ""};
    if (maskline_v1_sessions_get_session(names->cli->channel, &call, &request, names->arena,
                                         &response, &status))
        ret_session->name = response->session ? response->session->unique_name : "";
    else
        ret_session->gone = status.code == STATUS_NOT_FOUND;
    return status.code == STATUS_OK || ret_session->gone;
}

/* Those who have left, too: what they wrote may still be told of. */
static bool ask_people(struct names *names, const Maskline__V1__Event *event,
                       struct known_session *session)
{
    Maskline__V1__ListParticipantsRequest request = MASKLINE__V1__LIST_PARTICIPANTS_REQUEST__INIT;
    request.service = event->service_sid;
    request.session = event->session_sid;
    request.include_deleted = true;
    request.page_size = PEOPLE_MOST;
    struct grpc_c_call_options call = cli_call(names->cli);
    struct grpc_c_status status;
    const Maskline__V1__ListParticipantsResponse *response;
    if (!maskline_v1_participants_list_participants(names->cli->channel, &call, &request,
                                                    names->arena, &response, &status))
        return false;
    session->people = arena_array(names->arena, response->n_participants, sizeof *session->people);
    session->people_count = session->people ? response->n_participants : 0;
    for (size_t i = 0; i < session->people_count; i++) {
        const Maskline__V1__Participant *one = response->participants[i];
        session->people[i] =
            (struct known_person){one->sid, {one->friendly_name, one->proxy_identifier}};
    }
    return true;
}

static struct known_session *find_session(struct names *names, const Maskline__V1__Event *event)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->sessions[i].sid, event->session_sid) == 0)
            return &names->sessions[i];
    if (names->count == SESSIONS_MOST || arena_used(names->arena) > KEPT_MEMORY / 2) {
        arena_reset(names->arena);
        names->count = 0;
    }
    struct known_session session = {0};
    if (!ask_session(names, event, &session) ||
        (!session.gone && !ask_people(names, event, &session)))
        return NULL;
    names->sessions[names->count] = session;
    return &names->sessions[names->count++];
}

const char *names_session(struct names *names, const Maskline__V1__Event *event)
{
    struct known_session *session = find_session(names, event);
    return session && *session->name ? session->name
                                     : short_sid(event->session_sid, names->session_text);
}

static const struct known_person *find_person(const struct known_session *session, const char *sid)
{
    for (size_t i = 0; session && i < session->people_count; i++)
        if (strcmp(session->people[i].sid, sid) == 0)
            return &session->people[i];
    return NULL;
}

struct person names_person(struct names *names, const Maskline__V1__Event *event, const char *sid)
{
    struct known_session *session = find_session(names, event);
    const struct known_person *known = find_person(session, sid);
    /* One who joined later, or has another name or number now. */
    bool stale = !known || event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_PARTICIPANT_UPDATED;
    if (session && !session->gone && stale && ask_people(names, event, session))
        known = find_person(session, sid);
    struct person person = known ? known->person : (struct person){"", ""};
    if (*person.name == '\0')
        person.name = short_sid(sid, names->person_text);
    return person;
}
