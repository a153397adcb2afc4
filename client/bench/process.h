/*
 * Programs that a run starts, what they use, and their end. All of them end with this program, however it ends.
 */
#ifndef MASKLINE_CLIENT_BENCH_PROCESS_H
#define MASKLINE_CLIENT_BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct process_options {
    const char *const *arguments; /* the program's path first, NULL last */
    const char *folder;           /* to run in; NULL: this one's */
    const char *log;              /* file for what it says; NULL: where this program's errors go */
    uid_t user; /* with `group`: whom it runs as, when this is root; 0: as this program */
    gid_t group;
    bool piped;     /* its standard output is read here */
    int end_signal; /* that it gets when this program ends; 0: SIGTERM */
};

/* Zeroed, there is none. */
struct process {
    pid_t id;
    FILE *out; /* when piped */
};

/* False, said to stderr, when it cannot be started. A program that cannot be executed ends with 127. */
bool process_start(const struct process_options *options, struct process *ret_process);

/* Waits for its end; its exit code, or 128 + the signal. Closes `out`. -1 when there is none. */
int process_wait(struct process *process);

/* Whether it has not ended by itself. */
bool process_alive(const struct process *process);

/* Sends its end_signal, or another if that is not 0, waits for the end, after 30 s with force. */
void process_stop(struct process *process, int signal);

/* For the end of this program, on any thread: sends all that run their end_signal and waits for the ends. Nothing can be started
 * or waited for afterwards. */
void process_end_all(void);

struct usage {
    double cpu_seconds;     /* of all its threads, in user and kernel mode */
    uint64_t written_bytes; /* that it caused to go to the disk */
    uint64_t resident_bytes;
};

/* Zeroes where it cannot be told. */
struct usage process_usage(pid_t id);

/* Waits until it has neither used CPU to speak of nor caused writes for half a second; at most 5 s. What it does behind its answers
 * belongs to them, and must not fall on who is measured next. */
void process_wait_calm(pid_t id);

/* CPU seconds of this program. */
double own_cpu_seconds(void);

#endif
