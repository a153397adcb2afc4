#include "server/api/session_batch.h"

#include "proto/c/fault.h"
#include "server/api/convert.h"
#include "server/api/entry_error.h"
#include "server/api/internal.h"
#include "server/api/session_draft.h"
#include "server/masking/services/rates.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    ENTRIES_MOST = 256,        /* without an answer that was sent */
    ENTRY_MEMORY = 128 * 1024, /* of a request's copy, and then of its answer */
};

struct batch {
    struct api *api;
    struct grpc_c_call *call; /* a reference */
    pthread_mutex_t lock;     /* of what follows, and of each entry's `answered` */
    struct entry *first, **last;
    unsigned count;
    unsigned references; /* the stream, and each entry that the domain has */
    bool paused;         /* reading, until there is room */
    bool complete;       /* the client has written all */
    bool ended;          /* nobody wants answers any more */
};

/* One request. It belongs to its batch's queue, and, until it is answered, to the domain. */
struct entry {
    struct batch *batch;
    struct entry *next;
    struct arena *arena;
    uint64_t tag;
    bool answered;
    struct session_draft draft;
    struct session_change change;
    uint8_t *answer; /* packed, in the arena; NULL: there was no room for it */
    size_t answer_size;
};

static void entry_free(struct entry *entry)
{
    arena_free(entry->arena);
    free(entry);
}

/* Under the lock, which it gives back. */
static void release(struct batch *batch)
{
    bool last = --batch->references == 0;
    pthread_mutex_unlock(&batch->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&batch->lock);
    grpc_c_call_unref(batch->call);
    free(batch);
}

/* ---- answers ---- */

static void pack_answer(struct entry *entry, const Maskline__V1__BatchSessionsResponse *answer)
{
    size_t size = maskline__v1__batch_sessions_response__get_packed_size(answer);
    entry->answer = arena_full(entry->arena) ? NULL : arena_alloc(entry->arena, size);
    if (entry->answer)
        entry->answer_size = maskline__v1__batch_sessions_response__pack(answer, entry->answer);
}

static void pack_error(struct entry *entry, const struct error *error)
{
    Maskline__V1__BatchSessionsResponse answer = MASKLINE__V1__BATCH_SESSIONS_RESPONSE__INIT;
    arena_reset(entry->arena);
    answer.tag = entry->tag;
    answer.outcome_case = MASKLINE__V1__BATCH_SESSIONS_RESPONSE__OUTCOME_ERROR;
    answer.error = entry_error(entry->arena, error);
    pack_answer(entry, &answer);
}

/* The entry is answered; it may be gone when this returns. */
static void tell(struct entry *entry)
{
    struct batch *batch = entry->batch;
    pthread_mutex_lock(&batch->lock);
    entry->answered = true;
    bool ended = batch->ended, head = batch->first == entry;
    pthread_mutex_unlock(&batch->lock);
    if (ended)
        entry_free(entry);
    else if (head)
        grpc_c_call_wake(batch->call);
    pthread_mutex_lock(&batch->lock);
    release(batch);
}

static void told(void *data, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct entry *entry = data;
    if (error) {
        pack_error(entry, error);
        tell(entry);
        return;
    }
    Maskline__V1__BatchSessionsResponse answer = MASKLINE__V1__BATCH_SESSIONS_RESPONSE__INIT;
    answer.tag = entry->tag;
    answer.outcome_case = MASKLINE__V1__BATCH_SESSIONS_RESPONSE__OUTCOME_SESSION;
    answer.session = session_message(entry->arena, service, session);
    pack_answer(entry, &answer);
    tell(entry);
}

/* ---- entries ---- */

static bool too_large(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                     "The entry is larger than the memory of one call.");
}

/* The request lives until on_message returns, and the domain wants it longer. */
static Maskline__V1__BatchSessionsRequest *copy_of(
    struct arena *arena, const Maskline__V1__BatchSessionsRequest *request)
{
    size_t size = maskline__v1__batch_sessions_request__get_packed_size(request);
    uint8_t *packed = size < ENTRY_MEMORY ? arena_alloc(arena, size) : NULL;
    if (!packed)
        return NULL;
    maskline__v1__batch_sessions_request__pack(request, packed);
    return maskline__v1__batch_sessions_request__unpack(arena_allocator(arena), size, packed);
}

static bool start(struct entry *entry, const Maskline__V1__BatchSessionsRequest *given,
                  struct error *error)
{
    struct masking *masking = entry->batch->api->parts.masking;
    const Maskline__V1__BatchSessionsRequest *request = copy_of(entry->arena, given);
    if (!request)
        return too_large(error);
    switch (request->entry_case) {
    case MASKLINE__V1__BATCH_SESSIONS_REQUEST__ENTRY_CREATE:
        if (!rates_take(masking, request->create->service, "/maskline.v1.Sessions/CreateSession",
                        error) ||
            !session_draft_read(masking, entry->arena, request->create, &entry->draft, error))
            return false;
        if (MUTANT("batch_forgets_request_ids"))
            entry->draft.request.id = NULL;
        sessions_create(masking, &entry->draft, told, entry);
        return true;
    case MASKLINE__V1__BATCH_SESSIONS_REQUEST__ENTRY_CLOSE:
        if (!rates_take(masking, request->close->service, "/maskline.v1.Sessions/UpdateSession",
                        error))
            return false;
        entry->change = (struct session_change){
            .service = request->close->service,
            .session = request->close->session,
            .status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED,
            .ended_is_closed = !MUTANT("batch_closes_once"),
        };
        sessions_update(masking, &entry->change, told, entry);
        return true;
    default:
        error_clear(error);
        return error_field(error, "entry", "It is needed.");
    }
}

