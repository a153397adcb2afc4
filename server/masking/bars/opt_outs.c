#include "server/masking/bars/opt_outs.h"

#include "server/masking/bars/person_letters.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/lists.h"

#include <stdio.h>
#include <string.h>

struct opt_out_op {
    struct op op;
    const struct opt_out_name *name;
    opt_out_done done;
    void *data;
    struct address identifier;
    const char *identifier_text; /* as it is told: of an address in a channel, as it was given */
    struct address proxy;        /* in the form that is compared; empty: of the whole Service */
    const char *proxy_text;
    struct person person;
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__OptOut *opt_out;
    struct person_letters letters;
};

static void tell(struct op *base, const struct error *error)
{
    struct opt_out_op *op = (struct opt_out_op *)base;
    if (!error)
        person_letters_hurry(base->masking, &op->letters);
    op->done(op->data, error ? NULL : op->service, error ? NULL : op->opt_out, error);
}

static bool find_service(struct opt_out_op *op, struct rows *rows)
{
    Maskline__Store__V1__Service *service;
    if (!rows_find_active_service(rows, op->name->service, &service, &op->op.error))
        return false;
    op->service = service;
    return true;
}

static enum kv_found find_row(struct opt_out_op *op, struct rows *rows)
{
    struct key key = key_opt_out(rows->tenant, op->service->pool.data, &op->person, op->proxy.text);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LIVE, &key, &value, &op->op.error);
    if (found != KV_FOUND)
        return found;
    op->opt_out =
        rows_record(rows, &maskline__store__v1__opt_out__descriptor, value.bytes, &op->op.error);
    return op->opt_out ? KV_FOUND : KV_FAILED;
}

static bool append(struct opt_out_op *op, struct rows *rows, Maskline__Store__V1__Entry *entry)
{
    uint64_t position;
    return rows_append(rows, op->service->sid.data, entry, &position, &op->op.error);
}

static bool create_decide(struct op *base, struct rows *rows)
{
    struct opt_out_op *op = (struct opt_out_op *)base;
    if (!find_service(op, rows))
        return false;
    enum kv_found found = find_row(op, rows);
    if (found != KV_ABSENT)
        return found == KV_FOUND;
    Maskline__Store__V1__OptOut *made = arena_alloc(rows->arena, sizeof *made);
    if (!made)
        return refuse(&base->error, REFUSED_NO_MEMORY);
    maskline__store__v1__opt_out__init(made);
    made->person = (ProtobufCBinaryData){PERSON_SIZE, op->person.bytes};
    made->identifier = borrowed(op->identifier_text);
    made->proxy_identifier = borrowed(op->proxy_text);
    made->create_time = rows->now;
    op->opt_out = made;
    Maskline__Store__V1__OptOutAdded added = MASKLINE__STORE__V1__OPT_OUT_ADDED__INIT;
    added.opt_out = made;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED;
    entry.opt_out_added = &added;
    return append(op, rows, &entry) &&
           person_letters_find(rows, op->service, &op->person, &op->letters, &base->error);
}

static bool delete_decide(struct op *base, struct rows *rows)
{
    struct opt_out_op *op = (struct opt_out_op *)base;
    if (!find_service(op, rows))
        return false;
    enum kv_found found = find_row(op, rows);
    if (found == KV_ABSENT)
        refuse(&base->error, REFUSED_OPT_OUT_NOT_FOUND);
    if (found != KV_FOUND)
        return false;
    Maskline__Store__V1__OptOutRemoved removed = MASKLINE__STORE__V1__OPT_OUT_REMOVED__INIT;
    removed.opt_out = (Maskline__Store__V1__OptOut *)(uintptr_t)op->opt_out;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED;
    entry.opt_out_removed = &removed;
    return append(op, rows, &entry);
}

static void run(struct masking *masking, const struct opt_out_name *name,
                bool (*decide)(struct op *op, struct rows *rows), opt_out_done done, void *data)
{
    struct opt_out_op *op = op_new(masking, sizeof *op);
    if (!op) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return;
    }
    op->op.tell = tell;
    op->op.decide = decide;
    op->name = name;
    op->done = done;
    op->data = data;
    struct error *error = &op->op.error;
    char canonical[CHANNEL_SIZE];
    if (identifier_parse(name->identifier, ADDRESS_STRICT, canonical)) {
        bool number = address_parse(name->identifier, ADDRESS_STRICT, &op->identifier);
        op->identifier_text = number ? op->identifier.text : name->identifier;
        op->person = person_of(store_hash_key(masking->store), canonical);
    } else {
        refuse(error, REFUSED_IDENTIFIER);
        error_field(
            error, "identifier",
            "This is no number in E.164, + and 8 to 15 digits, and no address in a channel.");
    }
    struct address proxy;
    op->proxy.text[0] = '\0';
    if (*name->proxy_identifier && proxy_parse(name->proxy_identifier, &proxy))
        op->proxy = proxy_form(proxy.text);
    else if (*name->proxy_identifier)
        error_field(error, "proxy_identifier",
                    "This is no number in E.164, + and 8 to 15 digits, no short code, and no "
                    "address in a channel.");
    op->proxy_text =
        address_scheme(name->proxy_identifier) ? name->proxy_identifier : op->proxy.text;
    op_run(&op->op);
}

void opt_outs_create(struct masking *masking, const struct opt_out_name *name, opt_out_done done,
                     void *data)
{
    run(masking, name, create_decide, done, data);
}

void opt_outs_delete(struct masking *masking, const struct opt_out_name *name, opt_out_done done,
                     void *data)
{
    run(masking, name, delete_decide, done, data);
}

/* ---- lists ---- */

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)key;
    struct opt_out_list *list = data;
    const Maskline__Store__V1__OptOut *opt_out =
        rows_record(rows, &maskline__store__v1__opt_out__descriptor, value, error);
    if (!opt_out)
        return false;
    list->opt_outs[list->count++] = opt_out;
    *ret_taken = true;
    return true;
}

bool opt_outs_list(struct view *view, const struct store *store, const char *service,
                   const char *identifier, const struct page *page, struct arena *arena,
                   struct opt_out_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found;
    if (!rows_find_active_service(&rows, service, &found, error))
        return false;
    ret_list->service = found;
    ret_list->count = 0;
    ret_list->opt_outs =
        arena_array(arena, page_rows(page), sizeof(const Maskline__Store__V1__OptOut *));
    if (!ret_list->opt_outs)
        return refuse(error, REFUSED_NO_MEMORY);
    char canonical[CHANNEL_SIZE] = "";
    struct key prefix = key_opt_outs(rows.tenant, found->pool.data);
    if (*identifier) {
        if (!identifier_parse(identifier, ADDRESS_STRICT, canonical)) {
            refuse(error, REFUSED_IDENTIFIER);
            return error_field(error, "identifier",
                               "This is no number in E.164, and no address in a channel.");
        }
        struct person person = person_of(rows.hash_key, canonical);
        prefix = key_opt_outs_of(rows.tenant, found->pool.data, &person);
    }
    char name[LIST_NAME_SIZE];
    snprintf(name, sizeof name, "opt-outs %s %s", sid_format("KS", found->sid.data).text,
             canonical);
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
