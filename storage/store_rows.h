/*
 * The rows that say whose store this is. For the opening of the store alone.
 */
#ifndef MASKLINE_STORAGE_STORE_ROWS_H
#define MASKLINE_STORAGE_STORE_ROWS_H

#include "storage/store.h"

/* Makes a new identity, incarnation and hash key, durable when it returns. */
bool store_write_identity(struct store *store, struct error *error);
/* The greatest sequence that the head and the logs tell of. After store_read_rows. */
bool store_last_sequence(struct store *store, uint64_t *ret_last, struct error *error);
/* KV_ABSENT: the store has none yet. */
enum kv_found store_read_identity(struct store *store, struct error *error);

#endif
