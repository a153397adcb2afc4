/*
 * A program with a store and the small domain of tests/unit/storage/world.h, to whom bad things happen.
 *
 *   store_subject load PATH SEED COUNT   several threads append so many entries each; what is acknowledged is noted
 *   store_subject check PATH NOTES       the store opens, has all that the notes tell of, and rows that follow from its logs
 *   store_subject talk PATH              does what its standard input says, one line each, and answers with one line
 */
#ifndef MASKLINE_TESTS_FAULT_SUBJECT_H
#define MASKLINE_TESTS_FAULT_SUBJECT_H

#include "tests/unit/storage/world.h"

struct subject {
    struct store *store;
    struct pipeline *pipeline;
    struct world world;
};

/* An append that was acknowledged. */
struct note {
    uint32_t mark;
    uint32_t log;
    uint64_t position;
};

/* SUBJECT_ROWS and SUBJECT_LOW in the environment set flush_rows and free_bytes_low. */
bool subject_open(struct subject *subject, const char *path, struct error *error);
void subject_close(struct subject *subject);

/* The commands; they give the program's exit code. */
int subject_load(const char *path, unsigned seed, unsigned count);
int subject_check(const char *path, const char *notes);
int subject_talk(const char *path);

/* Checks that logs and rows agree, and the notes with both. Says what is wrong on standard output. */
bool subject_agrees(struct subject *subject, const struct note *notes, size_t count);

#endif
