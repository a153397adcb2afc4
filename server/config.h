/*
 * The server's settings: flags win over the environment, the environment over the config file, that over defaults.
 *
 * The same names everywhere: flag --max-request, variable MASKLINE_MAX_REQUEST, line `max-request = 4MiB` in the file. Each value
 * is checked wherever it comes from, before anything is started.
 */
#ifndef MASKLINE_SERVER_CONFIG_H
#define MASKLINE_SERVER_CONFIG_H

#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CONFIG_LISTEN = 8, CONFIG_CARRIERS = 32, CONFIG_TEXT = 256 };

struct config {
    char data[CONFIG_TEXT];
    char listen[CONFIG_LISTEN][CONFIG_TEXT];
    size_t listen_count;
    char carriers[CONFIG_CARRIERS][CONFIG_TEXT];
    size_t carrier_count;
    char port_file[CONFIG_TEXT]; /* empty: none */
    bool insecure;               /* plain text on an address that is not loopback */
    int64_t threads;
    int64_t readers;
    int64_t cache;       /* bytes */
    int64_t min_free;    /* bytes */
    int64_t max_request; /* bytes */
    int64_t max_streams; /* on one connection */
    int64_t max_memory;  /* bytes, of all connections; 0: no bound */
    int64_t grace;       /* milliseconds, as all times here */
    int64_t keepalive;
    int64_t keepalive_timeout;
    int64_t max_age;
    int64_t max_age_grace;
    int64_t max_idle;
    int64_t write_timeout;
};

enum config_outcome {
    CONFIG_OK,
    CONFIG_HELP,    /* help was asked for and printed */
    CONFIG_VERSION, /* likewise */
    CONFIG_BAD,     /* `error` says which setting, from where, and what is wrong with it */
};

/* Reads `arguments` (without the program's name), `environment` (NAME=value, NULL at the end), and the file that --config or
 * MASKLINE_CONFIG names. Help and version go to `out`. */
enum config_outcome config_read(int count, const char *const *arguments,
                                const char *const *environment, FILE *out,
                                struct config *ret_config, struct error *error);

/* What --help prints. */
void config_help(FILE *out);

#endif
