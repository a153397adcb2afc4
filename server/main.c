/*
 * The server's program.
 *
 * Exit codes: 0 it ended as it was asked to; 1 it could not start, or not end in time; 2 bad settings.
 */
#include "proto/c/fault.h"
#include "server/config.h"
#include "server/maskline.h"
#include "server/port_file.h"
#include "server/say.h"
#include "server/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_BAD_SETTINGS = 2, LOOK_SECONDS = 1 };

/* What the signals' thread tells the main one. */
struct ending {
    struct maskline *maskline;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked; /* under the lock */
};

/* The machine's clock may be set while it waits. */
static void ending_init(struct ending *ending)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ending->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void told(void *data, int which, unsigned count)
{
    struct ending *ending = data;
    if (count > 1) {
        say("%s again: ending at once", strsignal(which));
        maskline_hurry(ending->maskline);
        return;
    }
    say("%s: no more calls are taken; those in flight may end", strsignal(which));
    pthread_mutex_lock(&ending->lock);
    ending->asked = true;
    pthread_cond_signal(&ending->changed);
    pthread_mutex_unlock(&ending->lock);
}

/* Has an eye on the server meanwhile. */
static void wait_for_end(struct ending *ending)
{
    pthread_mutex_lock(&ending->lock);
    while (!ending->asked) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_SECONDS;
        if (pthread_cond_timedwait(&ending->changed, &ending->lock, &until) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&ending->lock);
        maskline_watch(ending->maskline);
        pthread_mutex_lock(&ending->lock);
    }
    pthread_mutex_unlock(&ending->lock);
}

/* A connection each, and RocksDB's files. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Appends to a list with commas, as far as there is room. */
static void append(char *list, size_t room, const char *item, size_t item_size)
{
    size_t used = strlen(list);
    snprintf(list + used, room - used, "%s%.*s", used > 0 ? "," : "", (int)item_size, item);
}

/* Addresses with the ports that were taken in place of 0. */
static void list_addresses(const struct config *config, const struct maskline *maskline,
                           char *ret_list, size_t room)
{
    *ret_list = '\0';
    for (size_t i = 0; i < config->listen_count; i++) {
        const char *address = config->listen[i];
        const char *colon = strrchr(address, ':');
        char text[CONFIG_TEXT + 16];
        if (maskline_port(maskline, i) > 0 && colon)
            snprintf(text, sizeof text, "%.*s:%d", (int)(colon - address), address,
                     maskline_port(maskline, i));
        else
            snprintf(text, sizeof text, "%s", address);
        append(ret_list, room, text, strlen(text));
    }
}

static void say_serving(const struct config *config, const struct maskline *maskline)
{
    char addresses[512];
    char carriers[512] = "";
    list_addresses(config, maskline, addresses, sizeof addresses);
    for (size_t i = 0; i < config->carrier_count; i++)
        append(carriers, sizeof carriers, config->carriers[i], strlen(config->carriers[i]));
    say("serving on %s, store in %s, carriers %s", addresses, config->data, carriers);
}

static bool write_port_file(const struct config *config, const struct maskline *maskline,
                            struct error *error)
{
    int ports[CONFIG_LISTEN];
    size_t count = 0;
    for (size_t i = 0; i < config->listen_count; i++)
        if (maskline_port(maskline, i) > 0)
            ports[count++] = maskline_port(maskline, i);
    return *config->port_file == '\0' || port_file_write(config->port_file, ports, count, error);
}

/* Serves until a signal comes. False: it did not end in time, and must be left as it is. */
static bool serve(const struct config *config, struct maskline *maskline, struct error *error)
{
    struct ending ending = {.maskline = maskline, .lock = PTHREAD_MUTEX_INITIALIZER};
    ending_init(&ending);
    struct signals *signals = signals_new(told, &ending);
    bool ok = signals && write_port_file(config, maskline, error);
    if (!signals)
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_THREAD", 0, "No thread can be started.");
    if (ok) {
        say_serving(config, maskline);
        wait_for_end(&ending);
    }
    bool drained = maskline_drain(maskline);
    signals_free(signals);
    if (!drained) {
        say("calls are still alive long after they were cancelled; leaving them");
        _exit(EXIT_FAILURE);
    }
    return ok;
}

static int run(const struct config *config)
{
    struct error error;
    struct maskline *maskline;
    if (!maskline_check(config, &error) || !maskline_open(config, &maskline, &error)) {
        say("%s", error.message);
        return error.code == STATUS_INVALID_ARGUMENT ? EXIT_BAD_SETTINGS : EXIT_FAILURE;
    }
    bool ok = serve(config, maskline, &error);
    maskline_close(maskline);
    if (ok)
        say("ended");
    else
        say("%s", error.message);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
    static struct config config;
    struct error error;
    switch (config_read(count - 1, (const char *const *)arguments + 1, (const char *const *)environ,
                        stdout, &config, &error)) {
    case CONFIG_OK:
        break;
    case CONFIG_HELP:
    case CONFIG_VERSION:
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case CONFIG_BAD:
        say("%s", error.message);
        return EXIT_BAD_SETTINGS;
    }
    signals_block();
    raise_file_limit();
    /* Real numbers and texts: whatever folder the store lies in, its files are for this user alone. RocksDB makes them for all to read. */
    if (!MUTANT("store_for_all_to_read"))
        umask(077);
    return run(&config);
}
