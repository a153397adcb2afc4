/*
 * Events as sentences: one line for each, for people who watch.
 */
#ifndef MASKLINE_CLIENT_STORY_H
#define MASKLINE_CLIENT_STORY_H

#include "client/names.h"

#include "maskline/v1/events.pb-c.h"

/* Prints one line. `arena` is for what it needs meanwhile. */
void story_tell(struct cli *cli, struct names *names, struct arena *arena,
                const Maskline__V1__Event *event);

#endif
