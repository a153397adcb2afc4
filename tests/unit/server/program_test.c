#include "server/exposed.h"
#include "server/port_file.h"
#include "server/signals.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(test_loopback_is_not_exposed)
{
    static const char *const local[] = {
        "127.0.0.1:7766",     "127.255.0.1:0", "[::1]:7766",          "localhost:7766",
        "unix:/run/maskline", "unix:relative", "[::ffff:127.0.0.1]:1"};
    static const char *const exposed[] = {"0.0.0.0:7766",  "[::]:7766", "192.168.1.2:7766",
                                          "example.org:1", ":7766",     "128.0.0.1:1",
                                          "no colon",      "",          "[::ffff:10.0.0.1]:1"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        ck_assert_msg(!address_exposed(local[i]), "%s", local[i]);
    for (size_t i = 0; i < sizeof exposed / sizeof *exposed; i++)
        ck_assert_msg(address_exposed(exposed[i]), "%s", exposed[i]);
}
END_TEST

START_TEST(test_port_file)
{
    char folder[] = "/tmp/maskline-ports-XXXXXX";
    char path[64];
    char text[64] = "";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ports", folder);
    struct error error;
    ck_assert(port_file_write(path, (const int[]){7766}, 1, &error));
    mode_t usual = umask(077);
    ck_assert(port_file_write(path, (const int[]){1, 65535}, 2, &error));
    umask(usual);
    struct stat state;
    ck_assert_int_eq(stat(path, &state), 0);
    ck_assert_int_eq(state.st_mode & 0777, 0644);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(text, 1, sizeof text - 1, file), 8);
    ck_assert_str_eq(text, "1\n65535\n");
    fclose(file);
    unlink(path);
    /* Nothing half-written is left beside it. */
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert(!port_file_write(path, (const int[]){1}, 1, &error));
    ck_assert_ptr_nonnull(strstr(error.message, path));
}
END_TEST

struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int which[2];
    unsigned count;
};

static void told(void *data, int which, unsigned count)
{
    struct heard *heard = data;
    pthread_mutex_lock(&heard->lock);
    ck_assert_uint_eq(count, heard->count + 1);
    heard->which[heard->count++] = which;
    pthread_cond_signal(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void wait_for(struct heard *heard, unsigned count)
{
    pthread_mutex_lock(&heard->lock);
    while (heard->count < count)
        pthread_cond_wait(&heard->changed, &heard->lock);
    pthread_mutex_unlock(&heard->lock);
}

START_TEST(test_signals_are_counted)
{
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    signals_block();
    struct signals *signals = signals_new(told, &heard);
    ck_assert_ptr_nonnull(signals);
    kill(getpid(), SIGINT);
    wait_for(&heard, 1);
    kill(getpid(), SIGTERM);
    wait_for(&heard, 2);
    signals_free(signals);
    ck_assert_int_eq(heard.which[0], SIGINT);
    ck_assert_int_eq(heard.which[1], SIGTERM);
    ck_assert_uint_eq(heard.count, 2);
}
END_TEST

SUITE_MAIN("program", test_loopback_is_not_exposed, test_port_file, test_signals_are_counted)