static struct entry *entry_new(struct batch *batch, uint64_t tag)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->batch = batch;
    entry->tag = tag;
    entry->arena = arena_new(ENTRY_MEMORY);
    if (entry->arena)
        return entry;
    free(entry);
    return NULL;
}

static bool fail(struct batch *batch)
{
    struct error error;
    error_set(&error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
              "There is no memory for this entry; those before it are answered.");
    grpc_c_call_fail(batch->call, &error);
    return false;
}

static bool on_message(void *state, const Maskline__V1__BatchSessionsRequest *message)
{
    struct batch *batch = state;
    struct entry *entry = entry_new(batch, message->tag);
    if (!entry)
        return fail(batch);
    pthread_mutex_lock(&batch->lock);
    *batch->last = entry;
    batch->last = &entry->next;
    batch->references++;
    batch->paused = ++batch->count >= ENTRIES_MOST;
    bool more = !batch->paused && !grpc_c_server_stopping(grpc_c_call_server(batch->call));
    pthread_mutex_unlock(&batch->lock);
    struct error error;
    if (!start(entry, message, &error)) {
        pack_error(entry, &error);
        tell(entry);
    }
    return more;
}

static void on_half_close(void *state)
{
    struct batch *batch = state;
    pthread_mutex_lock(&batch->lock);
    batch->complete = true;
    pthread_mutex_unlock(&batch->lock);
    grpc_c_call_wake(batch->call);
}

/* ---- the stream ---- */

/* The next entry, when it is answered: it is the caller's. *ret_empty: none is without an answer. */
static struct entry *take(struct batch *batch, bool *ret_empty, bool *ret_complete)
{
    pthread_mutex_lock(&batch->lock);
    struct entry *entry = batch->first && batch->first->answered ? batch->first : NULL;
    bool reads_on = false;
    if (entry) {
        batch->first = entry->next;
        if (!batch->first)
            batch->last = &batch->first;
        batch->count--;
        reads_on = batch->paused && batch->count <= ENTRIES_MOST / 2;
        batch->paused = batch->paused && !reads_on;
    }
    *ret_empty = !batch->first;
    *ret_complete = batch->complete;
    pthread_mutex_unlock(&batch->lock);
    if (reads_on)
        grpc_c_call_read_on(batch->call);
    return entry;
}

static enum grpc_c_next send_answer(struct entry *entry, struct arena *arena,
                                    const Maskline__V1__BatchSessionsResponse **ret_message,
                                    struct error *ret_status)
{
    *ret_message = entry->answer ? maskline__v1__batch_sessions_response__unpack(
                                       arena_allocator(arena), entry->answer_size, entry->answer)
                                 : NULL;
    entry_free(entry);
    if (*ret_message)
        return GRPC_C_MESSAGE;
    error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
              "There is no memory for this answer; what became of its entry is not known.");
    return GRPC_C_END;
}

static enum grpc_c_next next(void *state, struct arena *arena,
                             const Maskline__V1__BatchSessionsResponse **ret_message,
                             struct error *ret_status)
{
    struct batch *batch = state;
    bool empty, complete;
    struct entry *entry = take(batch, &empty, &complete);
    if (entry)
        return send_answer(entry, arena, ret_message, ret_status);
    if (!empty)
        return GRPC_C_LATER;
    if (complete)
        return GRPC_C_END;
    if (!grpc_c_server_stopping(grpc_c_call_server(batch->call)))
        return GRPC_C_LATER;
    error_shutting_down(ret_status);
    return GRPC_C_END;
}

static void on_end(void *state)
{
    struct batch *batch = state;
    pthread_mutex_lock(&batch->lock);
    batch->ended = true;
    for (struct entry *entry = batch->first, *after; entry; entry = after) {
        after = entry->next;
        if (entry->answered)
            entry_free(entry);
    }
    batch->first = NULL;
    release(batch);
}

void session_batch(void *data, struct grpc_c_call *call)
{
    static const struct maskline_v1_sessions_batch_sessions_stream stream = {
        on_message, on_half_close, next, on_end};
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this stream.");
        grpc_c_call_fail(call, &error);
        return;
    }
    batch->api = data;
    batch->call = grpc_c_call_ref(call);
    batch->last = &batch->first;
    batch->references = 1;
    pthread_mutex_init(&batch->lock, NULL);
    maskline_v1_sessions_batch_sessions_open(call, batch, &stream);
}
