/*
 * Time as 64-bit microseconds since 1970, UTC, and as google.protobuf.Timestamp and Duration.
 */
#ifndef MASKLINE_PROTO_C_CLOCK_H
#define MASKLINE_PROTO_C_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

struct arena;

enum { MICROSECONDS = 1000000 }; /* in a second */

/* Where time comes from. Copied by value; `data` lives longer than all copies. Any thread may ask. */
struct clock {
    int64_t (*now_us)(void *data);
    void *data;
};

/* The machine's wall clock. */
struct clock clock_real(void);

/* A clock that stands still until it is set or moved, for tests and the test clock of the simulator. Zeroed, it shows 0. Any
 * thread. */
struct manual_clock {
    _Atomic int64_t now_us;
};
struct clock clock_manual(struct manual_clock *manual);
void manual_clock_set(struct manual_clock *manual, int64_t now_us);
void manual_clock_move(struct manual_clock *manual, int64_t by_us);

/* The wall clock, which may be set back at any time, as a time that goes on: then this one continues from where it was at the pace of
 * the other clock, until the wall clock has overtaken it. What was to happen in a minute still does. Any thread. */
struct steady_clock {
    struct clock wall;
    struct clock pace; /* it never runs back; what it shows says nothing */
    _Atomic int64_t ahead;
};
/* Both of the machine. */
void steady_clock_start(struct steady_clock *steady);
struct clock clock_steady(struct steady_clock *steady);
/* It is at least so late now; when the wall clock is behind, it goes on from there. */
void steady_clock_reach(struct steady_clock *steady, int64_t now_us);

int64_t clock_now(const struct clock *clock);

/* max(the clock, *last), and keeps it in *last: time that does not run back when the clock does. Any thread. */
int64_t clock_forward(const struct clock *clock, _Atomic int64_t *last);

/* What a Timestamp can say: from the year 1 to the end of 9999. */
#define TIMESTAMP_US_MIN INT64_C(-62135596800000000)
#define TIMESTAMP_US_MAX INT64_C(253402300799999999)
/* What a Duration can say: 10,000 years either way. */
#define DURATION_US_MAX  INT64_C(315576000000000000)

/* False when the message is NULL or says what is out of its range. Nanoseconds below a microsecond are dropped: towards
 * the past in a Timestamp, towards zero in a Duration. */
bool timestamp_to_us(const Google__Protobuf__Timestamp *timestamp, int64_t *ret_us);
bool duration_to_us(const Google__Protobuf__Duration *duration, int64_t *ret_us);

/* Fills in an initialised message or one of any content. False, and nothing written, when out of range. */
bool timestamp_set(Google__Protobuf__Timestamp *ret_timestamp, int64_t us);
bool duration_set(Google__Protobuf__Duration *ret_duration, int64_t us);

/* The same in the arena; NULL when it is full or the time out of range. */
Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us);
Google__Protobuf__Duration *duration_new(struct arena *arena, int64_t us);

#endif
