/*
 * What fails on the disk of disk_shim.h. A file says it, one rule a line; it may be replaced (by rename) at any time:
 *
 *   CALL PATTERN EFFECT [skip N] [times N]
 *   quota BYTES
 *
 * CALL is open, read, write, sync, resize, mkdir, rename, link or unlink. PATTERN is matched with the path below the folder. EFFECT is
 * ENOSPC, EIO or EMFILE, `tear` (half of a write is done, then EIO), `delay MS`, or `kill` (the process dies before the call, as by kill -9).
 * The first `skip` calls that match go well, then `times` are hit, by default all. The first rule that hits counts. With a quota the
 * files below the folder have so much room; the rest of the disk does not exist.
 *
 * Each hit is a line in FILE.hits: the call, the path and the effect. The functions need the shim's lock.
 */
#ifndef MASKLINE_TESTS_FAULT_DISK_FAULTS_H
#define MASKLINE_TESTS_FAULT_DISK_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
    CALL_OPEN,
    CALL_READ,
    CALL_WRITE,
    CALL_SYNC,
    CALL_RESIZE,
    CALL_MKDIR,
    CALL_RENAME,
    CALL_LINK,
    CALL_UNLINK,
    FAULT_CALLS,
};

struct fault {
    int failure;       /* an errno; 0: none */
    bool tears;        /* half of it is done first */
    unsigned delay_ms; /* before it is done */
};

/* NULL: nothing fails. */
void faults_begin(const char *path);
struct fault faults_of(enum fault_call call, const char *path);
/* UINT64_MAX: none. */
uint64_t faults_quota(void);
/* Tells of a hit that the quota made. */
void faults_tell(enum fault_call call, const char *path, const char *effect);

#endif
