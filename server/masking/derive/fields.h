/*
 * A packed record, field by field: for what is done to one or two fields, where unpacking and packing the rest would be most of the
 * work. Never reads past the end, whatever the bytes are.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_FIELDS_H
#define MASKLINE_SERVER_MASKING_DERIVE_FIELDS_H

#include "storage/kv.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5, VARINT_MOST = 10 };

struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;       /* of a varint; not set for others */
    struct bytes content; /* of bytes: of a text, a message; likewise */
    struct bytes whole;   /* with its tag */
};

/* The field at this place, which moves behind it. False: there is none that can be read, and *ret_field is not to be looked at. */
bool field_read(const uint8_t **place, const uint8_t *end, struct field *ret_field);

/* The content of the one field of bytes with this number. False: there is none, or more than one, or the record cannot be read. */
bool field_find(struct bytes record, uint64_t number, struct bytes *ret_content);

/* Write at the place, and return the place behind it. A field of bytes begins with its tag and size, at most FIELD_HEAD bytes. */
enum { FIELD_HEAD = 2 * VARINT_MOST };
uint8_t *field_write_varint(uint8_t *place, uint64_t number, uint64_t value);
uint8_t *field_write_bytes(uint8_t *place, uint64_t number, struct bytes content);

#endif
