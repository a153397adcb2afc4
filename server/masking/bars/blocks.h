/*
 * Blocks: people who are kept apart. With a block of one person to another, nothing that the one writes or dials reaches the other, in
 * whichever session of the Service; with a block to nobody in particular, it reaches nobody and nobody reaches it.
 */
#ifndef MASKLINE_SERVER_MASKING_BARS_BLOCKS_H
#define MASKLINE_SERVER_MASKING_BARS_BLOCKS_H

#include "server/masking/masking.h"

typedef void (*block_done)(void *data, const Maskline__Store__V1__Block *block,
                           const struct error *error);

struct block_name {
    const char *service;
    const char *identifier;    /* the person's number, E.164 */
    const char *to_identifier; /* whom it does not reach; empty: everybody, and both ways */
    struct request_id request; /* of a create */
};

/* One that exists stays as it is, and is the answer; a request id is kept then, too, so that a repeat later makes nothing. What waits to be sent is canceled. */
void blocks_create(struct masking *masking, const struct block_name *name, block_done done,
                   void *data);
/* The answer is what was lifted. */
void blocks_delete(struct masking *masking, const struct block_name *name, block_done done,
                   void *data);

struct block_list {
    const Maskline__Store__V1__Block **blocks;
    size_t count;
    char next_token[PAGE_TOKEN_SIZE];
};
/* Those of what a person writes, or all when `identifier` is empty; in no order that means anything. */
bool blocks_list(struct view *view, const struct store *store, const char *service,
                 const char *identifier, const struct page *page, struct arena *arena,
                 struct block_list *ret_list, struct error *error);

#endif
