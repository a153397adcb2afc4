/*
 * A stream's state for tests: what it sends is said by the test, what comes in is noted, and callbacks that meet are found.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_RPC_SOURCE_H
#define MASKLINE_TESTS_UNIT_SERVER_RPC_SOURCE_H

#include "tests/unit/server/rpc/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* Zeroed, it is a source that has nothing yet. Counters may be read at any time. */
struct source {
    _Atomic(struct grpc_c_call *) call; /* referenced by the source */
    _Atomic int begun;
    _Atomic int asked;
    _Atomic int given;
    _Atomic int heard;
    _Atomic int half_closed;
    _Atomic int ended;
    _Atomic int inside;
    _Atomic int met; /* times that two callbacks ran at once */

    _Atomic int available; /* messages that may be given in all; INT_MAX: without end */
    _Atomic int end_at;    /* when so many were given, the stream ends; 0: never */
    _Atomic int end_code;
    _Atomic bool ends_on_stop;
    _Atomic bool ends_on_half_close;
    _Atomic int pause_at; /* stop reading when so many were heard; 0: never */
    int size;             /* bytes in each message, beside its text, which is its number */
    bool echoes;          /* gives as many messages as it heard */
    void (*at_next)(struct source *source);
    char last[64]; /* the last text that was heard; written in callbacks */
};

extern const struct lab_lab_count_stream source_count;
extern const struct lab_lab_sum_stream source_sum;
extern const struct lab_lab_chat_stream source_chat;

/* Handlers whose data is a source; each opens at once. */
void source_handle_count(void *data, struct grpc_c_call *call, const Lab__Text *request);
void source_handle_sum(void *data, struct grpc_c_call *call);
void source_handle_chat(void *data, struct grpc_c_call *call);

/* Lets the source have so many messages in all, and wakes its call. */
void source_allow(struct source *source, int available);

/* Gives back the reference on the call, and sees that its callbacks never met and that it ended once. */
void source_done(struct source *source);

/* Notes the call, with a reference. */
void source_begin(struct source *source, struct grpc_c_call *call);

#endif
