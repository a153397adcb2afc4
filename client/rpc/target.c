#include "client/rpc/target.h"

#include <string.h>
#include <sys/un.h>

#define UNIX     "unix:"
#define ABSTRACT "unix-abstract:"

enum { LARGEST_PORT = 65535, HOST_BYTES = 253 };

static bool refuse(const char *target, const char *what, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "INVALID_TARGET", 0,
                     "\"%.100s\" is no address of a server: %s.", target, what);
}

static bool check_unix(const char *target, const char *name, struct error *error)
{
    if (!*name)
        return refuse(target, "the path is missing", error);
    if (strlen(name) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return refuse(target, "the path is longer than a socket's can be", error);
    return true;
}

static bool is_port(const char *text)
{
    unsigned port = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && port <= LARGEST_PORT; at++)
        port = port * 10 + (unsigned)(*at - '0');
    return at != text && *at == '\0' && port >= 1 && port <= LARGEST_PORT;
}

static bool is_host(const char *host, size_t size)
{
    if (size == 0 || size > HOST_BYTES)
        return false;
    bool bracketed = host[0] == '[' && host[size - 1] == ']' && size > 2;
    for (size_t i = bracketed ? 1 : 0; i < size - (bracketed ? 1 : 0); i++) {
        unsigned char c = (unsigned char)host[i];
        if (c <= ' ' || c >= 0x7F || strchr("/[]@?#", c) || (c == ':' && !bracketed))
            return false;
    }
    return true;
}

bool target_check(const char *target, struct error *error)
{
    if (!target || !*target)
        return refuse("", "it is empty", error);
    if (strncmp(target, ABSTRACT, strlen(ABSTRACT)) == 0)
        return check_unix(target, target + strlen(ABSTRACT), error);
    if (strncmp(target, UNIX, strlen(UNIX)) == 0)
        return check_unix(target, target + strlen(UNIX), error);
    const char *colon = strrchr(target, ':');
    if (!colon || !is_port(colon + 1))
        return refuse(target, "it must end with a colon and a port from 1 to 65535", error);
    if (!is_host(target, (size_t)(colon - target)))
        return refuse(target, "before the port goes a host, an IPv6 address in brackets", error);
    return true;
}
