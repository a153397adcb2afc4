/*
 * The file that says which ports were taken, for whoever asked for port 0.
 */
#ifndef MASKLINE_SERVER_PORT_FILE_H
#define MASKLINE_SERVER_PORT_FILE_H

#include "proto/c/error.h"

/* One port a line. The file is there whole or not at all; one of that name is replaced. */
bool port_file_write(const char *path, const int *ports, size_t count, struct error *error);

#endif
