/*
 * Adding one number to a pool, or all of a file.
 */
#ifndef MASKLINE_CLIENT_NUMBER_ADD_H
#define MASKLINE_CLIENT_NUMBER_ADD_H

#include "client/cli.h"

int number_add(struct cli *cli);

#endif
