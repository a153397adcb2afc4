/*
 * Listening. The core takes a port of 99,999 for another one, steals a UNIX socket that is in use, and does not say why it could
 * not listen: all that is looked at here.
 */
#include "server/rpc/internal.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOST_BYTES = 256, MAX_PORT = 65535 };

static bool bad_address(struct error *error, const char *address)
{
    return error_set(
        error, STATUS_INVALID_ARGUMENT, "BAD_ADDRESS", 0,
        "\"%s\" is no address to listen on; write host:port with a port of 0 to 65535, "
        "[IPv6 address]:port, or unix:/path.",
        address);
}

static bool in_use(struct error *error, const char *address)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "ADDRESS_IN_USE", 0,
                     "Something else listens on %s already.", address);
}

/* The port behind the last colon; -1 when there is none. */
static int parse_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return -1;
    long port = strtol(text, NULL, 10);
    return port <= MAX_PORT ? (int)port : -1;
}

static bool split(const char *address, char host[HOST_BYTES], int *ret_port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address)
        return false;
    const char *from = address;
    size_t size = (size_t)(colon - address);
    if (from[0] == '[') {
        if (size < 3 || from[size - 1] != ']')
            return false;
        from++;
        size -= 2;
    } else if (memchr(from, ':', size)) {
        return false;
    }
    if (size >= HOST_BYTES)
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    *ret_port = parse_port(colon + 1);
    return *ret_port >= 0;
}

/* Tries to listen there; 0 or an errno. */
static int probe_bind(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    int failed = bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, 1) < 0 ? errno : 0;
    close(fd);
    return failed;
}

/* Why the core could not listen. */
static bool explain(const char *address, const char *host, int port, struct error *error)
{
    char service[16];
    (void)snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list;
    int unresolved = getaddrinfo(host, service, &hints, &list);
    if (unresolved)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_ADDRESS", 0,
                         "Nothing is known of the host in %s: %s.", address,
                         gai_strerror(unresolved));
    int failed = 0;
    for (const struct addrinfo *info = list; info && !failed; info = info->ai_next)
        failed = probe_bind(info);
    freeaddrinfo(list);
    if (failed == EADDRINUSE)
        return in_use(error, address);
    return error_set(error, STATUS_FAILED_PRECONDITION, "CANNOT_LISTEN", 0,
                     "It is not possible to listen on %s: %s.", address,
                     failed ? strerror(failed) : "the reason is unknown");
}

/* Whether somebody answers on the socket. */
static bool probe_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    memcpy(address.sun_path, path, size + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool answers = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
                   errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return answers;
}

static int add_port(struct grpc_c_server *server, const char *address)
{
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server->core, address, plain);
    grpc_server_credentials_release(plain);
    return port;
}

static bool listen_unix(struct grpc_c_server *server, const char *address, const char *path,
                        struct error *error)
{
    struct sockaddr_un socket_address;
    if (!path[0] || strlen(path) >= sizeof(socket_address.sun_path))
        return bad_address(error, address);
    if (probe_unix(path))
        return in_use(error, address);
    if (!add_port(server, address))
        return error_set(error, STATUS_FAILED_PRECONDITION, "CANNOT_LISTEN", 0,
                         "It is not possible to listen on %s.", address);
    return true;
}

bool grpc_c_server_listen(struct grpc_c_server *server, const char *address, int *ret_port,
                          struct error *error)
{
    static const char unix_scheme[] = "unix:";
    char host[HOST_BYTES];
    int port;
    if (server->started)
        return error_set(error, STATUS_FAILED_PRECONDITION, "SERVER_STARTED", 0,
                         "The server runs already.");
    if (strncmp(address, unix_scheme, sizeof(unix_scheme) - 1) == 0) {
        if (!listen_unix(server, address, address + sizeof(unix_scheme) - 1, error))
            return false;
        if (ret_port)
            *ret_port = 0;
        return true;
    }
    if (!split(address, host, &port))
        return bad_address(error, address);
    int chosen = add_port(server, address);
    if (!chosen)
        return explain(address, host, port, error);
    if (ret_port)
        *ret_port = chosen;
    return true;
}
