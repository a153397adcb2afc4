#include "server/masking/bars/blocks.h"

#include "server/masking/bars/person_letters.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/lists.h"

#include <stdio.h>

struct block_op {
    struct op op;
    const struct block_name *name;
    block_done done;
    void *data;
    struct address identifier, to_identifier; /* of numbers */
    const char *text, *to_text;               /* as they are told; the second may be empty */
    struct person person, to_person;
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

static enum kv_found find(struct block_op *op, struct rows *rows)
{
    Maskline__Store__V1__Service *service;
    struct error *error = &op->op.error;
    if (!rows_find_active_service(rows, op->name->service, &service, error))
        return KV_FAILED;
    op->service = service;
    struct key key = key_block(rows->tenant, service->pool.data, &op->person,
                               op->to_one ? &op->to_person : NULL);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LIVE, &key, &value, error);
    if (found != KV_FOUND)
        return found;
    op->block = rows_record(rows, &maskline__store__v1__block__descriptor, value.bytes, error);
    return op->block ? KV_FOUND : KV_FAILED;
}

static bool create_decide(struct op *base, struct rows *rows)
{
    struct block_op *op = (struct block_op *)base;
    enum kv_found found = find(op, rows);
    if (found != KV_ABSENT)
        return found == KV_FOUND;
    Maskline__Store__V1__Block *made = arena_alloc(rows->arena, sizeof *made);
    if (!made)
        return refuse(&base->error, REFUSED_NO_MEMORY);
    maskline__store__v1__block__init(made);
    made->person = (ProtobufCBinaryData){PERSON_SIZE, op->person.bytes};
    made->identifier = borrowed(op->text);
    made->to_identifier = borrowed(op->to_text);
    if (op->to_one)
        made->to_person = (ProtobufCBinaryData){PERSON_SIZE, op->to_person.bytes};
    made->create_time = rows->now;
    op->block = made;
    Maskline__Store__V1__BlockAdded added = MASKLINE__STORE__V1__BLOCK_ADDED__INIT;
    added.block = made;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED;
    entry.block_added = &added;
    uint64_t position;
    /* What waits for the one at whom it ends; what a person who is shut out wrote is found out when its time comes. */
    return rows_append(rows, op->service->sid.data, &entry, &position, &base->error) &&
           person_letters_find(rows, op->service, op->to_one ? &op->to_person : &op->person,
                               &op->letters, &base->error);
}

static bool delete_decide(struct op *base, struct rows *rows)
{
    struct block_op *op = (struct block_op *)base;
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

static void read_person(struct error *error, const uint8_t *hash_key, const char *path,
                        const char *text, struct address *ret_address, const char **ret_text,
                        struct person *ret_person)
{
    char canonical[CHANNEL_SIZE];
    if (!identifier_parse(text, ADDRESS_STRICT, canonical)) {
        if (error->code == STATUS_OK)
            refuse(error, REFUSED_IDENTIFIER);
        error_field(
            error, path,
            "This is no number in E.164, + and 8 to 15 digits, and no address in a channel.");
        return;
    }
    bool number = address_parse(text, ADDRESS_STRICT, ret_address);
    *ret_text = number ? ret_address->text : text;
    *ret_person = person_of(hash_key, canonical);
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
    op->to_text = "";
    op->to_one = *name->to_identifier != '\0';
    const uint8_t *hash_key = store_hash_key(masking->store);
    read_person(&op->op.error, hash_key, "identifier", name->identifier, &op->identifier, &op->text,
                &op->person);
    if (op->to_one)
        read_person(&op->op.error, hash_key, "to_identifier", name->to_identifier,
                    &op->to_identifier, &op->to_text, &op->to_person);
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

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)key;
    struct block_list *list = data;
    const Maskline__Store__V1__Block *block =
        rows_record(rows, &maskline__store__v1__block__descriptor, value, error);
    if (!block)
        return false;
    list->blocks[list->count++] = block;
    *ret_taken = true;
    return true;
}

bool blocks_list(struct view *view, const struct store *store, const char *service,
                 const char *identifier, const struct page *page, struct arena *arena,
                 struct block_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found;
    if (!rows_find_active_service(&rows, service, &found, error))
        return false;
    ret_list->count = 0;
    ret_list->blocks =
        arena_array(arena, page_rows(page), sizeof(const Maskline__Store__V1__Block *));
    if (!ret_list->blocks)
        return refuse(error, REFUSED_NO_MEMORY);
    char canonical[CHANNEL_SIZE] = "";
    struct key prefix = key_blocks(rows.tenant, found->pool.data);
    if (*identifier) {
        if (!identifier_parse(identifier, ADDRESS_STRICT, canonical)) {
            refuse(error, REFUSED_IDENTIFIER);
            return error_field(error, "identifier",
                               "This is no number in E.164, and no address in a channel.");
        }
        struct person person = person_of(rows.hash_key, canonical);
        prefix = key_blocks_of(rows.tenant, found->pool.data, &person);
    }
    char name[LIST_NAME_SIZE];
    snprintf(name, sizeof name, "blocks %s %s", sid_format("KS", found->sid.data).text, canonical);
    const struct listing listing = {
        .rows = &rows,
        .family = KV_LIVE,
        .prefix = prefix,
        .name = name,
        .page = page,
        .look = look,
        .data = ret_list,
    };
    return list_page(&listing, ret_list->next_token, error);
}
