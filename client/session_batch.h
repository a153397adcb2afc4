/*
 * Making and closing the sessions of a file, over one stream.
 */
#ifndef MASKLINE_CLIENT_SESSION_BATCH_H
#define MASKLINE_CLIENT_SESSION_BATCH_H

#include "client/cli.h"

/* "+15551230001" or "+15551230001@+15550100001": who, and which proxy number it shall have. The text is cut in two. NULL after it said
 * that there is no memory. */
struct Maskline__V1__ParticipantSpec;
struct Maskline__V1__ParticipantSpec *session_person(struct arena *arena, char *text);

int session_batch(struct cli *cli);

#endif
