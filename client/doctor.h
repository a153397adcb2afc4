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

struct disk_room {
    uint64_t free_bytes;
    uint64_t files; /* 0: the file system does not count them */
    uint64_t free_files;
};

/* What is asked of the machine; a test may answer in its place. Functions that say int give 0 or an errno. */
struct doctor_probes {
    int (*room)(const char *folder, struct disk_room *ret_room);
    /* statfs's f_type; 0: not told. */
    long (*file_system)(const char *folder);
    /* How long a small write takes to be durable, in the middle of several. */
    int (*write)(const char *folder, int64_t *ret_us);
    /* Bytes that are left of the machine's memory, and below a container's limit; UINT64_MAX: not told, no limit. */
    uint64_t (*machine_memory)(void);
    uint64_t (*container_memory)(void);
};

struct doctor {
    struct cli *cli;
    const struct doctor_probes *probes;
    /* Told of each finding; `text` is the doctor's. */
    void (*found)(struct doctor *doctor, enum verdict verdict, const char *about, const char *text);
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

/* Those of this machine. */
extern const struct doctor_probes doctor_machine;

int doctor(struct cli *cli);

/* "1.5 GiB" in the arena. */
const char *show_size(struct arena *arena, uint64_t bytes);

#endif
