/*
 * What went wrong, as a value: a canonical status code, a reason that programs can rely on, a message for people, and
 * what else google.rpc.Status can carry. It owns nothing and is copied by assignment; texts that are too long are cut.
 *
 * Convention: a function that can fail returns bool and takes a `struct error *error` as its last argument; it fills it
 * in only when it returns false. NULL is not allowed.
 */
#ifndef MASKLINE_PROTO_C_ERROR_H
#define MASKLINE_PROTO_C_ERROR_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The canonical codes; the numbers are gRPC's. */
enum status_code {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

enum { ERROR_FIELDS = 8, ERROR_METADATA = 8 };

struct error_field {
    char name[64];         /* a path in the request, such as `participants[1].identifier` */
    char description[128]; /* what is wrong with it, for people */
};

struct error_pair {
    char key[32];
    char value[200];
};

struct error {
    enum status_code code;
    int32_t original;  /* Twilio Proxy's 80xxx code; 0 when it has none for this */
    char reason[48];   /* UPPER_SNAKE, stable; goes into ErrorInfo with the domain "maskline" */
    char message[320]; /* one sentence or two, for people: what is wrong, and what to do */
    int64_t
        retry_ms; /* how long to wait before another try makes sense; -1: unknown. Goes into RetryInfo */
    unsigned field_count;
    unsigned metadata_count;
    struct error_field fields[ERROR_FIELDS];
    struct error_pair metadata[ERROR_METADATA];
};

/* An error that is not one: STATUS_OK, nothing else. Costs a few stores, not the size of the struct. */
void error_clear(struct error *error);

/* Sets code, reason, original code and message, and drops what stood there. Returns false always, so that a function can
 * end with `return error_set(...)`. */
bool error_set(struct error *error, enum status_code code, const char *reason, int32_t original,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A fault of the server's own that nobody expected: INTERNAL, INTERNAL_ERROR, 80504, and no word of what is inside. Returns false always. */
bool error_internal(struct error *error);

/* Adds a bad field to an error that was cleared or set. It makes a cleared one INVALID_ARGUMENT with reason INVALID_FIELD and
 * original code 80701. What does not fit is left out. Returns false always. */
bool error_field(struct error *error, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets a pair of ErrorInfo.metadata: adds it, or replaces the one of that key. What does not fit is left out. */
void error_metadata(struct error *error, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A packed google.rpc.Status for `grpc-status-details-bin`, in the arena, at most `bound` bytes: what does not fit is left
 * out, descriptions first. False when the arena is full. */
bool error_pack(const struct error *error, struct arena *arena, size_t bound,
                ProtobufCBinaryData *ret_status);

/* The reverse, for a client: reads what error_pack writes and ignores what it does not know. False when the bytes are no
 * google.rpc.Status; then *ret_error is untouched. */
bool error_unpack(const uint8_t *bytes, size_t size, struct error *ret_error);

/* "NOT_FOUND" and so on; "UNKNOWN" for a number that is none. */
const char *status_code_name(enum status_code code);

#endif
