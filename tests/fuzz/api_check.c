#include "tests/fuzz/api_check.h"

#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/address.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>

enum { MEMORY = 64 * 1024 * 1024, ROUTES_MOST = 1024, PAGES_MOST = 200 };

struct checking {
    struct api_calls *calls;
    struct arena *arena;
    char *service;
    bool pooled[10]; /* whether the person @P0 and so on is a number of a pool */
    size_t count;
    struct {
        const char *proxy;
        struct address person;
    } routes[ROUTES_MOST];
};

static void must_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, const char *what)
{
    size_t size = protobuf_c_message_get_packed_size(a);
    must(size == protobuf_c_message_get_packed_size(b), "%s is told in two ways", what);
    uint8_t *a_bytes = malloc(2 * size + 1);
    if (!a_bytes)
        abort();
    protobuf_c_message_pack(a, a_bytes);
    protobuf_c_message_pack(b, a_bytes + size);
    must(!memcmp(a_bytes, a_bytes + size, size), "%s is told in two ways", what);
    free(a_bytes);
}

static void add_route(struct checking *c, const char *proxy, const char *identifier)
{
    struct address person;
    if (c->count == ROUTES_MOST || !address_parse(identifier, ADDRESS_STRICT, &person))
        return;
    person = address_canonical(&person);
    for (size_t i = 0; i < c->count; i++)
        must(strcmp(c->routes[i].proxy, proxy) != 0 ||
                 strcmp(c->routes[i].person.text, person.text) != 0,
             "%s reaches two sessions by %s", person.text, proxy);
    c->routes[c->count].proxy = proxy;
    c->routes[c->count++].person = person;
}

static void check_interactions(struct checking *c, char *session)
{
    enum status_code code;
    Maskline__V1__ListInteractionsRequest list = MASKLINE__V1__LIST_INTERACTIONS_REQUEST__INIT;
    list.service = c->service;
    list.session = session;
    list.page_size = 2;
    for (unsigned pages = 0; pages < PAGES_MOST; pages++) {
        Maskline__V1__ListInteractionsResponse *page =
            api_ask(c->calls, "ListInteractions", &list.base, c->arena, &code);
        must(page, "the interactions of a session are listed");
        for (size_t i = 0; i < page->n_interactions; i++) {
            Maskline__V1__GetInteractionRequest get = MASKLINE__V1__GET_INTERACTION_REQUEST__INIT;
            get.service = c->service;
            get.session = session;
            get.interaction = page->interactions[i]->sid;
            Maskline__V1__GetInteractionResponse *got =
                api_ask(c->calls, "GetInteraction", &get.base, c->arena, &code);
            must(got, "interaction %s is listed and cannot be got", get.interaction);
            must_equal(&got->interaction->base, &page->interactions[i]->base, get.interaction);
        }
        if (!*page->next_page_token)
            return;
        list.page_token = page->next_page_token;
    }
}

static void check_session(struct checking *c, const Maskline__V1__Session *session)
{
    enum status_code code;
    Maskline__V1__GetSessionRequest get = MASKLINE__V1__GET_SESSION_REQUEST__INIT;
    get.service = c->service;
    get.session = session->sid;
    Maskline__V1__GetSessionResponse *got =
        api_ask(c->calls, "GetSession", &get.base, c->arena, &code);
    must(got, "session %s is listed and cannot be got: %d", session->sid, (int)code);
    must_equal(&got->session->base, &session->base, session->sid);
    bool open = session->status == MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_OPEN ||
                session->status == MASKLINE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    for (size_t i = 0; open && i < session->n_participants; i++)
        if (*session->participants[i]->proxy_identifier)
            add_route(c, session->participants[i]->proxy_identifier,
                      session->participants[i]->identifier);
    check_interactions(c, session->sid);
}

static void check_sessions(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListSessionsRequest list = MASKLINE__V1__LIST_SESSIONS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 3;
    for (unsigned pages = 0; pages < PAGES_MOST; pages++) {
        Maskline__V1__ListSessionsResponse *page =
            api_ask(c->calls, "ListSessions", &list.base, c->arena, &code);
        must(page || code == STATUS_NOT_FOUND, "the sessions of a Service are listed");
        for (size_t i = 0; page && i < page->n_sessions; i++)
            check_session(c, page->sessions[i]);
        if (!page || !*page->next_page_token)
            return;
        list.page_token = page->next_page_token;
    }
}

