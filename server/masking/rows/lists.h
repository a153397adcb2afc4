/*
 * Pages of lists: a scan from where the last page ended, within a budget.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_LISTS_H
#define MASKLINE_SERVER_MASKING_ROWS_LISTS_H

#include "server/masking/masking.h"
#include "server/masking/rows/rows.h"

enum {
    PAGE_DEFAULT = 50,
    PAGE_MOST = 1000,
    SCAN_BUDGET = 10000, /* rows that one page looks at, whatever its filter lets through */
    PAGE_MEMORY = 2 * 1024 * 1024, /* of the arena: clients take answers of 4 MiB as a rule */
    LIST_NAME_SIZE = 1536,
};

struct listing {
    struct rows *rows;
    enum kv_family family;
    struct key prefix;
    const char *name; /* of the list and its filter: what its tokens are bound to */
    const struct page *page;
    /* Of rows whose keys have only a SID behind the prefix: those minted before `since`, or long after `until`, are not even looked at.
     * 0: no bound. */
    int64_t since, until;
    /* Looks at a row. *ret_taken: it is on the page. False: an error. */
    bool (*look)(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error);
    void *data;
};

/* How many rows a page has at most. */
size_t page_rows(const struct page *page);

/* Fills a page; writes the next one's token, or an empty text. */
bool list_page(const struct listing *listing, char ret_token[PAGE_TOKEN_SIZE], struct error *error);

#endif
