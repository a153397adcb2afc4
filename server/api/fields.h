/*
 * The form of requests: what can be told without asking the domain.
 *
 * Each check adds what is wrong to an error that was cleared before the first one, and leaves its result untouched then. Paths name
 * fields as the request has them. An absent time or duration leaves the result untouched, too.
 */
#ifndef MASKLINE_SERVER_API_FIELDS_H
#define MASKLINE_SERVER_API_FIELDS_H

#include "maskline/v1/common.pb-c.h"
#include "server/masking/masking.h"
#include "server/masking/sessions/sessions.h"

/* An enum's value is one that this server knows. */
void field_enum(struct error *error, const char *path, const ProtobufCEnumDescriptor *known,
                int value);

/* Several of them, as the sum of 1 << value. UNSPECIFIED is none that one can ask for. */
void field_enums(struct error *error, const char *path, const ProtobufCEnumDescriptor *known,
                 const int *values, size_t count, uint32_t *ret_values);

/* Not negative; in microseconds. */
void field_duration(struct error *error, const char *path,
                    const Google__Protobuf__Duration *duration, int64_t *ret_us);

void field_time(struct error *error, const char *path, const Google__Protobuf__Timestamp *time,
                int64_t *ret_us);

/* The expire time of a session. The domain takes 0 for none, so a time before 1970 becomes the first instant after it: as past as that. */
void field_expire_time(struct error *error, const Google__Protobuf__Timestamp *time,
                       int64_t *ret_us);

/* As the domain has ranges: 0 for an end that is open. */
void field_range(struct error *error, const char *path, const Maskline__V1__TimeRange *range,
                 struct time_range *ret_range);

/* Its length in characters. */
void field_text(struct error *error, const char *path, const char *text, size_t least, size_t most);

/* Addresses that a phone can fetch, and types of media. */
void field_media(struct error *error, Maskline__V1__Media *const *media, size_t count);

/* What is more than the most counts as the most. */
void field_page(struct error *error, int32_t size, const char *token, struct page *ret_page);

#endif
