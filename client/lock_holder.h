/*
 * Who holds a lock (flock) on a file, without asking for the lock.
 */
#ifndef MASKLINE_CLIENT_LOCK_HOLDER_H
#define MASKLINE_CLIENT_LOCK_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

struct lock_holder {
    pid_t pid;
    char name[32];
    bool replaced; /* its program's file is another by now, or gone */
};

/* False: nobody does, or in another container. Reads /proc. */
bool lock_holder_find(const char *path, struct lock_holder *ret_holder);

#endif
