/*
 * Rows in memory that were read from the engine, whole: a row that is asked for again costs neither a search through its files nor
 * the unpacking of a block.
 *
 * What is kept of a row is what the engine holds now, never anything older, and a reader gets it only if it would have found the same
 * there. That works by moments, which are numbered: each snapshot is of one. A write says before it begins which rows it
 * touches, and these are forgotten; when it has ended, they are for readers of later moments only. Between the two they are
 * nobody's. So is what a reader brings that began before the write had ended.
 *
 * Bounded; what was not asked for longest goes first. Absent rows are not kept, nor those of KV_LOG. Any thread; the writers'
 * functions are called in pairs, and two writers may touch one row at a time.
 */
#ifndef MASKLINE_STORAGE_KV_ROWS_H
#define MASKLINE_STORAGE_KV_ROWS_H

#include "storage/kv.h"

struct kv_rows;

/* At most so many bytes in all, overhead included. NULL when there is no memory. */
struct kv_rows *kv_rows_new(size_t bytes);
/* NULL is fine. */
void kv_rows_free(struct kv_rows *rows);
size_t kv_rows_bytes(struct kv_rows *rows);

/* ---- readers ---- */

/* The next moment: to be taken just before a snapshot is. A read without one is of KV_ROWS_NOW. */
uint64_t kv_rows_moment(struct kv_rows *rows);
#define KV_ROWS_NOW UINT64_MAX

/* What must not have changed when a reader comes back with a row. */
struct kv_rows_ticket {
    uint32_t hash;
    uint32_t writes;
};

/* A row as the engine has it at this moment, copied into the arena. ABSENT: it is not known here, and may be brought with the
 * ticket. FAILED: the arena has no room. */
enum kv_found kv_rows_get(struct kv_rows *rows, uint64_t moment, enum kv_family family,
                          struct bytes key, struct arena *arena, struct kv_value *ret_value,
                          struct kv_rows_ticket *ret_ticket);
/* Keeps what the engine had at this moment, if that is still so. */
void kv_rows_keep(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                  enum kv_family family, struct bytes key, const struct kv_value *value);

/* The same for a group of keys (kv.h) that has no rows at all: whether that is known, and that it was found so. `group` is what its keys
 * begin with. */
bool kv_rows_none(struct kv_rows *rows, uint64_t moment, enum kv_family family, struct bytes group,
                  struct kv_rows_ticket *ret_ticket);
void kv_rows_keep_none(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                       enum kv_family family, struct bytes group);

/* ---- writers: of a row, and so of its group ---- */

void kv_rows_touch(struct kv_rows *rows, enum kv_family family, struct bytes key);
void kv_rows_touched(struct kv_rows *rows, enum kv_family family, struct bytes key);
/* The same for all rows at once. */
void kv_rows_touch_all(struct kv_rows *rows);
void kv_rows_touched_all(struct kv_rows *rows);

#endif
