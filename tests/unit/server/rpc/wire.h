/*
 * A peer that speaks HTTP/2 by hand, so that it can leave things undone: pings unanswered, answers unread, a greeting unsaid.
 * Headers that come are not decoded: a stream's end is all that is told of it.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_RPC_WIRE_H
#define MASKLINE_TESTS_UNIT_SERVER_RPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    int socket;
    uint32_t next; /* the next stream */
    bool deaf;     /* leaves pings unanswered */
    bool closed;   /* by the other side, in good order */
    bool broken;   /* reset by the other side */
    int pings;     /* that came */
    int pongs;
    int goaways;
    uint32_t goaway_code; /* of the last */
    int ended;            /* streams that the server has ended */
    int reset;            /* streams that it has reset */
    size_t size;          /* of `input` */
    uint8_t input[1 << 16];
};

/* Connects to the port of 127.0.0.1; says nothing yet. `receive_buffer` is a hint to the kernel, 0 for its own. */
struct wire *wire_connect(int port, int receive_buffer);

/* Sends the preface and empty settings, and opens the connection's window. */
void wire_greet(struct wire *wire);

/* Sends bytes as they are; false when the connection has ended. */
bool wire_send(struct wire *wire, const void *bytes, size_t size);

/* Sends a frame; the payload has less than 16 KiB. */
bool wire_frame(struct wire *wire, int kind, int flags, uint32_t stream, const void *payload,
                size_t size);

/* Begins a call; with its request, an empty message, if it is whole. The stream's number. */
uint32_t wire_call(struct wire *wire, const char *path, bool whole);

bool wire_ping(struct wire *wire);

/* Opens the connection's window by so many bytes more. */
bool wire_window(struct wire *wire, uint32_t more);

/* Takes what comes within so many milliseconds, at most until something has come; answers settings and, unless deaf, pings. False
 * when nothing came. */
bool wire_take(struct wire *wire, int ms);

/* Takes until the counter has that value, or the connection has ended; ten seconds at most. */
bool wire_until(struct wire *wire, const int *counter, int value);

/* Takes until the connection has ended, in good order or not; ten seconds at most. */
bool wire_until_ended(struct wire *wire);

void wire_free(struct wire *wire);

#endif
