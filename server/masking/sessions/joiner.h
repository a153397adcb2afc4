/*
 * People who are to join a session: from what a client gave to a participant with its number.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_JOINER_H
#define MASKLINE_SERVER_MASKING_SESSIONS_JOINER_H

#include "server/masking/internal.h"
#include "server/masking/numbers/selection.h"
#include "server/masking/sessions/sessions.h"

enum {
    IDENTIFIERS_MOST = 10,
    PARTICIPANTS_MOST = 2,
    PARTICIPANTS_EVER =
        256, /* with those who left: all of them have to fit into the entry that deletes the session */
};

struct joiner {
    const struct participant_draft *draft;
    char path[32];                                /* in the request: "participants[1]" */
    struct address identifiers[IDENTIFIERS_MOST]; /* numbers; empty: in a channel */
    const char
        *texts[IDENTIFIERS_MOST]; /* as they are kept and sent to; of numbers NULL: as above */
    struct person persons[IDENTIFIERS_MOST];
    size_t count;
    bool asks; /* for a number: `proxy`, or, when that is empty, the one with the SID */
    struct address proxy;
    bool asks_sid;
    bool asks_short; /* by the SID of a short code */
    sid_bytes sid;
};

/* Checks the form of a draft, and adds what is wrong with it to an error that was cleared before the first one. */
void joiner_read(struct error *error, const uint8_t *hash_key, const char *path,
                 const struct participant_draft *draft, struct joiner *ret_joiner);

/* An identifier as it is kept and sent to. */
const char *joiner_text(const struct joiner *joiner, size_t index);

/* Whether two are the same person: they share an identifier. */
bool joiners_same(const struct joiner *a, const struct joiner *b);

/* Whether the joiner is this participant. */
bool joiner_is(const struct joiner *joiner, const Maskline__Store__V1__Participant *participant);

/* The joiner that a participant already is. False: its record cannot be read. */
bool joiner_of(const Maskline__Store__V1__Participant *participant,
               const struct participant_draft *draft, struct joiner *ret_joiner);

/* What a draft says of the number alone; the rest of the joiner stays as it is. */
void joiner_read_proxy(struct error *error, struct joiner *joiner);

/* Where somebody sits down. */
struct seat {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session; /* the others in it are the peers */
    bool is_new;                 /* the session: the same command gave the others their numbers */
    const struct joiner *coming; /* who will be there, too; or NULL */
    const Maskline__Store__V1__Participant *replaced; /* who gets up for it; or NULL */
    struct shortage *shortage; /* out: why there is no number, when that is it; or NULL */
};

/* Makes the joiner a participant of the session, with a number. */
bool joiner_seat(struct masking *masking, struct rows *rows, const struct seat *seat,
                 const struct joiner *joiner, Maskline__Store__V1__Participant **ret_participant,
                 struct error *error);

/* A number for one who takes a participant's place: another than `has` when it is to be chosen. */
bool joiner_number(struct masking *masking, struct rows *rows, const struct seat *seat,
                   const struct joiner *joiner, const char *has, struct choice *ret_choice,
                   struct error *error);

/* Whether the joiner may take over the numbers that a participant has. */
bool joiner_may_have(struct masking *masking, struct rows *rows, const struct seat *seat,
                     const struct joiner *joiner,
                     const Maskline__Store__V1__Participant *participant, struct error *error);

/* Into a participant's record. False: the arena is full. */
bool joiner_set_identifiers(struct arena *arena, const struct joiner *joiner,
                            Maskline__Store__V1__Participant *participant);

/* A binding to the number that was chosen, from now on. NULL: the arena is full. */
Maskline__Store__V1__Binding *binding_to(struct rows *rows, const struct choice *choice);

/* Reads what joiner_seat will read in a session of this Service. */
void joiner_warm(struct rows *rows, const uint8_t *service, const struct joiner *joiner);

#endif
