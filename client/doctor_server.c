#include "client/doctor.h"

#include "client/server_program.h"
#include "client/version.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- one that answers ---- */

static void say_health(struct doctor *doctor, bool serves)
{
    const char *server = doctor->cli->server;
    if (serves)
        doctor_say(doctor, VERDICT_OK, "server", "one answers at %s, and serves", server);
    else
        doctor_say(doctor, VERDICT_FAIL, "server",
                   "one answers at %s, and does not serve: it shuts down, or its store failed; its "
                   "log tells",
                   server);
}

static void say_version(struct doctor *doctor, const char *version)
{
    const char *server = doctor->cli->server;
    if (!version)
        doctor_say(doctor, VERDICT_WARN, "program",
                   "the server at %s does not say its version: it is older than this command, or "
                   "no Maskline",
                   server);
    else if (strcmp(version, MASKLINE_VERSION) == 0)
        doctor_say(doctor, VERDICT_OK, "program", "the server at %s is maskline %s, too", server,
                   version);
    else
        doctor_say(doctor, VERDICT_WARN, "program",
                   "the server at %s is maskline %s, and this command " MASKLINE_VERSION
                   ": start it anew to run the new one",
                   server, version);
}

/* ---- none that answers ---- */

/* "host:port" and "[v6]:port" taken apart; false for others. */
static bool split(const char *target, char host[256], char port[16])
{
    const char *colon = strrchr(target, ':');
    if (!colon || strncmp(target, "unix", 4) == 0 || strlen(colon + 1) >= 16)
        return false;
    size_t size = (size_t)(colon - target);
    bool bracketed = size >= 2 && target[0] == '[' && target[size - 1] == ']';
    if (bracketed) {
        target++;
        size -= 2;
    }
    if (size >= 256)
        return false;
    memcpy(host, target, size);
    host[size] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

/* 0: a server could listen there; else why not. */
static int try_address(const struct addrinfo *address)
{
    int on = 1;
    int one = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);
    if (one < 0)
        return errno;
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int failure = bind(one, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    close(one);
    return failure;
}

static void say_address(struct doctor *doctor, int failure)
{
    const char *server = doctor->cli->server;
    if (failure == 0 && doctor->holder > 0)
        doctor_say(doctor, VERDICT_WARN, "server",
                   "none answers at %s, although process %d has the store open: name its address "
                   "by --server",
                   server, (int)doctor->holder);
    else if (failure == 0)
        doctor_say(doctor, VERDICT_OK, "server", "none runs, and %s is free for one", server);
    else if (failure == EADDRINUSE)
        doctor_say(
            doctor, VERDICT_FAIL, "server",
            "something that is no Maskline server listens at %s (`ss -ltnp` tells what): end "
            "it, or take another port by --listen",
            server);
    else if (failure == EADDRNOTAVAIL)
        doctor_say(doctor, VERDICT_FAIL, "server",
                   "none answers at %s, which is another machine's address: see whether it runs "
                   "there, and whether a firewall is between",
                   server);
    else
        doctor_say(doctor, VERDICT_FAIL, "server", "none answers at %s, and none could listen: %s",
                   server, strerror(failure));
}

static void check_address(struct doctor *doctor, const char *why)
{
    char host[256], port[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (!split(doctor->cli->server, host, port))
        return doctor_say(doctor, doctor->holder > 0 ? VERDICT_WARN : VERDICT_OK, "server",
                          "none answers at %s (%s)", doctor->cli->server, why);
    int failure = getaddrinfo(host, port, &hints, &found);
    if (failure)
        return doctor_say(doctor, VERDICT_FAIL, "server",
                          "there is no address %s: %s; name another by --server",
                          doctor->cli->server, gai_strerror(failure));
    say_address(doctor, try_address(found));
    freeaddrinfo(found);
}

static void check_program(struct doctor *doctor)
{
    char version[128];
    if (!server_program_says("--version", version, sizeof version))
        return doctor_say(
            doctor, VERDICT_WARN, "program",
            "there is no server program beside this one: `maskline serve` cannot work");
    version[strcspn(version, "\n")] = '\0';
    if (strcmp(version, "maskline " MASKLINE_VERSION) == 0)
        doctor_say(doctor, VERDICT_OK, "program", "this command and the server program are %s",
                   version);
    else
        doctor_say(doctor, VERDICT_WARN, "program",
                   "this command is maskline " MASKLINE_VERSION
                   ", the server program %s: install both from one build",
                   version);
}

void doctor_server(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    check_program(doctor);
    struct error error;
    cli->channel = grpc_c_channel_new(cli->server, NULL, &error);
    if (!cli->channel)
        return doctor_say(doctor, VERDICT_FAIL, "server", "%s Name another by --server",
                          error.message);
    struct grpc_c_status status;
    const char *version;
    bool serves;
    if (version_ask(cli, &serves, &version, &status)) {
        say_health(doctor, serves);
        say_version(doctor, version);
        return;
    }
    if (status.code == STATUS_UNAVAILABLE)
        return check_address(doctor, status.message);
    doctor_say(doctor, VERDICT_FAIL, "server",
               "what answers at %s is no Maskline server, or is ill: %s", cli->server,
               status.message);
}
