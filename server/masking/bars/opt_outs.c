#include "server/masking/bars/opt_outs.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bar_records.h"
#include "server/masking/bars/person_letters.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/requests.h"

#include <string.h>

struct opt_out_op {
    struct op op;
    const struct opt_out_name *name;
    opt_out_done done;
    void *data;
    struct bar_person who;
    struct address proxy; /* in the form that is compared; empty: of the whole Service */
    const char *proxy_text;
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
    struct key key =
        key_opt_out(rows->tenant, op->service->pool.data, &op->who.person, op->proxy.text);
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

static bool append_added(struct opt_out_op *op, struct rows *rows)
{
    Maskline__Store__V1__OptOutAdded added = MASKLINE__STORE__V1__OPT_OUT_ADDED__INIT;
    added.opt_out = (Maskline__Store__V1__OptOut *)(uintptr_t)op->opt_out;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &op->name->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED;
    entry.opt_out_added = &added;
    return append(op, rows, &entry);
}

static bool answer_again(struct opt_out_op *op, struct rows *rows, uint64_t position)
{
    Maskline__Store__V1__Entry *entry;
    if (!request_answer(rows, op->service->sid.data, position, &entry, &op->op.error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED)
        return refuse(&op->op.error, REFUSED_RECORD_UNREADABLE);
    op->opt_out = entry->opt_out_added->opt_out;
    return true;
}

static bool make(struct opt_out_op *op, struct rows *rows)
{
    Maskline__Store__V1__OptOut *made = arena_alloc(rows->arena, sizeof *made);
    if (!made)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    maskline__store__v1__opt_out__init(made);
    made->person = (ProtobufCBinaryData){PERSON_SIZE, op->who.person.bytes};
    made->identifier = borrowed(op->who.text);
    made->proxy_identifier = borrowed(op->proxy_text);
    made->create_time = rows->now;
    op->opt_out = made;
    return append_added(op, rows) &&
           person_letters_find(rows, op->service, &op->who.person, &op->letters, &op->op.error);
}

static bool create_decide(struct op *base, struct rows *rows)
{
    struct opt_out_op *op = (struct opt_out_op *)base;
    uint64_t position;
    if (!find_service(op, rows) ||
        !request_seen(rows, op->service->sid.data, &op->name->request, &position, &base->error))
        return false;
    if (position)
        return answer_again(op, rows, position);
    enum kv_found found = find_row(op, rows);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT)
        return make(op, rows);
    /* So that a repeat opts nobody out who is opted in by then. */
    return !request_given(&op->name->request) || MUTANT("bar_known_is_forgotten") ||
           append_added(op, rows);
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
    bar_person_read(error, masking->store, "identifier", name->identifier, &op->who);
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
    form_request(error, &name->request);
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

bool opt_outs_list(struct view *view, const struct store *store, const char *service,
                   const char *identifier, const struct page *page, struct arena *arena,
                   struct opt_out_list *ret_list, struct error *error)
{
    static const struct bar_records records = {BAR_OPT_OUT, "opt-outs",
                                               &maskline__store__v1__opt_out__descriptor};
    struct bar_page found;
    if (!bar_records_list(view, store, &records, service, identifier, page, arena, &found, error))
        return false;
    ret_list->service = found.service;
    ret_list->opt_outs = (const Maskline__Store__V1__OptOut **)found.records;
    ret_list->count = found.count;
    memcpy(ret_list->next_token, found.next_token, sizeof found.next_token);
    return true;
}