static void check_numbers(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListPhoneNumbersRequest list = MASKLINE__V1__LIST_PHONE_NUMBERS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 1000;
    Maskline__V1__ListPhoneNumbersResponse *page =
        api_ask(c->calls, "ListPhoneNumbers", &list.base, c->arena, &code);
    must(page || code == STATUS_NOT_FOUND, "the numbers of a Service are listed");
    for (size_t i = 0; page && i < page->n_phone_numbers; i++) {
        Maskline__V1__GetPhoneNumberRequest get = MASKLINE__V1__GET_PHONE_NUMBER_REQUEST__INIT;
        get.service = c->service;
        get.phone_number = page->phone_numbers[i]->sid;
        Maskline__V1__GetPhoneNumberResponse *got =
            api_ask(c->calls, "GetPhoneNumber", &get.base, c->arena, &code);
        must(got, "number %s is listed and cannot be got", get.phone_number);
        must_equal(&got->phone_number->base, &page->phone_numbers[i]->base, get.phone_number);
    }
}

/* People's numbers stand in no event, but in what they or the Service wrote themselves. */
static bool look_event_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    static const char *const written[] = {"body",          "url", "content_type", "unique_name",
                                          "friendly_name", "key", /* of metadata, as */
                                          "value",         NULL};
    struct checking *c = data;
    for (size_t i = 0; written[i]; i++)
        if (!strcmp(field->name, written[i]))
            return true;
    for (char digit = '0'; digit <= '9'; digit++) {
        const char person[] = {'@', 'P', digit, '\0'};
        bool told = strstr(*text, api_fill(c->calls, person)) != NULL;
        /* A phone can be in the pool, too; then it is nobody's. */
        if (told && !strcmp(field->name, "phone_number"))
            c->pooled[digit - '0'] = true;
        must(!told || c->pooled[digit - '0'], "an event's %s tells a person's number: %s",
             field->name, *text);
    }
    return true;
}

static void check_events(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListEventsRequest list = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 100;
    uint64_t after = 0;
    for (unsigned pages = 0; pages < PAGES_MOST; pages++) {
        Maskline__V1__ListEventsResponse *page =
            api_ask(c->calls, "ListEvents", &list.base, c->arena, &code);
        must(page || code == STATUS_NOT_FOUND || code == STATUS_OUT_OF_RANGE,
             "the events of a Service are listed");
        if (!page)
            return;
        for (size_t i = 0; i < page->n_events; i++) {
            uint64_t position = page->events[i]->position;
            must(position > 0 && (!after || position == after + 1), "event %llu after %llu",
                 (unsigned long long)position, (unsigned long long)after);
            must(page->events[i]->type != MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED,
                 "event %llu is of no type", (unsigned long long)position);
            message_visit(&page->events[i]->base,
                          &(struct message_visitor){.data = c, .text = look_event_text});
            after = position;
        }
        must(page->through_position <= page->last_position, "a page goes beyond the end");
        if (page->through_position >= page->last_position)
            return;
        list.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        list.after_position = page->through_position;
    }
}

void api_check(struct api_calls *calls)
{
    struct checking *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    for (size_t i = 0; i < calls->sids[0].count; i++) {
        c->calls = calls;
        c->arena = arena_new(MEMORY);
        c->count = 0;
        if (!c->arena || !(c->service = arena_string(c->arena, calls->sids[0].texts[i])))
            abort();
        enum status_code code;
        Maskline__V1__GetServiceRequest get = MASKLINE__V1__GET_SERVICE_REQUEST__INIT;
        get.service = c->service;
        (void)api_ask(calls, "GetService", &get.base, c->arena, &code);
        must(code == STATUS_OK || code == STATUS_NOT_FOUND, "Service %s: %d", c->service,
             (int)code);
        check_events(c);
        if (code == STATUS_OK) {
            check_sessions(c);
            check_numbers(c);
        }
        arena_free(c->arena);
    }
    free(c);
}
