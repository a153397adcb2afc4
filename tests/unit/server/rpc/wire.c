#include "tests/unit/server/rpc/wire.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PING = 6,
    GOAWAY = 7,
    WINDOW_UPDATE = 8
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, HEADER_BYTES = 9, PATIENCE_MS = 10000 };

struct wire *wire_connect(int port, int receive_buffer)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    ck_assert_ptr_nonnull(wire);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire->next = 1;
    wire->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(wire->socket, 0);
    if (receive_buffer)
        ck_assert_int_eq(setsockopt(wire->socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                                    sizeof(receive_buffer)),
                         0);
    ck_assert_int_eq(connect(wire->socket, (const struct sockaddr *)&address, sizeof(address)), 0);
    return wire;
}

bool wire_send(struct wire *wire, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t sent = send(wire->socket, at, size, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool wire_frame(struct wire *wire, int kind, int flags, uint32_t stream, const void *payload,
                size_t size)
{
    uint8_t frame[HEADER_BYTES + (1 << 14)];
    ck_assert_uint_lt(size, 1 << 14);
    const uint8_t header[HEADER_BYTES] = {
        0,
        (uint8_t)(size >> 8),
        (uint8_t)size,
        (uint8_t)kind,
        (uint8_t)flags,
        (uint8_t)(stream >> 24),
        (uint8_t)(stream >> 16),
        (uint8_t)(stream >> 8),
        (uint8_t)stream,
    };
    memcpy(frame, header, sizeof(header));
    if (size > 0)
        memcpy(frame + sizeof(header), payload, size);
    return wire_send(wire, frame, sizeof(header) + size);
}

bool wire_window(struct wire *wire, uint32_t more)
{
    const uint32_t bytes = htonl(more);
    return wire_frame(wire, WINDOW_UPDATE, 0, 0, &bytes, sizeof(bytes));
}

void wire_greet(struct wire *wire)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    ck_assert(wire_send(wire, preface, sizeof(preface) - 1));
    ck_assert(wire_frame(wire, SETTINGS, 0, 0, NULL, 0));
    ck_assert(wire_window(wire, 0x3f000000));
}

/* A header that leaves no trace in the other's table. */
static size_t put(uint8_t *at, const char *name, const char *value)
{
    size_t name_size = strlen(name), value_size = strlen(value);
    ck_assert(name_size < 127 && value_size < 127);
    at[0] = 0;
    at[1] = (uint8_t)name_size;
    memcpy(at + 2, name, name_size);
    at[2 + name_size] = (uint8_t)value_size;
    memcpy(at + 3 + name_size, value, value_size);
    return 3 + name_size + value_size;
}

uint32_t wire_call(struct wire *wire, const char *path, bool whole)
{
    const char *const headers[][2] = {
        {":method", "POST"},         {":scheme", "http"}, {":path", path},
        {":authority", "localhost"}, {"te", "trailers"},  {"content-type", "application/grpc"},
    };
    uint8_t block[512];
    size_t size = 0;
    uint32_t stream = wire->next;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        size += put(block + size, headers[i][0], headers[i][1]);
    wire->next += 2;
    wire_frame(wire, HEADERS, END_HEADERS, stream, block, size);
    if (whole)
        wire_frame(wire, DATA, END_STREAM, stream, "\0\0\0\0\0", 5);
    return stream;
}

bool wire_ping(struct wire *wire)
{
    return wire_frame(wire, PING, 0, 0, "12345678", 8);
}

static void take_frame(struct wire *wire, const uint8_t *frame, size_t size)
{
    const uint8_t *payload = frame + HEADER_BYTES;
    int kind = frame[3];
    bool ack = frame[4] & ACK;
    if ((kind == DATA || kind == HEADERS) && (frame[4] & END_STREAM))
        wire->ended++;
    if (kind == RST_STREAM)
        wire->reset++;
    if (kind == SETTINGS && !ack)
        wire_frame(wire, SETTINGS, ACK, 0, NULL, 0);
    if (kind == PING && ack)
        wire->pongs++;
    if (kind == PING && !ack) {
        wire->pings++;
        if (!wire->deaf)
            wire_frame(wire, PING, ACK, 0, payload, size);
    }
    if (kind == GOAWAY) {
        wire->goaways++;
        wire->goaway_code = (uint32_t)payload[4] << 24 | (uint32_t)payload[5] << 16 |
                            (uint32_t)payload[6] << 8 | payload[7];
    }
}

static void take_frames(struct wire *wire)
{
    size_t at = 0;
    while (wire->size - at >= HEADER_BYTES) {
        const uint8_t *frame = wire->input + at;
        size_t size = (size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2];
        if (wire->size - at < HEADER_BYTES + size)
            break;
        take_frame(wire, frame, size);
        at += HEADER_BYTES + size;
    }
    wire->size -= at;
    memmove(wire->input, wire->input + at, wire->size);
}

bool wire_take(struct wire *wire, int ms)
{
    struct pollfd ready = {.fd = wire->socket, .events = POLLIN};
    if (wire->closed || wire->broken || poll(&ready, 1, ms) <= 0)
        return false;
    ssize_t got = recv(wire->socket, wire->input + wire->size, sizeof(wire->input) - wire->size, 0);
    wire->closed = got == 0;
    wire->broken = got < 0;
    if (got <= 0)
        return false;
    wire->size += (size_t)got;
    take_frames(wire);
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool wire_until(struct wire *wire, const int *counter, int value)
{
    int64_t end = now_ms() + PATIENCE_MS;
    while (*counter < value && !wire->closed && !wire->broken && now_ms() < end)
        wire_take(wire, 100);
    return *counter >= value;
}

bool wire_until_ended(struct wire *wire)
{
    int64_t end = now_ms() + PATIENCE_MS;
    while (!wire->closed && !wire->broken && now_ms() < end)
        wire_take(wire, 100);
    return wire->closed || wire->broken;
}

void wire_free(struct wire *wire)
{
    close(wire->socket);
    free(wire);
}
