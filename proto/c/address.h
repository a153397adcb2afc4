/*
 * Addresses of people and numbers, in the one form that is compared: E.164 with a leading +, digits only.
 *
 * The canonical form is a table of our own, with a version, since keys in a store depend on it: forms of one phone that
 * networks write differently (the 1 after +52, the 9 after +54) become one. Changing the table means a new version.
 */
#ifndef MASKLINE_PROTO_C_ADDRESS_H
#define MASKLINE_PROTO_C_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_VERSION = 1, ADDRESS_SIZE = 32 };

struct address {
    char text[ADDRESS_SIZE]; /* "+15551230001" */
};

/* How much is forgiven. */
enum address_input {
    ADDRESS_STRICT, /* +, then 8 to 15 digits, not beginning with 0 */
    ADDRESS_LENIENT, /* also blanks, dots, hyphens and parentheses between the digits, and 00 or 011 for the + */
};

/* The address as people write it in E.164, for sending to. False when it is none: withheld, alphanumeric, too long. */
bool address_parse(const char *text, enum address_input input, struct address *ret_address);

/* A short code: 3 to 8 digits, without +. */
bool address_short_code(const char *text, struct address *ret_address);

/* Addresses of people and senders in messaging channels: "whatsapp:+15551230001", "messenger:1234". */
enum { CHANNEL_SIZE = 256 };
/* How much of an address names its channel, with the colon; 0: it is of none. */
size_t address_scheme(const char *text);
/* Of at most `most` characters (below CHANNEL_SIZE): behind "whatsapp:" a number in E.164, behind "messenger:" anything visible of ASCII.
 * In canonical form. */
bool address_channel(const char *text, size_t most, char ret_canonical[CHANNEL_SIZE]);

/* Whether a number may be one of this country (ISO alpha-2): where several share a calling code and the number does not tell which, it may be
 * any of them. */
bool address_in_country(const struct address *address, const char *country);

/* The canonical form of a parsed address, for comparing and for keys only. */
struct address address_canonical(const struct address *address);

/* Whether two parsed addresses are one phone. */
bool address_same(const struct address *a, const struct address *b);

/* ISO country of a number where its first digits tell it, else "". */
const char *address_country(const struct address *address);

/* An area of North America. */
struct area {
    char region[6]; /* ISO 3166-2, "US-NY"; of the islands the country, "JM" */
    unsigned short
        overlay; /* the lowest of all area codes that lie over the same ground; its own when it is alone */
};
/* The area of a number in E.164. *ret_code: its area code, 0 outside North America. NULL: none, or a code of no place. */
const struct area *address_area(const char *number, unsigned *ret_code);
/* The next code after *code of the same ground, from 0 on. False: there is no more. */
bool area_sibling(unsigned overlay, unsigned *code);

#endif
