/*
 * Measures one peer once.
 */
#ifndef MASKLINE_CLIENT_BENCH_MEASURE_H
#define MASKLINE_CLIENT_BENCH_MEASURE_H

#include "client/bench/options.h"
#include "client/bench/peers.h"
#include "client/bench/postgres.h"
#include "client/bench/report.h"
#include "client/bench/world.h"

/* They fill the sample, but for its subject, round and peer, which are given with it. False, said to stderr, also when a single
 * call failed. */
/* `whole`: what follows from its calls is waited for, and tells what it sustains. */
bool measure_echo(const struct options *options, const struct peer *echo, bool whole,
                  struct sample *sample);
/* The echo that answers as much as a session that was looked up. */
bool measure_look(const struct options *options, const struct peer *echo, struct sample *sample);
bool measure_maskline(const struct options *options, const struct mix *mix,
                      const struct peer *server, struct world *world, struct sample *sample);
/* A stream of the echo, and Maskline's from the text to its event; that one tells the texts' answers as kind `message`. */
bool measure_talk(const struct options *options, const struct peer *echo, struct sample *sample);
bool measure_events(const struct options *options, const struct peer *server, struct world *world,
                    struct sample *sample);
bool measure_postgres(const struct options *options, struct postgres *postgres,
                      enum postgres_script script, struct sample *sample);

#endif
