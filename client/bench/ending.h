/*
 * What happens on Ctrl-C.
 */
#ifndef MASKLINE_CLIENT_BENCH_ENDING_H
#define MASKLINE_CLIENT_BENCH_ENDING_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP end all that process_start has started, remove the folder (NULL: none; the text lives as
 * long as the program), and end this program with 128 + the signal. Call it before any other thread is started. */
bool ending_watch(const char *folder);

#endif
