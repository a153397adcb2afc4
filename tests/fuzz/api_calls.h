/*
 * Calls of the API in this process, each answer checked: a right code, a reason, a response that is one.
 *
 * Texts of requests may be placeholders, so that an input need not know what the server makes up: @S a Service's name that nobody else uses,
 * @P0 to @P9 people, @V0 to @V9 the same people in a channel, @X0 to @X9 their numbers mistyped, @N0 to @N9 numbers, @C0 to @C9 short codes, @W0 to @W9 senders in a channel, @KS0 and so on the SIDs of each kind in the order in which they were seen, @T the last page token,
 * @O the key of the last message that a carrier was told to send.
 */
#ifndef MASKLINE_TESTS_FUZZ_API_CALLS_H
#define MASKLINE_TESTS_FUZZ_API_CALLS_H

#include "tests/fuzz/api_world.h"

enum { SEEN_MOST = 64, SID_KINDS = 6, STREAMS_MOST = 4, TALKS = 2, PEOPLE = 10 };

struct seen {
    char texts[SEEN_MOST][40];
    size_t count;
};

struct api_calls {
    struct api_world *world;
    unsigned number; /* of the input; makes its names and numbers its own */
    bool simulated;  /* all carriers are: the Simulator answers */
    /* For itself: placeholders stand for what they stood for, and `answered` does not hear of it. */
    bool asks;
    /* Hears of calls that went well, and of what streams say; may be NULL. */
    void (*answered)(const char *path);
    /* Somebody said of @P0 and so on that they are a Service's numbers: then they are nobody's. */
    bool pooled[PEOPLE];
    struct seen sids[SID_KINDS];
    char token[160];
    char key[160];
    char place[48]; /* of the last placeholder that was filled in */
    struct grpc_c_call *streams[STREAMS_MOST];
    struct grpc_c_call *talks[TALKS];
};

/* By its name, such as "CreateSession". NULL: there is none. */
const struct fake_method *api_method(const struct api_calls *calls, const char *name);

/* Makes a call from a packed request, in which placeholders are filled in. Unary: the answer, packed, which the caller frees, in *ret_bytes
 * (NULL: it was refused). Streams are opened, and kept until they end or there are too many; Attach takes the request as the program's next
 * message. */
enum status_code api_call(struct api_calls *calls, const struct fake_method *method,
                          const uint8_t *request, size_t size, uint8_t **ret_bytes,
                          size_t *ret_size);

/* The same with a request that is made already; the answer unpacked into the arena, or NULL. */
void *api_ask(struct api_calls *calls, const char *name, const ProtobufCMessage *request,
              struct arena *arena, enum status_code *ret_code);

/* Takes what streams have to say. */
void api_pull(struct api_calls *calls);

/* Ends all streams. */
void api_end(struct api_calls *calls);

/* Whether a text tells the number of a person who is not `pooled`. */
bool api_tells_person(struct api_calls *calls, const char *text);

/* What stands for this placeholder; the text itself when it is none. Valid until the next. */
const char *api_fill(struct api_calls *calls, const char *text);

#endif
