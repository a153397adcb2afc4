/*
 * Records as the public API shows them. Texts are not copied: the record lives as long as the message is used. In the arena; NULL when it
 * is full.
 *
 * The enums of records and of the API have the same numbers.
 */
#ifndef MASKLINE_SERVER_API_CONVERT_H
#define MASKLINE_SERVER_API_CONVERT_H

#include "maskline/v1/events.pb-c.h"
#include "server/api/message.h"
#include "server/masking/log.h"

Maskline__V1__Service *service_message(struct arena *arena,
                                       const Maskline__Store__V1__Service *service);

Maskline__V1__PhoneNumber *number_message(struct arena *arena,
                                          const Maskline__Store__V1__PhoneNumber *number,
                                          int64_t in_use);

Maskline__V1__ShortCode *short_code_message(struct arena *arena,
                                            const Maskline__Store__V1__PhoneNumber *number,
                                            int64_t in_use);

Maskline__V1__ChannelSender *channel_sender_message(struct arena *arena,
                                                    const Maskline__Store__V1__PhoneNumber *number,
                                                    int64_t in_use);

/* The SID of the number or short code that a binding is to; an address in a channel has none. */
char *proxy_sid(struct arena *arena, const Maskline__Store__V1__Binding *binding);

/* With the participants who are in it. */
Maskline__V1__Session *session_message(struct arena *arena,
                                       const Maskline__Store__V1__Service *service,
                                       const Maskline__Store__V1__Session *session);

Maskline__V1__Participant *participant_message(struct arena *arena,
                                               const Maskline__Store__V1__Service *service,
                                               const Maskline__Store__V1__Session *session,
                                               const Maskline__Store__V1__Participant *participant);

/* `service` is the Service's SID. The first shows the carriers' ids; the second, for events, does not, and neither does a leg. */
Maskline__V1__Interaction *interaction_message(struct arena *arena, ProtobufCBinaryData service,
                                               const Maskline__Store__V1__Interaction *interaction);

Maskline__V1__Interaction *interaction_told(struct arena *arena, ProtobufCBinaryData service,
                                            const Maskline__Store__V1__Interaction *interaction);
Maskline__V1__Leg *leg_message(struct arena *arena, const Maskline__Store__V1__Leg *leg);

Maskline__V1__Warning *warning_message(struct arena *arena,
                                       const Maskline__Store__V1__Warning *stored);
Maskline__V1__PoolExhausted *pool_exhausted_message(
    struct arena *arena, const Maskline__Store__V1__PoolExhausted *stored);
/* NULL of NULL. */
Maskline__V1__CallData *call_message(struct arena *arena, const Maskline__Store__V1__Call *call);

/* What kind of event an entry is: UNSPECIFIED for none that this server knows. */
Maskline__V1__EventType event_type(const Maskline__Store__V1__Entry *entry);

/* The SID of the session that an entry is about; empty when there is none. */
ProtobufCBinaryData event_session(const Maskline__Store__V1__Entry *entry);

/* Without real numbers, and without what only carriers call things by. `service` is the Service's SID. */
Maskline__V1__Event *event_message(struct arena *arena, ProtobufCBinaryData service,
                                   uint64_t position, const Maskline__Store__V1__Entry *entry);

#endif
