/*
 * How messages and calls are shown in tables.
 */
#ifndef MASKLINE_CLIENT_INTERACTION_H
#define MASKLINE_CLIENT_INTERACTION_H

#include "client/command.h"

extern const struct view interaction_view;

#endif
