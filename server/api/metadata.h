/*
 * Maps of texts, as the API has them: protobuf-c makes a list of pairs of each, of another type for each field, and all alike.
 */
#ifndef MASKLINE_SERVER_API_METADATA_H
#define MASKLINE_SERVER_API_METADATA_H

#include "server/api/message.h"
#include "server/masking/sessions/metadata.h"

/* A map's entries, sorted and each key once. Texts are not copied. False: the arena is full. */
bool metadata_read(struct arena *arena, void *const *entries, size_t count,
                   struct metadata *ret_metadata);

/* Entries of a map of this type. Texts are not copied. */
struct message_list metadata_messages(struct arena *arena,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      Maskline__Store__V1__MetadataItem *const *items,
                                      size_t count);

#endif
