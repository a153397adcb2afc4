#include "server/masking/rows/lists.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"

#include <string.h>

#define MINTED_AHEAD (INT64_C(60) * 1000000)

size_t page_rows(const struct page *page)
{
    if (!page->size)
        return PAGE_DEFAULT;
    return page->size < PAGE_MOST ? page->size : PAGE_MOST;
}

/* Where the page begins: the list's first key, or just after the last one of the page before. */
static bool first_key(const struct listing *listing, struct key *ret_from, struct error *error)
{
    const char *token = listing->page->token;
    *ret_from = listing->since ? key_minted(&listing->prefix, listing->since) : listing->prefix;
    if (!token || !*token)
        return true;
    if (!page_token_read(token, listing->rows->hash_key, listing->name, ret_from, error))
        return false;
    if (ret_from->size == sizeof ret_from->data)
        return refuse(error, REFUSED_INTERNAL);
    if (!MUTANT("token_repeats_last"))
        ret_from->data[ret_from->size++] = 0;
    return true;
}

/* The end of the scan. When SIDs are minted faster than they can tell times apart, they run ahead of the time. */
static struct bytes end_of(const struct listing *listing, struct key *ret_to)
{
    if (!listing->until || listing->until > INT64_MAX - MINTED_AHEAD)
        return bytes_after(key_bytes(&listing->prefix), listing->rows->arena);
    *ret_to = key_minted(&listing->prefix, listing->until + MINTED_AHEAD);
    return key_bytes(ret_to);
}

static bool keep_key(struct bytes key, struct key *ret_key)
{
    if (key.size > sizeof ret_key->data)
        return false;
    ret_key->size = key.size;
    memcpy(ret_key->data, key.data, key.size);
    return true;
}

/* Whether the page may look at one more row. */
static bool may_look(size_t looked, size_t memory)
{
    return (looked < SCAN_BUDGET && memory < PAGE_MEMORY) || MUTANT("budget_unbounded");
}

static bool fill(const struct listing *listing, struct scan *scan, struct key *ret_last,
                 struct error *error)
{
    size_t rows = page_rows(listing->page), taken = 0;
    size_t before = arena_used(listing->rows->arena); /* by the request */
    for (size_t looked = 0; scan_valid(scan) && taken < rows &&
                            may_look(looked, arena_used(listing->rows->arena) - before);
         scan_next(scan), looked++) {
        bool takes = false;
        struct bytes key = scan_key(scan);
        if (!keep_key(key, ret_last))
            return refuse(error, REFUSED_INTERNAL);
        if (!listing->look(listing->data, listing->rows, key, scan_value(scan).bytes, &takes,
                           error))
            return false;
        taken += takes;
    }
    return scan_valid(scan) || scan_ok(scan, error);
}

bool list_page(const struct listing *listing, char ret_token[PAGE_TOKEN_SIZE], struct error *error)
{
    struct key from, to, last = {.size = 0};
    if (!first_key(listing, &from, error))
        return false;
    struct scan *scan =
        rows_scan(listing->rows, listing->family, key_bytes(&from), end_of(listing, &to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = fill(listing, scan, &last, error);
    bool more = ok && scan_valid(scan);
    scan_free(scan);
    *ret_token = '\0';
    if (more && !page_token_write(&last, listing->rows->hash_key, listing->name, ret_token))
        return refuse(error, REFUSED_INTERNAL);
    return ok;
}
