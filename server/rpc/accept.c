/*
 * Connections that come when the process has no descriptor left.
 *
 * A gRPC core that fails to accept one gives its listener up for good: the server seems to live, and nobody can reach it again. So its call
 * is ours. A descriptor is kept in reserve; it gives way to the connection, which is closed at once, so that who comes is
 * refused and may come again, and the core hears of nothing.
 */
#include "server/rpc/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int reserve = -1;

static void take_reserve(void)
{
    if (reserve < 0)
        reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void accept_reserve(void)
{
    pthread_mutex_lock(&lock);
    take_reserve();
    pthread_mutex_unlock(&lock);
}

/* With the lock. What the core is to make of it: go on with the next, or wait for the next. */
static int refuse(int listener)
{
    if (reserve < 0)
        return EAGAIN;
    close(reserve);
    reserve = -1;
    int refused = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
    int failure = refused >= 0 ? EINTR : EAGAIN;
    if (refused >= 0)
        close(refused);
    take_reserve();
    return failure;
}

/* Stands before the C library's, for the whole program. */
int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
    int accepted = (int)syscall(SYS_accept4, listener, address, size, flags);
    if (accepted >= 0 || (errno != EMFILE && errno != ENFILE))
        return accepted;
    pthread_mutex_lock(&lock);
    int failure = refuse(listener);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return -1;
}
