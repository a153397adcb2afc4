/*
 * Colours for people who look at a terminal.
 */
#ifndef MASKLINE_CLIENT_PAINT_H
#define MASKLINE_CLIENT_PAINT_H

#include <stdbool.h>

enum paint { PAINT_PLAIN, PAINT_DIM, PAINT_BOLD, PAINT_GREEN, PAINT_YELLOW, PAINT_RED, PAINT_CYAN };

/* Whether stdout is to be coloured when nobody said it: on a terminal, but not one that is dumb, and not where NO_COLOR is set to
 * anything. */
bool paint_by_default(void);

/* What begins a colour, and for PAINT_PLAIN ends it; empty when there are to be none. */
const char *paint(bool color, enum paint which);

#endif
