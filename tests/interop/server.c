/*
 * The server of the interoperability suite, on our own stubs: server --port N. It tells its port on standard output, and runs until
 * SIGTERM or SIGINT.
 */
#include "proto/c/arena.h"
#include "server/rpc/server.h"
#include "tests/interop/flags.h"
#include "tests/interop/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRONG_USE = 2, GRACE_MS = 1000 };

static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static void wait_for(const sigset_t *signals)
{
    int which;
    while (sigwait(signals, &which) != 0)
        continue;
}

/* Serves until a signal comes. */
static bool serve(struct grpc_c_server *server, struct timer *timer, const char *address,
                  const sigset_t *signals, struct error *error)
{
    const struct grpc_testing_test_service_service service = service_on(timer);
    int port;
    if (!grpc_c_server_add(server, &grpc_testing_test_service_descriptor, &service, error) ||
        !grpc_c_server_listen(server, address, &port, error) || !grpc_c_server_start(server, error))
        return false;
    printf("%d\n", port);
    fflush(stdout);
    wait_for(signals);
    if (grpc_c_server_stop(server, GRACE_MS))
        return true;
    return error_set(error, STATUS_INTERNAL, "", 0, "Calls are left that do not end.");
}

static bool run(const char *address, const sigset_t *signals, struct error *error)
{
    const struct grpc_c_server_options options = {.threads = 2, .max_request = SERVICE_LARGEST};
    struct timer *timer = timer_new();
    if (!timer)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_THREAD", 0, "There is no thread.");
    struct grpc_c_server *server = grpc_c_server_new(&options, error);
    bool good = server && serve(server, timer, address, signals, error);
    grpc_c_server_free(server);
    timer_free(timer);
    return good;
}

int main(int argc, char **argv)
{
    const char *port = "0";
    const char *host = "127.0.0.1";
    const char *word;
    const struct flag flags[] = {{"--port", &port}, {"--host", &host}, {NULL, NULL}};
    if (!flags_read(argc, argv, flags, &word)) {
        fprintf(stderr, "server: cannot read %s\nusage: server --port N [--host ADDRESS]\n", word);
        return WRONG_USE;
    }
    const sigset_t signals = block_signals();
    struct error error;
    char address[300];
    snprintf(address, sizeof(address), "%s:%s", host, port);
    if (run(address, &signals, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "server: %s\n", error.message);
    return EXIT_FAILURE;
}
