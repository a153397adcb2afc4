#include "client/lock_holder.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[256];

static int make_file(void)
{
    const char *folder = getenv("TEST_TMPDIR");
    snprintf(path, sizeof path, "%s/lock.XXXXXX", folder ? folder : "/tmp");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    return file;
}

START_TEST(test_nobody)
{
    struct lock_holder holder;
    int file = make_file();
    ck_assert(!lock_holder_find(path, &holder));
    /* A lock of the other kind is none of these. */
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(fcntl(file, F_SETLK, &range), 0);
    ck_assert(!lock_holder_find(path, &holder));
    unlink(path);
    ck_assert(!lock_holder_find(path, &holder));
    close(file);
}
END_TEST

START_TEST(test_another_process)
{
    struct lock_holder holder;
    int file = make_file();
    int ready[2], end[2];
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(end), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        char byte;
        close(end[1]);
        int own = open(path, O_RDONLY);
        bool ok = own >= 0 && flock(own, LOCK_EX) == 0 && write(ready[1], "x", 1) == 1;
        /* Until the other end is closed. */
        _exit(ok && read(end[0], &byte, 1) == 0 ? 0 : 1);
    }
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert(lock_holder_find(path, &holder));
    ck_assert_int_eq(holder.pid, child);
    ck_assert_str_ne(holder.name, "unknown");
    ck_assert(!holder.replaced);
    close(end[1]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(!lock_holder_find(path, &holder));
    unlink(path);
    close(file);
}
END_TEST

SUITE_MAIN("lock_holder", test_nobody, test_another_process)
