#include "tests/unit/client/rpc/wire_peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_HEADER = 9, PREFACE = 24, LARGEST_FRAME = 16384, DATA = 0, END_STREAM = 1 };

static const char *speech;

static void start(struct wire_peer *peer, void *(*run)(void *))
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->data_bytes = 0;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(peer->listener, 0);
    ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(peer->listener, 8), 0);
    ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(peer->target, sizeof(peer->target), "127.0.0.1:%d", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
}

static void *speak(void *data)
{
    struct wire_peer *peer = data;
    for (int connection; (connection = accept(peer->listener, NULL, NULL)) >= 0;) {
        if (send(connection, speech, strlen(speech), MSG_NOSIGNAL) < 0)
            perror("send");
        close(connection);
    }
    return NULL;
}

/* The kernel has taken the connections already. */
static void *be_silent(void *data)
{
    (void)data;
    return NULL;
}

static bool read_all(int connection, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t more = recv(connection, bytes + done, size - done, 0);
        if (more <= 0)
            return false;
        done += (size_t)more;
    }
    return true;
}

static void count_call(struct wire_peer *peer, int connection)
{
    static const uint8_t settings[FRAME_HEADER] = {0, 0, 0, 4};
    uint8_t bytes[LARGEST_FRAME];
    if (!read_all(connection, bytes, PREFACE) ||
        send(connection, settings, sizeof(settings), MSG_NOSIGNAL) < 0)
        return;
    for (bool ended = false; !ended && read_all(connection, bytes, FRAME_HEADER);) {
        size_t size = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2];
        bool data = bytes[3] == DATA;
        ended = data && bytes[4] & END_STREAM;
        if (size > sizeof(bytes) || !read_all(connection, bytes, size))
            return;
        if (data)
            peer->data_bytes += size;
    }
}

static void *count(void *data)
{
    struct wire_peer *peer = data;
    int connection = accept(peer->listener, NULL, NULL);
    if (connection < 0)
        return NULL;
    count_call(peer, connection);
    close(connection);
    return NULL;
}

void wire_peer_speak(struct wire_peer *peer, const char *text)
{
    speech = text;
    start(peer, speak);
}

void wire_peer_be_silent(struct wire_peer *peer)
{
    start(peer, be_silent);
}

void wire_peer_count(struct wire_peer *peer)
{
    start(peer, count);
}

void wire_peer_stop(struct wire_peer *peer)
{
    /* Wakes an accept that waits. */
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}
