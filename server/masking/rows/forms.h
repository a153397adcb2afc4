/*
 * The form of what clients give: names, SIDs, proxy identifiers. Nothing here reads the store.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_FORMS_H
#define MASKLINE_SERVER_MASKING_ROWS_FORMS_H

#include "proto/c/address.h"
#include "proto/c/error.h"
#include "server/masking/masking.h"
#include "storage/keys.h"

enum {
    NAME_MOST = 191, /* characters */
    FRIENDLY_NAME_MOST = 255,
    IDENTIFIER_MOST = 191,
    PROXY_MOST = 255,
    REQUEST_ID_MOST = 64,
    SECONDS_MOST = 2147483646, /* of a ttl */
};

/* Whether a text has the form of a SID, of whatever kind: two upper-case letters and 32 hex digits. Such texts are no names. */
bool sid_shaped(const char *text);

/* What a person is known by: the canonical form of a number, or of an address in a channel of at most 191 characters. */
bool identifier_parse(const char *text, enum address_input input, char ret_canonical[CHANNEL_SIZE]);

/* What a proxy identifier is compared by, and keyed by: networks write some numbers in two ways, and of long addresses in channels a hash
 * stands for them. The form's form is itself. */
struct address proxy_form(const char *proxy);

/* A number in E.164, a short code, or the sender's address in a channel (then the form that is compared). */
bool proxy_parse(const char *text, struct address *ret_address);
bool proxy_is_short(const char *proxy);

/* The key of a name, in the index of its kind. */
void name_hash(const uint8_t *hash_key, const char *name, uint8_t ret_hash[HASH_SIZE]);

/* The following add what is wrong to an error that was cleared before the first one. */
void form_name(struct error *error, const char *path, const char *name);
void form_text(struct error *error, const char *path, const char *text, size_t most);
void form_request(struct error *error, const struct request_id *request);
/* A time in microseconds, from `least` to `most`. */
void form_span(struct error *error, const char *path, int64_t span, int64_t least, int64_t most);

#endif
