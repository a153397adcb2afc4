#include "server/masking/bars/bar_records.h"

#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/lists.h"

#include <stdio.h>

void bar_person_read(struct error *error, const struct store *store, const char *path,
                     const char *text, struct bar_person *ret_person)
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
    bool number = address_parse(text, ADDRESS_STRICT, &ret_person->number);
    ret_person->text = number ? ret_person->number.text : text;
    ret_person->person = person_of(store_hash_key(store), canonical);
}

struct looking {
    const struct bar_records *records;
    struct bar_page *page;
};

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)key;
    const struct looking *looking = data;
    const void *record = rows_record(rows, looking->records->descriptor, value, error);
    if (!record)
        return false;
    looking->page->records[looking->page->count++] = record;
    *ret_taken = true;
    return true;
}

/* Of one person, or of all. */
static struct key prefix_of(const struct rows *rows, enum bar_kind kind, const uint8_t *pool,
                            const char *canonical)
{
    struct person person;
    if (!*canonical)
        return bars_all(rows, kind, pool);
    person = person_of(rows->hash_key, canonical);
    return kind == BAR_BLOCK ? key_blocks_of(rows->tenant, pool, &person)
                             : key_opt_outs_of(rows->tenant, pool, &person);
}

bool bar_records_list(struct view *view, const struct store *store,
                      const struct bar_records *records, const char *service,
                      const char *identifier, const struct page *page, struct arena *arena,
                      struct bar_page *ret_page, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found;
    if (!rows_find_active_service(&rows, service, &found, error))
        return false;
    *ret_page = (struct bar_page){.service = found};
    ret_page->records = arena_array(arena, page_rows(page), sizeof(void *));
    if (!ret_page->records)
        return refuse(error, REFUSED_NO_MEMORY);
    char canonical[CHANNEL_SIZE] = "";
    if (*identifier && !identifier_parse(identifier, ADDRESS_STRICT, canonical)) {
        refuse(error, REFUSED_IDENTIFIER);
        return error_field(error, "identifier",
                           "This is no number in E.164, and no address in a channel.");
    }
    char name[LIST_NAME_SIZE];
    snprintf(name, sizeof name, "%s %s %s", records->name, sid_format("KS", found->sid.data).text,
             canonical);
    struct looking looking = {records, ret_page};
    const struct listing listing = {
        .rows = &rows,
        .family = KV_LIVE,
        .prefix = prefix_of(&rows, records->kind, found->pool.data, canonical),
        .name = name,
        .page = page,
        .look = look,
        .data = &looking,
    };
    return list_page(&listing, ret_page->next_token, error);
}
