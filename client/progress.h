/*
 * How far long work is: a line on a terminal's stderr that changes; nothing elsewhere.
 */
#ifndef MASKLINE_CLIENT_PROGRESS_H
#define MASKLINE_CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *doing; /* "adding numbers" */
    uint64_t whole;    /* 0: nobody knows */
    bool shown;        /* stderr is a terminal */
    int64_t drawn_us;  /* when it was last drawn; 0: never */
};

struct progress progress_begin(const char *doing, uint64_t whole);
/* Draws, ten times a second at most. */
void progress_show(struct progress *progress, uint64_t done);
/* Takes the line away, so that something else can be written. */
void progress_clear(struct progress *progress);

#endif
