/*
 * SIDs: a prefix of two letters and 32 lower-case hex digits, a UUIDv7. As text they sort by creation.
 */
#ifndef MASKLINE_PROTO_C_SID_H
#define MASKLINE_PROTO_C_SID_H

#include <stdbool.h>
#include <stdint.h>

enum { SID_LENGTH = 34, SID_BYTES = 16 };

/* Room for a SID and its NUL. */
struct sid_text {
    char text[SID_LENGTH + 1];
};

/* Mints SIDs that never go backwards, also when the clock does, and also within one millisecond. One thread. */
struct sid_mint {
    uint64_t last;                  /* the time and counter of the last one */
    uint64_t (*random)(void *data); /* 64 random bits */
    void *data;
};

/* A new SID's 16 bytes at `now_us` microseconds since 1970. */
void sid_mint(struct sid_mint *mint, int64_t now_us, uint8_t ret_sid[SID_BYTES]);

/* 16 bytes as text with a two-letter prefix, and back. */
struct sid_text sid_format(const char *prefix, const uint8_t sid[SID_BYTES]);
bool sid_parse(const char *prefix, const char *text, uint8_t ret_sid[SID_BYTES]);

/* Whether the text looks like a SID of any known kind: such texts are no unique names. */
bool sid_like(const char *text);

#endif
