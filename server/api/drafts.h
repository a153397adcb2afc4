/*
 * People to be added, as the domain's drafts.
 */
#ifndef MASKLINE_SERVER_API_DRAFTS_H
#define MASKLINE_SERVER_API_DRAFTS_H

#include "maskline/v1/participants.pb-c.h"
#include "server/masking/sessions/sessions.h"

/* The draft points into `spec`, and the array of one identifier lies in the arena. `path` is where the spec stands in the request. What
 * is wrong is added to an error that was cleared before. */
struct participant_draft draft_participant(struct error *error, struct arena *arena,
                                           const char *path,
                                           const Maskline__V1__ParticipantSpec *spec);

/* The same of a change: what is not given is not missing. */
struct participant_draft draft_of_change(struct error *error, struct arena *arena, const char *path,
                                         const Maskline__V1__ParticipantSpec *spec);

#endif
