#include "server/masking/bars/blocks.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bar_records.h"
#include "server/masking/bars/person_letters.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/requests.h"

#include <string.h>

struct block_op {
    struct op op;
    const struct block_name *name;
    block_done done;
    void *data;
    struct bar_person from, to; /* the text of the second may be empty */
    bool to_one;
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Block *block;
    struct person_letters letters;
};

static void tell(struct op *base, const struct error *error)
{
    struct block_op *op = (struct block_op *)base;
    if (!error)
        person_letters_hurry(base->masking, &op->letters);
    op->done(op->data, error ? NULL : op->block, error);
}

static bool find_service(struct block_op *op, struct rows *rows)
{
    Maskline__Store__V1__Service *service;
    if (!rows_find_active_service(rows, op->name->service, &service, &op->op.error))
        return false;
    op->service = service;
    return true;
}

static enum kv_found find(struct block_op *op, struct rows *rows)
{
    struct error *error = &op->op.error;
    struct key key = key_block(rows->tenant, op->service->pool.data, &op->from.person,
                               op->to_one ? &op->to.person : NULL);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LIVE, &key, &value, error);
    if (found != KV_FOUND)
        return found;
    op->block = rows_record(rows, &maskline__store__v1__block__descriptor, value.bytes, error);
    return op->block ? KV_FOUND : KV_FAILED;
}

static bool append_added(struct block_op *op, struct rows *rows)
{
    Maskline__Store__V1__BlockAdded added = MASKLINE__STORE__V1__BLOCK_ADDED__INIT;
    added.block = (Maskline__Store__V1__Block *)(uintptr_t)op->block;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &op->name->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED;
    entry.block_added = &added;
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, &op->op.error);
}

static bool answer_again(struct block_op *op, struct rows *rows, uint64_t position)
{
    Maskline__Store__V1__Entry *entry;
    if (!request_answer(rows, op->service->sid.data, position, &entry, &op->op.error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED)
        return refuse(&op->op.error, REFUSED_RECORD_UNREADABLE);
    op->block = entry->block_added->block;
    return true;
}

static bool make(struct block_op *op, struct rows *rows)
{
    Maskline__Store__V1__Block *made = arena_alloc(rows->arena, sizeof *made);
    if (!made)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    maskline__store__v1__block__init(made);
    made->person = (ProtobufCBinaryData){PERSON_SIZE, op->from.person.bytes};
    made->identifier = borrowed(op->from.text);
    made->to_identifier = borrowed(op->to.text);
    if (op->to_one)
        made->to_person = (ProtobufCBinaryData){PERSON_SIZE, op->to.person.bytes};
    made->create_time = rows->now;
    op->block = made;
    /* What waits for the one at whom it ends; what a person who is shut out wrote is found out when its time comes. */
    return append_added(op, rows) &&
           person_letters_find(rows, op->service, op->to_one ? &op->to.person : &op->from.person,
                               &op->letters, &op->op.error);
}

static bool create_decide(struct op *base, struct rows *rows)
{
    struct block_op *op = (struct block_op *)base;
    uint64_t position;
    if (!find_service(op, rows) ||
        !request_seen(rows, op->service->sid.data, &op->name->request, &position, &base->error))
        return false;
    if (position)
        return answer_again(op, rows, position);
    enum kv_found found = find(op, rows);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT)
        return make(op, rows);
    /* So that a repeat blocks nobody whose block is lifted by then. */
    return !request_given(&op->name->request) || MUTANT("bar_known_is_forgotten") ||
           append_added(op, rows);
}

static bool delete_decide(struct op *base, struct rows *rows)
{
    struct block_op *op = (struct block_op *)base;
    if (!find_service(op, rows))
        return false;
    enum kv_found found = find(op, rows);
    if (found == KV_ABSENT)
        refuse(&base->error, REFUSED_BLOCK_NOT_FOUND);
    if (found != KV_FOUND)
        return false;
    Maskline__Store__V1__BlockRemoved removed = MASKLINE__STORE__V1__BLOCK_REMOVED__INIT;
    removed.block = (Maskline__Store__V1__Block *)(uintptr_t)op->block;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED;
    entry.block_removed = &removed;
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, &base->error);
}

static void run(struct masking *masking, const struct block_name *name,
                bool (*decide)(struct op *op, struct rows *rows), block_done done, void *data)
{
    struct block_op *op = op_new(masking, sizeof *op);
    if (!op) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, &error);
        return;
    }
    op->op.tell = tell;
    op->op.decide = decide;
    op->name = name;
    op->done = done;
    op->data = data;
    op->to.text = "";
    op->to_one = *name->to_identifier != '\0';
    bar_person_read(&op->op.error, masking->store, "identifier", name->identifier, &op->from);
    if (op->to_one)
        bar_person_read(&op->op.error, masking->store, "to_identifier", name->to_identifier,
                        &op->to);
    form_request(&op->op.error, &name->request);
    op_run(&op->op);
}

void blocks_create(struct masking *masking, const struct block_name *name, block_done done,
                   void *data)
{
    run(masking, name, create_decide, done, data);
}

void blocks_delete(struct masking *masking, const struct block_name *name, block_done done,
                   void *data)
{
    run(masking, name, delete_decide, done, data);
}

/* ---- lists ---- */

bool blocks_list(struct view *view, const struct store *store, const char *service,
                 const char *identifier, const struct page *page, struct arena *arena,
                 struct block_list *ret_list, struct error *error)
{
    static const struct bar_records records = {BAR_BLOCK, "blocks",
                                               &maskline__store__v1__block__descriptor};
    struct bar_page found;
    if (!bar_records_list(view, store, &records, service, identifier, page, arena, &found, error))
        return false;
    ret_list->blocks = (const Maskline__Store__V1__Block **)found.records;
    ret_list->count = found.count;
    memcpy(ret_list->next_token, found.next_token, sizeof found.next_token);
    return true;
}
