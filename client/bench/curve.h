/*
 * What choosing a number costs: sessions made in pools of several sizes, beside many others, for people with many of their own.
 */
#ifndef MASKLINE_CLIENT_BENCH_CURVE_H
#define MASKLINE_CLIENT_BENCH_CURVE_H

#include "client/bench/run.h"

/* Prints a line for each point; --quick makes them fewer and smaller. False, said to stderr, when something failed. */
bool curve_of_selection(const struct run_options *options);

#endif
