#include "server/exposed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { HOST_SIZE = 256 };

static bool split_host(const char *address, char host[HOST_SIZE])
{
    const char *colon = strrchr(address, ':');
    const char *from = address;
    const char *to = colon;
    if (!colon)
        return false;
    if (*from == '[' && to > from && to[-1] == ']') {
        from++;
        to--;
    }
    size_t size = (size_t)(to - from);
    if (size >= HOST_SIZE)
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    return true;
}

bool address_exposed(const char *address)
{
    char host[HOST_SIZE];
    struct in_addr four;
    struct in6_addr six;
    if (strncmp(address, "unix:", 5) == 0)
        return false;
    if (!split_host(address, host))
        return true;
    if (strcmp(host, "localhost") == 0)
        return false;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 != IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return !IN6_IS_ADDR_LOOPBACK(&six) &&
               !(IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == IN_LOOPBACKNET);
    return true;
}
