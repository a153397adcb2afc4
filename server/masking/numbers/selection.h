/*
 * Which number a participant gets.
 *
 * The law: nobody has a number in two active sessions, nor one that rests after another session, nor the own number. Within it the
 * Service's behaviour chooses: one that this person had, or one that it never had; else the least used; as near as its level says.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_SELECTION_H
#define MASKLINE_SERVER_MASKING_NUMBERS_SELECTION_H

#include "server/masking/internal.h"
#include "server/masking/numbers/shortage.h"
#include "server/masking/sessions/routes.h"

struct seeker {
    struct joining joining;
    const struct address *identifiers; /* as many as joining.count; empty: in a channel */
    const char *const *texts;          /* the same, whole */
    Maskline__Store__V1__Mode mode;
    /* Whose numbers the same command has just given to them: these have a use that no row tells of yet. */
    Maskline__Store__V1__Participant *const *seated;
    size_t seated_count;
    const char *has;           /* which another one is to be chosen for; or NULL */
    struct shortage *shortage; /* out, when there is one; or NULL */
};

/* A number, and why it is that one. */
struct choice {
    Maskline__Store__V1__PhoneNumber *number;
    Maskline__Store__V1__ChoiceReason reason;
    Maskline__Store__V1__GeoMatchLevel level; /* that matched; UNSPECIFIED: it was asked for */
    uint32_t relaxed;                         /* bits 1 << Relaxation */
};

/* Chooses a number. False: none fits, and the error says what was missing, what would do, and when one comes free. */
bool select_number(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                   struct choice *ret_choice, struct error *error);

/* Takes the number that was asked for: by its text, or by SID when that is NULL. */
bool select_asked(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                  const char *proxy, const uint8_t *sid, struct choice *ret_choice,
                  struct error *error);

/* Whether a number can do what a mode needs. */
bool number_fits_mode(const Maskline__Store__V1__PhoneNumber *number,
                      Maskline__Store__V1__Mode mode, struct error *error);

/* Whether a number and all phones of the person reach each other: a short code works within its own country, an address of a channel within that. */
bool number_reaches(const struct seeker *seeker, const Maskline__Store__V1__PhoneNumber *number,
                    struct error *error);

/* Whether the person wants to hear from this number: asked where texts come from it. */
bool pair_not_opted_out(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                        const char *proxy, struct error *error);

/* The refusals of a pair that is not free; true when it is. */
bool pair_allowed(const struct pair *pair, int64_t now, struct error *error);

#endif
