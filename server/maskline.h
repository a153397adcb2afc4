/*
 * A whole server: the store, the domain on it, carriers, the log's readers, and the RPCs in front.
 */
#ifndef MASKLINE_SERVER_MASKLINE_H
#define MASKLINE_SERVER_MASKLINE_H

#include "server/config.h"

struct maskline;

/* What is wrong with the settings taken together; nothing is started or touched. INVALID_ARGUMENT. */
bool maskline_check(const struct config *config, struct error *error);

/* Opens the store and serves; everything runs when this returns. `config` lives as long as the server. */
bool maskline_open(const struct config *config, struct maskline **ret_maskline,
                   struct error *error);

/* The port of config->listen[index]; 0 for a UNIX socket. */
int maskline_port(const struct maskline *maskline, size_t index);

/* Says in the program's log when it has stopped taking changes, and why, and when it takes them again. To be called now and then, by one
 * thread. */
void maskline_watch(struct maskline *maskline);

/* Takes no more calls, tells clients to go elsewhere, and lets calls in flight end within the grace; streams end with a status that says to
 * connect again. False when calls are still alive long after that: then the server can only be left by the end of the
 * process. What was acknowledged is durable in either case. */
bool maskline_drain(struct maskline *maskline);

/* Makes a drain that is under way, or still to come, a short one. Any thread, not from a signal handler. */
void maskline_hurry(struct maskline *maskline);

/* After the drain: ends everything, and closes the store. NULL is fine. */
void maskline_close(struct maskline *maskline);

#endif
