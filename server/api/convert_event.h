/*
 * The payloads of events, by what they are about. In the arena; NULL when it is full, and when the entry is about something else.
 */
#ifndef MASKLINE_SERVER_API_CONVERT_EVENT_H
#define MASKLINE_SERVER_API_CONVERT_EVENT_H

#include "server/api/convert.h"

#define STORED(kind) MASKLINE__STORE__V1__ENTRY__CHANGE_##kind
#define TYPE(kind)   MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_##kind

/* Services and what is in their pools. */
void *event_pool_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry);
/* Sessions and their participants. */
void *event_session_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry);
/* Messages, calls, and what hinders them. `service` is the Service's SID. */
void *event_traffic_payload(struct arena *arena, ProtobufCBinaryData service,
                            const Maskline__Store__V1__Entry *entry);

/* ---- what they share ---- */

/* To the store a session that fails is one that is closed. */
bool session_has_failed(const Maskline__Store__V1__SessionClosed *closed);

/* Notices belong to no session: theirs is all zeroes. */
ProtobufCBinaryData session_or_none(ProtobufCBinaryData session);

/* As events show participants: without their numbers. */
Maskline__V1__ParticipantSnapshot **participant_snapshots(
    struct arena *arena, const Maskline__Store__V1__Session *session, size_t *ret_count);

/* A payload that is one message, or one text, within another. */
void *event_wrap(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, void *inner);

#endif
