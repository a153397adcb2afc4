/*
 * The journal of disk_shim.h: one record a call, in the order in which the calls were made.
 *
 * A record is a head and `size` bytes. Handles number the opens; they are not used again. Paths are relative to the folder. The
 * functions need the shim's lock.
 */
#ifndef MASKLINE_TESTS_FAULT_DISK_JOURNAL_H
#define MASKLINE_TESTS_FAULT_DISK_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

enum journal_kind {
    JOURNAL_OPEN = 1,    /* handle, path: of what is there */
    JOURNAL_CREATE,      /* handle, path: of what was not */
    JOURNAL_WRITE,       /* handle, number: offset, data */
    JOURNAL_RESIZE,      /* handle, number: size */
    JOURNAL_SYNC,        /* handle, number: how many records there were when it began */
    JOURNAL_SYNC_FAILED, /* the same; what it was to make durable never will be */
    JOURNAL_MKDIR,       /* path */
    JOURNAL_RENAME,      /* two paths with a zero byte between */
    JOURNAL_LINK,        /* likewise */
    JOURNAL_UNLINK,      /* path; of a folder, too */
    JOURNAL_NOTE,        /* bytes of the program's own */
};

struct journal_head {
    uint32_t kind;
    uint32_t handle;
    uint64_t number;
    uint64_t size;
};

/* Opens it; NULL: none is kept, and the functions below do nothing. */
void journal_begin(const char *path);
void journal_add(enum journal_kind kind, uint32_t handle, uint64_t number, const void *data,
                 size_t size);
void journal_add_pair(enum journal_kind kind, const char *from, const char *to);
uint64_t journal_count(void);

/* A file that is written through memory from now on. What has changed there is looked up before each record. */
void journal_map(uint32_t handle, const void *memory, size_t size);
void journal_unmap(const void *memory);

#endif
