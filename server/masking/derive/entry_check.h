/*
 * Whether an entry of a log holds what its derivation goes by. Our own entries do; one that a disk has damaged, or that another version
 * has written, may not, and then no row may be made of it.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_ENTRY_CHECK_H
#define MASKLINE_SERVER_MASKING_DERIVE_ENTRY_CHECK_H

#include "maskline/store/v1/entry.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* `service` is the SID of the Service whose log it is, and of no other Service does it tell. All its parts are there, SIDs and persons have their sizes, and numbers can be reckoned with. An entry without a change that this version knows is sound. */
bool entry_sound(const Maskline__Store__V1__Entry *entry, const uint8_t *service);

#endif
