/*
 * Rates, as the rest of the domain knows them.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_RATES_INTERNAL_H
#define MASKLINE_SERVER_MASKING_SERVICES_RATES_INTERNAL_H

#include "server/masking/rows/rows.h"
#include "server/masking/services/rates.h"

struct rates;

/* NULL when there is no memory. */
struct rates *rates_new(void);
/* NULL is fine. */
void rates_free(struct rates *rates);

/* At the start, and after a failed write: whether any Service has a limit at all. */
bool rates_rebuild(struct rates *rates, struct view *view, const struct store *store,
                   struct error *error);
/* A Service has these settings from now on. */
void rates_note(struct rates *rates, const Maskline__Store__V1__Settings *settings);

/* How many limiters are kept; for tests. */
size_t rates_kept(struct rates *rates);

#endif
