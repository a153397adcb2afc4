/*
 * What blocks and opt-outs have in common: records of a Service that begin with a person.
 */
#ifndef MASKLINE_SERVER_MASKING_BARS_BAR_RECORDS_H
#define MASKLINE_SERVER_MASKING_BARS_BAR_RECORDS_H

#include "server/masking/bars/bars.h"
#include "server/masking/masking.h"

/* Whom a client means. */
struct bar_person {
    struct address number; /* of a number */
    const char *text;      /* as it is told: of an address in a channel as it was given */
    struct person person;
};

/* Adds what is wrong to the error. `text` lives as long as the result. */
void bar_person_read(struct error *error, const struct store *store, const char *path,
                     const char *text, struct bar_person *ret_person);

/* The kinds of records. */
struct bar_records {
    enum bar_kind kind;
    const char *name; /* of the list, in page tokens */
    const ProtobufCMessageDescriptor *descriptor;
};

struct bar_page {
    const Maskline__Store__V1__Service *service;
    const void **records; /* in the arena */
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
/* Those of a person, or all when `identifier` is empty. False: with an error. */
bool bar_records_list(struct view *view, const struct store *store,
                      const struct bar_records *records, const char *service,
                      const char *identifier, const struct page *page, struct arena *arena,
                      struct bar_page *ret_page, struct error *error);

#endif
