#include "client/bench/peers.h"

#include "client/bench/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 512, ARGUMENTS_MOST = 48, START_POLLS = 3000, POLL_NS = 10000000 };

static bool take_port(struct peer *peer, FILE *file)
{
    char line[32];
    long port = file && fgets(line, sizeof line, file) ? strtol(line, NULL, 10) : 0;
    snprintf(peer->target, sizeof peer->target, "127.0.0.1:%ld", port);
    return port > 0;
}

static bool start_echo(const char *program, const char *const *arguments, struct peer *ret_peer)
{
    struct process_options options = {.arguments = arguments, .piped = true};
    if (process_start(&options, &ret_peer->process) && take_port(ret_peer, ret_peer->process.out))
        return true;
    fprintf(stderr, "maskline-bench: the echo server %s does not serve\n", program);
    peer_stop(ret_peer);
    return false;
}

bool peer_start_echo(const char *program, unsigned threads, struct peer *ret_peer)
{
    char count[16];
    snprintf(count, sizeof count, "%u", threads);
    const char *arguments[] = {program, count, NULL};
    return start_echo(program, arguments, ret_peer);
}

bool peer_start_look(const char *program, struct peer *ret_peer)
{
    const char *arguments[] = {program, "1", "look", NULL};
    return start_echo(program, arguments, ret_peer);
}

bool peer_start_durable(const char *program, const char *folder, unsigned before, unsigned after,
                        struct peer *ret_peer)
{
    char counts[2][16];
    snprintf(counts[0], sizeof counts[0], "%u", before);
    snprintf(counts[1], sizeof counts[1], "%u", after);
    const char *arguments[] = {program, "1", folder, counts[0], counts[1], NULL};
    return start_echo(program, arguments, ret_peer);
}

bool peer_start_whole(const char *program, const char *folder, const char *what,
                      struct peer *ret_peer)
{
    const char *arguments[] = {program, "1", folder, what, NULL};
    return start_echo(program, arguments, ret_peer);
}

static void tell_log(const char *path)
{
    char line[512];
    FILE *log = fopen(path, "re");
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
}

/* The file appears, whole, when the server serves. */
static bool wait_for_port(struct peer *peer, const char *port_file)
{
    for (int i = 0; i < START_POLLS && process_alive(&peer->process); i++) {
        FILE *file = fopen(port_file, "re");
        bool found = take_port(peer, file);
        if (file)
            fclose(file);
        if (found)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    return false;
}

bool peer_start_maskline(const char *program, const char *folder, const char *const *more,
                         struct peer *ret_peer)
{
    char data[PATH_SIZE], port_file[PATH_SIZE], log[PATH_SIZE];
    *ret_peer = (struct peer){0};
    if (mkdir(folder, 0700) != 0) {
        fprintf(stderr, "maskline-bench: cannot make %s: %s\n", folder, strerror(errno));
        return false;
    }
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(port_file, sizeof port_file, "%s/port", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    const char *arguments[ARGUMENTS_MOST] = {program,       "--data",      data,     "--listen",
                                             "127.0.0.1:0", "--port-file", port_file};
    for (size_t i = 7; more && *more && i + 1 < ARGUMENTS_MOST; i++)
        arguments[i] = *more++;
    struct process_options options = {.arguments = arguments, .log = log};
    if (process_start(&options, &ret_peer->process) && wait_for_port(ret_peer, port_file))
        return true;
    fprintf(stderr, "maskline-bench: the server %s does not serve; its words:\n", program);
    tell_log(log);
    peer_stop(ret_peer);
    return false;
}

void peer_stop(struct peer *peer)
{
    process_stop(&peer->process, 0);
}
