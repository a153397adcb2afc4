/*
 * The folder of a store: whose it is, of which version, and that one process at a time uses it.
 *
 *   lock      held (flock) as long as the store is open
 *   version   "maskline store 1"; written last of all, so that a folder without it was never used
 *   data/     the engine's files
 *   reached   the sequence of the last change that was acknowledged, or of one a little before. The engine takes a damaged end of
 *             its log for one that a power loss tore, and goes on without it; this tells when too much is gone. It is written
 *             through memory, without a sync, and only after the change is durable: what of it reaches the disk is never
 *             ahead. A copy of a store may leave it out.
 */
#ifndef MASKLINE_STORAGE_STORE_FOLDER_H
#define MASKLINE_STORAGE_STORE_FOLDER_H

#include "proto/c/error.h"

struct store_folder {
    char *path;
    char *data; /* the engine's folder */
    int lock;   /* a file; -1: none */
    bool is_new;
    struct reached *reached; /* mapped; NULL: none */
};

/* Checks and locks; makes the folder when it is absent. Nothing is touched when it is refused. */
bool store_folder_open(const char *path, struct store_folder *ret_folder, struct error *error);
/* Says that the store in the folder is complete; on the disk when it returns. */
bool store_folder_settle(struct store_folder *folder, struct error *error);
void store_folder_close(struct store_folder *folder);

/* Reads and sets what was reached; nothing, and 0, in memory. One thread at a time. */
uint64_t store_folder_reached(const struct store_folder *folder);
void store_folder_reach(struct store_folder *folder, uint64_t sequence);

/* What other processes may still write there; UINT64_MAX when it cannot be told. */
uint64_t store_folder_free_bytes(const struct store_folder *folder);

#endif
