/*
 * A peer that speaks bare bytes: one that answers what is no HTTP/2, and one that counts what a call sends.
 */
#ifndef MASKLINE_TESTS_UNIT_CLIENT_RPC_WIRE_PEER_H
#define MASKLINE_TESTS_UNIT_CLIENT_RPC_WIRE_PEER_H

#include <pthread.h>
#include <stddef.h>

struct wire_peer {
    int listener;
    pthread_t thread;
    char target[32];
    size_t data_bytes; /* in DATA frames, until the half-close; read it after the stop */
};

/* Says `text` to each connection and closes it. */
void wire_peer_speak(struct wire_peer *peer, const char *text);

/* Lets clients connect and says nothing, as a machine does that is busy with something else. */
void wire_peer_be_silent(struct wire_peer *peer);

/* Takes one connection, reads one call's request to its half-close, and closes it. */
void wire_peer_count(struct wire_peer *peer);

void wire_peer_stop(struct wire_peer *peer);

#endif
