/*
 * Which routes carried a message a moment ago: what the writer reads for the next one is in memory then, and need not be fetched
 * beforehand. A hint, and a cheap one: it may be wrong either way. Any thread.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_RECENT_H
#define MASKLINE_SERVER_MASKING_MESSAGES_RECENT_H

#include <stdbool.h>
#include <stdint.h>

struct recent;

/* NULL when there is no memory. */
struct recent *recent_new(void);
/* NULL is fine. */
void recent_free(struct recent *recent);

/* `hash` of whatever it is; `now` in microseconds. */
void recent_note(struct recent *recent, uint64_t hash, int64_t now);
bool recent_has(const struct recent *recent, uint64_t hash, int64_t now);

#endif
