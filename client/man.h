/*
 * The manual page, made from the tables of commands.
 */
#ifndef MASKLINE_CLIENT_MAN_H
#define MASKLINE_CLIENT_MAN_H

#include <stdio.h>

void man_print(FILE *out);

#endif
