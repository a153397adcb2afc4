/*
 * `maskline doctor`: what an operator would look at first, looked at.
 *
 * It changes nothing and locks nothing: a server that runs goes on. Of the store it reads only what stands beside the engine's files.
 */
#ifndef MASKLINE_CLIENT_DOCTOR_H
#define MASKLINE_CLIENT_DOCTOR_H

#include "client/cli.h"

#include <sys/types.h>

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct doctor {
    struct cli *cli;
    const char *data; /* the store's folder */
    int64_t min_free; /* bytes that the server wants free */
    unsigned warned;
    unsigned failed;
    pid_t holder;   /* who holds the store; 0: nobody, or it cannot be told */
    bool has_store; /* the folder is there */
};

/* Tells one finding: what was looked at, and what it is; what to do, when it is not well. */
void doctor_say(struct doctor *doctor, enum verdict verdict, const char *about, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* In this order. */
void doctor_store(struct doctor *doctor);
void doctor_disk(struct doctor *doctor);
void doctor_server(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_limits(struct doctor *doctor);

int doctor(struct cli *cli);

/* "1.5 GiB" in the arena. */
const char *show_size(struct arena *arena, uint64_t bytes);

#endif
