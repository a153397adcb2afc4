#include "server/api/drafts.h"

#include <stdio.h>

static void bad_identifier(struct error *error, const char *path, const char *why)
{
    char name[64];
    snprintf(name, sizeof name, "%s.identifier", path);
    error_field(error, name, "%s", why);
}

struct participant_draft draft_of_change(struct error *error, struct arena *arena, const char *path,
                                         const Maskline__V1__ParticipantSpec *spec)
{
    struct participant_draft draft = {
        .identifiers = (const char *const *)spec->identifiers,
        .identifier_count = spec->n_identifiers,
        .lenient = spec->lenient,
        .friendly_name = spec->friendly_name,
        .proxy_identifier = spec->proxy_identifier,
        .proxy_number_sid = spec->proxy_identifier_sid,
    };
    if (*spec->identifier != '\0' && spec->n_identifiers > 0) {
        bad_identifier(error, path, "Give this or identifiers, not both.");
    } else if (*spec->identifier != '\0') {
        const char **one = arena_array(arena, 1, sizeof *one);
        if (!one) {
            error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                      "The request is larger than the memory of one call.");
            return draft;
        }
        *one = spec->identifier;
        draft.identifiers = one;
        draft.identifier_count = 1;
    }
    return draft;
}

struct participant_draft draft_participant(struct error *error, struct arena *arena,
                                           const char *path,
                                           const Maskline__V1__ParticipantSpec *spec)
{
    if (*spec->identifier == '\0' && spec->n_identifiers == 0)
        bad_identifier(error, path, "A participant needs at least one real number.");
    return draft_of_change(error, arena, path, spec);
}
