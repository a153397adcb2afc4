/*
 * Calls from phones of the simulator, and what phones do in calls.
 *
 * The network carries out what it was told to by the server's clock alone: each step happens at its own time, however late somebody
 * looks, and however far the clock was moved. Announcements, whispers, and what the domain is asked take no time. A call ends without a
 * word when the server ends.
 *
 * A phone is in one call at a time: to others it is busy. A number that no phone has, and a phone that cannot be reached, count as
 * FAILED, with the carrier's codes NO_SUCH_HANDSET and UNREACHABLE. What picks up in place of a phone (its voicemail) presses no key,
 * and says its greeting to whom it is connected with.
 *
 * Thread-safe.
 */
#ifndef MASKLINE_SERVER_CARRIERS_SIMULATOR_CALLS_H
#define MASKLINE_SERVER_CARRIERS_SIMULATOR_CALLS_H

#include "server/masking/ingress.h"

struct simulator;

enum {
    SIMULATOR_CALLS = 16384,      /* that are not over, or not reported to their end */
    SIMULATOR_CALL_EVENTS = 1000, /* that one phone keeps */
};

/* A call from a phone. */
struct simulator_call {
    const char *handset; /* who calls */
    const char *recipient;
    bool withhold_caller;
    const char *provider_id; /* empty or NULL: a new one */
};

/* Hands it in; when it is accepted it goes on by itself. `done` as of simulator_send. False, and `done` is not called: NOT_FOUND
 * HANDSET_NOT_FOUND; FAILED_PRECONDITION HANDSET_BUSY: it is in a call already, and not in one with this very id; RESOURCE_EXHAUSTED
 * TOO_MANY_CALLS; UNAVAILABLE when the server ends. */
bool simulator_start_call(struct simulator *simulator, const struct simulator_call *call,
                          void (*done)(void *data, const char *provider_id,
                                       const struct inbound_call_result *result),
                          void *data, struct error *error);

/* Each: NOT_FOUND HANDSET_NOT_FOUND. */
/* FAILED_PRECONDITION HANDSET_NOT_RINGING. */
bool simulator_pick_up(struct simulator *simulator, const char *handset, struct error *error);
/* `key` is one of 0-9, * and #; else INVALID_ARGUMENT with the field `key`. What nobody asked for does nothing. FAILED_PRECONDITION
 * HANDSET_NOT_IN_CALL: it rings, or there is no call. */
bool simulator_press_key(struct simulator *simulator, const char *handset, const char *key,
                         struct error *error);
/* A phone that rings declines: it counts as busy. FAILED_PRECONDITION HANDSET_NOT_IN_CALL. */
bool simulator_hang_up(struct simulator *simulator, const char *handset, struct error *error);

/* Calls back when all steps that are due have been taken and the domain has answered what it was told of them: at once on this thread, or
 * on any. Not for ever late: also when so much else happens that there is no such moment, and when the server ends. What the domain
 * cannot take now is not waited for. */
void simulator_when_quiet(struct simulator *simulator, void (*quiet)(void *data), void *data);

/* What the network can do. Zeroed: all. */
struct simulator_network {
    bool asks_no_keys;
    bool places_no_calls;
    bool loses_reports;   /* what is asked by them is not answered either */
    bool ignores_hang_up; /* but rings and connects nobody without leave */
};
void simulator_set_network(struct simulator *simulator, const struct simulator_network *network);

enum simulated_call_event {
    SIMULATED_CALLS,
    SIMULATED_IS_RUNG,
    SIMULATED_PICKED_UP,
    SIMULATED_HEARS,
    SIMULATED_ASKED_FOR_KEY,
    SIMULATED_CONNECTED,
    SIMULATED_RECORDING,
    SIMULATED_ENDS,
};

/* Something that happened to a phone in a call. */
struct simulator_happened {
    const char *provider_id;
    enum simulated_call_event event;
    const char *other; /* CALLS, IS_RUNG; else empty */
    /* HEARS, ASKED_FOR_KEY: what is said. ENDS: why, see HandsetCall.text. Else empty. */
    const char *text;
    int64_t time;
    uint64_t number; /* its place among all that happened to the phone in calls, from 1 */
};

/* For the registry. */
extern const struct call_port simulator_call_port;

#endif
