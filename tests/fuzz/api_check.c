#include "tests/fuzz/api_check.h"

#include "maskline/v1/blocks.pb-c.h"
#include "maskline/v1/channel_senders.pb-c.h"
#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/interactions.pb-c.h"
#include "maskline/v1/opt_outs.pb-c.h"
#include "maskline/v1/participants.pb-c.h"
#include "maskline/v1/phone_numbers.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "maskline/v1/short_codes.pb-c.h"
#include "proto/c/address.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <string.h>

enum {
    MEMORY = 64 * 1024 * 1024,
    ROUTES_MOST = 4096,
    OWNED_MOST = 4096,
    PAGES_MOST = 200,
    ADDRESS_TEXT_MOST = 256
};

struct checking {
    struct api_calls *calls;
    struct arena *arena;
    char *service;
    size_t count;
    struct {
        const char *proxy;
        const char *participant;
        char person[ADDRESS_TEXT_MOST];
    } routes[ROUTES_MOST];
    /* Of all Services together. */
    size_t owned_count;
    char owned[OWNED_MOST][32];
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

/* In the form in which two ways to write one phone are the same. */
static void person_form(const char *identifier, char ret_text[ADDRESS_TEXT_MOST])
{
    struct address person;
    if (address_parse(identifier, ADDRESS_STRICT, &person)) {
        person = address_canonical(&person);
        identifier = person.text;
    }
    snprintf(ret_text, ADDRESS_TEXT_MOST, "%s", identifier);
}

static void add_route(struct checking *c, const char *proxy, const char *identifier,
                      const char *participant)
{
    if (c->count == ROUTES_MOST || !*proxy)
        return;
    char person[ADDRESS_TEXT_MOST];
    person_form(identifier, person);
    for (size_t i = 0; i < c->count; i++)
        must(strcmp(c->routes[i].proxy, proxy) != 0 || strcmp(c->routes[i].person, person) != 0 ||
                 !strcmp(c->routes[i].participant, participant),
             "%s reaches %s and %s by %s", person, participant, c->routes[i].participant, proxy);
    c->routes[c->count].proxy = proxy;
    c->routes[c->count].participant = participant;
    memcpy(c->routes[c->count++].person, person, sizeof person);
}

/* Whatever it is called from, whatever it dials: also a number that it had before and that is honoured still. */
static void add_routes(struct checking *c, const Maskline__V1__Participant *one)
{
    for (size_t i = 0; i < one->n_identifiers; i++) {
        add_route(c, one->proxy_identifier, one->identifiers[i], one->sid);
        for (size_t b = 0; b < one->n_bindings; b++)
            add_route(c, one->bindings[b]->proxy_identifier, one->identifiers[i], one->sid);
    }
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
        add_routes(c, session->participants[i]);
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

/* A number is one Service's. */
static void own(struct checking *c, const char *number)
{
    for (size_t i = 0; i < c->owned_count; i++)
        must(strcmp(c->owned[i], number) != 0, "%s is had twice", number);
    if (c->owned_count < OWNED_MOST)
        snprintf(c->owned[c->owned_count++], sizeof *c->owned, "%s", number);
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
        own(c, got->phone_number->phone_number);
        must_equal(&got->phone_number->base, &page->phone_numbers[i]->base, get.phone_number);
    }
}

/* ---- what has lists and nothing more ---- */

static void check_short_codes(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListShortCodesRequest list = MASKLINE__V1__LIST_SHORT_CODES_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 1000;
    const Maskline__V1__ListShortCodesResponse *page =
        api_ask(c->calls, "ListShortCodes", &list.base, c->arena, &code);
    must(page || code == STATUS_NOT_FOUND, "the short codes of a Service are listed");
    for (size_t i = 0; page && i < page->n_short_codes; i++) {
        Maskline__V1__GetShortCodeRequest get = MASKLINE__V1__GET_SHORT_CODE_REQUEST__INIT;
        get.service = c->service;
        get.short_code = page->short_codes[i]->sid;
        const Maskline__V1__GetShortCodeResponse *got =
            api_ask(c->calls, "GetShortCode", &get.base, c->arena, &code);
        must(got, "short code %s is listed and cannot be got", get.short_code);
        must_equal(&got->short_code->base, &page->short_codes[i]->base, get.short_code);
    }
}

static void check_senders(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListChannelSendersRequest list = MASKLINE__V1__LIST_CHANNEL_SENDERS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 1000;
    const Maskline__V1__ListChannelSendersResponse *page =
        api_ask(c->calls, "ListChannelSenders", &list.base, c->arena, &code);
    must(page || code == STATUS_NOT_FOUND, "the channel senders of a Service are listed");
    for (size_t i = 0; page && i < page->n_channel_senders; i++) {
        Maskline__V1__GetChannelSenderRequest get = MASKLINE__V1__GET_CHANNEL_SENDER_REQUEST__INIT;
        get.service = c->service;
        get.address = page->channel_senders[i]->address;
        const Maskline__V1__GetChannelSenderResponse *got =
            api_ask(c->calls, "GetChannelSender", &get.base, c->arena, &code);
        must(got, "sender %s is listed and cannot be got", get.address);
        must_equal(&got->channel_sender->base, &page->channel_senders[i]->base, get.address);
    }
}

static size_t is_in_opt_outs(const Maskline__V1__ListOptOutsResponse *page,
                             const Maskline__V1__OptOut *one)
{
    size_t times = 0;
    for (size_t i = 0; i < page->n_opt_outs; i++)
        times += !strcmp(page->opt_outs[i]->identifier, one->identifier) &&
                 !strcmp(page->opt_outs[i]->proxy_identifier, one->proxy_identifier);
    return times;
}

static void check_opt_outs(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListOptOutsRequest list = MASKLINE__V1__LIST_OPT_OUTS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 1000;
    const Maskline__V1__ListOptOutsResponse *page =
        api_ask(c->calls, "ListOptOuts", &list.base, c->arena, &code);
    must(page || code == STATUS_NOT_FOUND, "the opt-outs of a Service are listed");
    for (size_t i = 0; page && i < page->n_opt_outs; i++) {
        list.identifier = page->opt_outs[i]->identifier;
        const Maskline__V1__ListOptOutsResponse *of_one =
            api_ask(c->calls, "ListOptOuts", &list.base, c->arena, &code);
        must(is_in_opt_outs(page, page->opt_outs[i]) == 1 && of_one &&
                 is_in_opt_outs(of_one, page->opt_outs[i]) == 1,
             "the opt-out of %s from '%s' is listed once, and once as the person's",
             list.identifier, page->opt_outs[i]->proxy_identifier);
    }
}

static size_t is_in_blocks(const Maskline__V1__ListBlocksResponse *page,
                           const Maskline__V1__Block *one)
{
    size_t times = 0;
    for (size_t i = 0; i < page->n_blocks; i++)
        times += !strcmp(page->blocks[i]->identifier, one->identifier) &&
                 !strcmp(page->blocks[i]->to_identifier, one->to_identifier);
    return times;
}

static void check_blocks(struct checking *c)
{
    enum status_code code;
    Maskline__V1__ListBlocksRequest list = MASKLINE__V1__LIST_BLOCKS_REQUEST__INIT;
    list.service = c->service;
    list.page_size = 1000;
    const Maskline__V1__ListBlocksResponse *page =
        api_ask(c->calls, "ListBlocks", &list.base, c->arena, &code);
    must(page || code == STATUS_NOT_FOUND, "the blocks of a Service are listed");
    for (size_t i = 0; page && i < page->n_blocks; i++) {
        list.identifier = page->blocks[i]->identifier;
        const Maskline__V1__ListBlocksResponse *of_one =
            api_ask(c->calls, "ListBlocks", &list.base, c->arena, &code);
        must(is_in_blocks(page, page->blocks[i]) == 1 && of_one &&
                 is_in_blocks(of_one, page->blocks[i]) == 1,
             "the block of %s to '%s' is listed once, and once as the person's", list.identifier,
             page->blocks[i]->to_identifier);
    }
}

/* ---- events ---- */

/* Whether the field is of this kind of message, or of one in it. */
static bool is_within(const ProtobufCMessageDescriptor *kind, const ProtobufCFieldDescriptor *field,
                      unsigned depth)
{
    if (field >= kind->fields && field < kind->fields + kind->n_fields)
        return true;
    for (unsigned f = 0; depth > 0 && f < kind->n_fields; f++)
        if (kind->fields[f].type == PROTOBUF_C_TYPE_MESSAGE &&
            is_within(kind->fields[f].descriptor, field, depth - 1))
            return true;
    return false;
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
    if (is_within(&maskline__v1__service__descriptor, field, 3)) /* its settings are its words */
        return true;
    must(!api_tells_person(c->calls, *text), "an event's %s tells a person's number: %s",
         field->name, *text);
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
            check_short_codes(c);
            check_senders(c);
            check_opt_outs(c);
            check_blocks(c);
        }
        arena_free(c->arena);
    }
    free(c);
}
