#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <string.h>

static const struct notice_setting silence[] = {
    {MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_OPT_OUT, "", ""},
    {MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_OPT_IN, "", ""},
    {MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_HELP, "", ""},
};
const struct notice_list nothing_is_told = {silence, 3};

struct error call_error;

/* What a call is told, copied. */
struct told {
    struct world *world;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    void *record;
    int64_t in_use;
};

static void told_begin(struct told *told, struct world *world)
{
    *told = (struct told){.world = world};
    pthread_mutex_init(&told->lock, NULL);
    pthread_cond_init(&told->done, NULL);
}

static void *copy_record(struct world *world, const ProtobufCMessage *record)
{
    size_t size = protobuf_c_message_get_packed_size(record);
    uint8_t *packed = arena_alloc(world->arena, size);
    ck_assert_ptr_nonnull(packed);
    protobuf_c_message_pack(record, packed);
    void *copy =
        protobuf_c_message_unpack(record->descriptor, arena_allocator(world->arena), size, packed);
    ck_assert_ptr_nonnull(copy);
    return copy;
}

static void tell(struct told *told, const ProtobufCMessage *record, const struct error *error)
{
    pthread_mutex_lock(&told->lock);
    if (error)
        call_error = *error;
    else
        error_clear(&call_error);
    ck_assert(!record == (error != NULL));
    told->record = record ? copy_record(told->world, record) : NULL;
    told->is_done = true;
    pthread_cond_signal(&told->done);
    pthread_mutex_unlock(&told->lock);
}

static void *told_wait(struct told *told)
{
    pthread_mutex_lock(&told->lock);
    while (!told->is_done)
        pthread_cond_wait(&told->done, &told->lock);
    pthread_mutex_unlock(&told->lock);
    pthread_cond_destroy(&told->done);
    pthread_mutex_destroy(&told->lock);
    if (call_error.code != STATUS_OK)
        ck_tells_nobody(&call_error);
    return told->record;
}

static void service_told(void *data, const Maskline__Store__V1__Service *service,
                         const struct error *error)
{
    tell(data, service ? &service->base : NULL, error);
}

