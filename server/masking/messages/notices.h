/*
 * Notices: what the Service itself tells a person who wrote to one of its numbers: that it has opted out or in, what helps, or that
 * nobody was reached.
 *
 * A notice is sent like a message, by the outbox, from the number that was written to and by the carrier that brought it, but belongs to no
 * session. It stands in the entry that tells of what it answers, so it is made once, whatever is repeated. The texts are the
 * Service's; those for keywords have defaults.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_NOTICES_H
#define MASKLINE_SERVER_MASKING_MESSAGES_NOTICES_H

#include "server/masking/messages/inbound.h"

enum {
    NOTICES_MOST = 100,
    /* What somebody asks for by words is told so often within NOTICE_QUIET, of each occasion and by each number: a machine that
     * answers an answer with "HELP" would never end. */
    NOTICE_ASKED_MOST = 5,
};

/* How long a notice's row is kept. */
#define NOTICE_KEPT  (INT64_C(7) * 24 * 3600 * 1000000)
/* Nobody is told again within this time that it reaches nobody: machines that answer each other would never end. */
#define NOTICE_QUIET (INT64_C(3600) * 1000000)

#define NOTICE(name) MASKLINE__STORE__V1__NOTICE_OCCASION__NOTICE_OCCASION_##name

/* The text for an occasion, in the arena; NULL: nothing is told. `language` of the word that asked for it; "": none. False: no memory. */
bool notice_text(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                 Maskline__Store__V1__NoticeOccasion occasion, const char *language,
                 const char **ret_text);

/* The notice to whoever wrote this; NULL: nothing is told. It is kept in `in`, for the outbox. False: the decision cannot be made. */
bool notice_make(struct inbound *in, struct rows *rows, const Maskline__Store__V1__Service *service,
                 Maskline__Store__V1__NoticeOccasion occasion, const char *language,
                 Maskline__Store__V1__Interaction **ret_notice);

/* Whether a person is told this without having asked for it by a word. */
bool notice_unasked(Maskline__Store__V1__NoticeOccasion occasion);

/* The row that keeps somebody from being told the same again: it is there, or counts (CapCount) what was asked for. */
struct key notice_told_key(uint32_t tenant, const uint8_t *service, const uint8_t *hash_key,
                           const Maskline__Store__V1__NoticeAddress *address);

/* Whether a session's SID is that of notices. */
bool is_notice_session(const ProtobufCBinaryData *session);

#endif
