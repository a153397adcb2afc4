/*
 * `maskline demo`: a masked conversation on the simulator, played and checked.
 */
#ifndef MASKLINE_CLIENT_DEMO_H
#define MASKLINE_CLIENT_DEMO_H

#include "client/cli.h"

int demo_play(struct cli *cli);

#endif
