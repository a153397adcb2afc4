/*
 * What the log has told of within the last minute: whoever is refused again and again for one reason does not fill it.
 *
 * In memory alone: a restart forgets it, and the worst of that is an event more. Writer's thread.
 */
#ifndef MASKLINE_SERVER_MASKING_WARNED_H
#define MASKLINE_SERVER_MASKING_WARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long nothing more is told, in microseconds, and how many things are remembered at most: beyond that the oldest is forgotten. */
#define WARNED_QUIET INT64_C(60000000)
enum { WARNED_MOST = 65536 };

struct warned;

/* NULL when there is no memory. */
struct warned *warned_new(void);
/* NULL is fine. */
void warned_free(struct warned *warned);

/* Whether the log of this Service is to tell of it now: it did not within the last minute. It is taken for told then. `about` is what it is
 * about besides the reason: a place, a session, a number; "" is nothing. Without memory it is not told. */
bool warned_now(struct warned *warned, const uint8_t *service, const char *reason,
                const char *about, int64_t now);

/* What was to be told of this Service may not have been. NULL: of all. */
void warned_forget(struct warned *warned, const uint8_t *service);

/* How many things are remembered; for tests. */
size_t warned_kept(const struct warned *warned);

#endif