const Maskline__Store__V1__Service *call_service_create(struct world *world,
                                                        const struct service_draft *draft)
{
    struct told told;
    told_begin(&told, world);
    services_create(world->masking, draft, service_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Service *call_service_update(struct world *world,
                                                        const struct service_change *change)
{
    struct told told;
    told_begin(&told, world);
    services_update(world->masking, change, service_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Service *call_service_delete(struct world *world, const char *service)
{
    struct told told;
    told_begin(&told, world);
    services_delete(world->masking, service, service_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Service *call_service_get(struct world *world, const char *service)
{
    Maskline__Store__V1__Service *found = NULL;
    error_clear(&call_error);
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    if (!services_get(view, world->store, service, world->arena, &found, &call_error))
        found = NULL;
    view_close(view);
    return found;
}

static void number_told(void *data, const struct number_result *result, const struct error *error)
{
    struct told *told = data;
    told->in_use = result ? result->in_use : 0;
    tell(data, result ? &result->number->base : NULL, error);
}

struct number_draft number_draft(const struct world *world, const char *number)
{
    return (struct number_draft){
        .service = world->service,
        .phone_number = number,
        .sms = true,
        .mms = true,
        .voice = true,
    };
}

struct number_seen call_number_add(struct world *world, const struct number_draft *draft)
{
    struct told told;
    told_begin(&told, world);
    numbers_add(world->masking, draft, number_told, &told);
    const void *number = told_wait(&told);
    return (struct number_seen){number, told.in_use};
}

struct number_seen call_number_update(struct world *world, const struct number_change *change)
{
    struct told told;
    told_begin(&told, world);
    numbers_update(world->masking, change, number_told, &told);
    const void *number = told_wait(&told);
    return (struct number_seen){number, told.in_use};
}

struct number_seen call_number_remove(struct world *world, const char *number, bool force)
{
    struct told told;
    told_begin(&told, world);
    numbers_remove(world->masking, world->service, number, force, number_told, &told);
    const void *removed = told_wait(&told);
    return (struct number_seen){removed, told.in_use};
}

struct number_seen call_number_remove_kind(struct world *world, const char *number,
                                           enum number_kind kind, bool force)
{
    struct told told;
    told_begin(&told, world);
    numbers_remove_kind(world->masking, world->service, number, kind, force, number_told, &told);
    const void *removed = told_wait(&told);
    return (struct number_seen){removed, told.in_use};
}

struct number_seen call_number_get(struct world *world, const char *number)
{
    return call_number_get_kind(world, number, NUMBER_PHONE);
}

struct number_seen call_number_get_kind(struct world *world, const char *number,
                                        enum number_kind kind)
{
    struct number_result result = {NULL, 0};
    error_clear(&call_error);
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    if (!numbers_get_kind(view, world->store, world->service, number, kind, world->arena, &result,
                          &call_error))
        result.number = NULL;
    view_close(view);
    return (struct number_seen){result.number, result.in_use};
}

static void opt_out_told(void *data, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__OptOut *opt_out, const struct error *error)
{
    ck_assert(!service == !opt_out);
    tell(data, opt_out ? &opt_out->base : NULL, error);
}

const Maskline__Store__V1__OptOut *call_opt_out_asked(struct world *world, opt_out_call change,
                                                      const char *person, const char *proxy,
                                                      struct request_id request)
{
    const struct opt_out_name name = {.service = world->service,
                                      .identifier = person,
                                      .proxy_identifier = proxy,
                                      .request = request};
    struct told told;
    told_begin(&told, world);
    change(world->masking, &name, opt_out_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__OptOut *call_opt_out(struct world *world, opt_out_call change,
                                                const char *person, const char *proxy)
{
    return call_opt_out_asked(world, change, person, proxy, (struct request_id){.id = ""});
}

unsigned call_opt_outs_listed(struct world *world, const char *person)
{
    const struct page page = {0};
    struct opt_out_list list;
    struct view *view = masking_view(world->masking);
    ck_assert(opt_outs_list(view, world->store, world->service, person, &page, world->arena, &list,
                            &call_error));
    view_close(view);
    return (unsigned)list.count;
}

static void block_told(void *data, const Maskline__Store__V1__Block *block,
                       const struct error *error)
{
    tell(data, block ? &block->base : NULL, error);
}

const Maskline__Store__V1__Block *call_block_asked(struct world *world, block_call change,
                                                   const char *person, const char *to,
                                                   struct request_id request)
{
    const struct block_name name = {
        .service = world->service, .identifier = person, .to_identifier = to, .request = request};
    struct told told;
    told_begin(&told, world);
    change(world->masking, &name, block_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Block *call_block(struct world *world, block_call change,
                                             const char *person, const char *to)
{
    return call_block_asked(world, change, person, to, (struct request_id){.id = ""});
}

unsigned call_blocks_listed(struct world *world, const char *person)
{
    const struct page page = {0};
    struct block_list list;
    struct view *view = masking_view(world->masking);
    ck_assert(blocks_list(view, world->store, world->service, person, &page, world->arena, &list,
                          &call_error));
    view_close(view);
    return (unsigned)list.count;
}

const char *call_send_to(struct world *world, const struct talk *talk, const char *participant)
{
    static char reason[48];
    const struct message_draft draft = {.service = world->service,
                                        .session = talk->session,
                                        .participant = participant,
                                        .body = "x"};
    error_clear(&call_error);
    call_error.code = world_send(world, &draft, NULL, reason);
    return reason;
}

static void session_told(void *data, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Session *session, const struct error *error)
{
    ck_assert(!service == !session);
    tell(data, session ? &session->base : NULL, error);
}

const Maskline__Store__V1__Session *call_session_create(struct world *world,
                                                        struct session_draft draft)
{
    struct told told;
    told_begin(&told, world);
    if (!draft.service)
        draft.service = world->service;
    sessions_create(world->masking, &draft, session_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Session *call_session_update(struct world *world,
                                                        struct session_change change)
{
    struct told told;
    told_begin(&told, world);
    if (!change.service)
        change.service = world->service;
    sessions_update(world->masking, &change, session_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Session *call_session_delete(struct world *world, const char *session)
{
    struct told told;
    told_begin(&told, world);
    sessions_delete(world->masking, world->service, session, session_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Session *call_session_get(struct world *world, const char *session)
{
    struct session_result result = {NULL, NULL};
    error_clear(&call_error);
    struct view *view = masking_view(world->masking);
    ck_assert_ptr_nonnull(view);
    (void)sessions_get(view, world->store, world->service, session, world->arena, &result,
                       &call_error);
    view_close(view);
    return result.session;
}

const Maskline__Store__V1__Session *call_join(struct world *world, const char *session,
                                              struct participant_draft draft,
                                              const char *request_id)
{
    struct told told;
    told_begin(&told, world);
    const struct participant_add add = {
        .service = world->service,
        .session = session,
        .participant = draft,
        .request = {.id = request_id, .method = "CreateParticipant"},
    };
    participants_create(world->masking, &add, session_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Session *call_leave(struct world *world, const char *session,
                                               const char *participant)
{
    struct told told;
    told_begin(&told, world);
    participants_delete(world->masking, world->service, session, participant, session_told, &told);
    return told_wait(&told);
}

const Maskline__Store__V1__Session *call_change(struct world *world, const struct talk *talk,
                                                struct participant_change change)
{
    struct told told;
    change.service = world->service;
    change.session = talk->session;
    told_begin(&told, world);
    participants_update(world->masking, &change, session_told, &told);
    return told_wait(&told);
}

struct participant_draft person_of_many(struct world *world, const char *identifiers)
{
    const char **list = arena_array(world->arena, 16, sizeof *list);
    char *rest = arena_string(world->arena, identifiers);
    size_t count = 0;
    ck_assert(list && rest);
    for (char *one; (one = strsep(&rest, " "));)
        list[count++] = one;
    return (struct participant_draft){.identifiers = list, .identifier_count = count};
}

struct participant_draft person(struct world *world, const char *identifier)
{
    return person_of_many(world, identifier);
}

struct participant_draft person_on(struct world *world, const char *identifier, const char *proxy)
{
    struct participant_draft draft = person(world, identifier);
    draft.proxy_identifier = proxy;
    return draft;
}

const Maskline__Store__V1__Session *call_talk(struct world *world, const char *a, const char *b)
{
    struct participant_draft people[2];
    size_t count = 0;
    if (a)
        people[count++] = person(world, a);
    if (b)
        people[count++] = person(world, b);
    return call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = count});
}

const Maskline__Store__V1__Session *call_close(struct world *world,
                                               const Maskline__Store__V1__Session *session)
{
    return call_session_update(world, (struct session_change){.session = sid_of(world, session),
                                                              .status = SESSION_STATUS(CLOSED)});
}

const Maskline__Store__V1__Session *call_reopen(struct world *world,
                                                const Maskline__Store__V1__Session *session)
{
    return call_session_update(world,
                               (struct session_change){.session = sid_of(world, session),
                                                       .status = SESSION_STATUS(IN_PROGRESS)});
}

const char *sid_of(struct world *world, const Maskline__Store__V1__Session *session)
{
    ck_assert_ptr_nonnull(session);
    return arena_string(world->arena, sid_format("KC", session->sid.data).text);
}

const char *participant_sid(struct world *world, const Maskline__Store__V1__Session *session,
                            unsigned index)
{
    ck_assert_uint_lt(index, session->n_participants);
    return arena_string(world->arena,
                        sid_format("KP", session->participants[index]->sid.data).text);
}

const char *proxy_of(const Maskline__Store__V1__Session *session, unsigned index)
{
    ck_assert_ptr_nonnull(session);
    ck_assert_uint_lt(index, session->n_participants);
    return session->participants[index]->bindings[0]->proxy_identifier;
}

const char *call_metadata(const char *key)
{
    for (unsigned i = 0; i < call_error.metadata_count; i++) {
        if (!strcmp(call_error.metadata[i].key, key))
            return call_error.metadata[i].value;
    }
    return "";
}

bool call_status_fits(int32_t original, enum status_code status)
{
    static const struct {
        int32_t first, last;
        enum status_code status;
    } RULES[] = {
        {80101, 80105, STATUS_ALREADY_EXISTS},      {80201, 80208, STATUS_FAILED_PRECONDITION},
        {80301, 80303, STATUS_NOT_FOUND},           {80304, 80304, STATUS_FAILED_PRECONDITION},
        {80308, 80308, STATUS_NOT_FOUND},           {80402, 80402, STATUS_FAILED_PRECONDITION},
        {80403, 80409, STATUS_INVALID_ARGUMENT},    {80601, 80601, STATUS_FAILED_PRECONDITION},
        {80602, 80603, STATUS_ALREADY_EXISTS},      {80604, 80609, STATUS_FAILED_PRECONDITION},
        {80610, 80610, STATUS_NOT_FOUND},           {80611, 80611, STATUS_FAILED_PRECONDITION},
        {80616, 80616, STATUS_FAILED_PRECONDITION}, {80621, 80621, STATUS_RESOURCE_EXHAUSTED},
        {80622, 80622, STATUS_FAILED_PRECONDITION}, {80623, 80623, STATUS_ABORTED},
        {80701, 80701, STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
        if (original >= RULES[i].first && original <= RULES[i].last)
            return status == RULES[i].status;
    }
    return true;
}
