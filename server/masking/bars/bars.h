/*
 * Who may not be written to: people who opted out, and people who are kept apart. Which Services have any such rows at all is in memory,
 * so that the messages of the others cost no reads. Writer's thread only.
 */
#ifndef MASKLINE_SERVER_MASKING_BARS_BARS_H
#define MASKLINE_SERVER_MASKING_BARS_BARS_H

#include "server/masking/rows/rows.h"

struct bars;

enum bar_kind { BAR_OPT_OUT, BAR_BLOCK, BAR_KINDS };

/* NULL when there is no memory. */
struct bars *bars_new(void);
/* NULL is fine. */
void bars_free(struct bars *bars);

/* What the keys of all such rows of a pool begin with. */
struct key bars_all(const struct rows *rows, enum bar_kind kind, const uint8_t *pool);

/* At the start and after a failed write. */
void bars_clear(struct bars *bars);
/* A decision is taken back: what this Service had during it says nothing of what it has. */
void bars_forget(struct bars *bars, const uint8_t *service);
/* An entry is derived that puts such a row. */
void bars_put(struct bars *bars, enum bar_kind kind, const uint8_t *service);

/* ABSENT: nobody of these has opted out of messages from this number of the Service. */
enum kv_found bars_opted_out(struct bars *bars, struct rows *rows, const uint8_t *pool,
                             const struct person *persons, size_t count, const char *proxy,
                             struct error *error);
/* The same of a participant. All its identifiers count: it is one person, whichever phone the word came from. */
enum kv_found bars_participant_opted_out(struct bars *bars, struct rows *rows, const uint8_t *pool,
                                         const Maskline__Store__V1__Participant *participant,
                                         const char *proxy, struct error *error);

/* Whether who has opted out of messages gets no calls either. */
static inline bool opt_out_of_calls(const Maskline__Store__V1__Settings *settings)
{
    return settings->keyword_policy && settings->keyword_policy->calls_too;
}

/* ABSENT: what the sender (NULL: the Service itself) writes may reach the recipient. All their identifiers count. */
enum kv_found bars_blocked(struct bars *bars, struct rows *rows, const uint8_t *pool,
                           const Maskline__Store__V1__Participant *sender,
                           const Maskline__Store__V1__Participant *recipient, struct error *error);

#endif
