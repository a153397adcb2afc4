#include "tests/fault/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t setting(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

bool subject_open(struct subject *subject, const char *path, struct error *error)
{
    *subject = (struct subject){0};
    /* A store that is damaged is to say so itself. */
    atomic_store(&subject->world.unchecked, true);
    struct store_options options = {
        .path = path,
        .clock = clock_real(),
        .flush_after_us = 3000,
        .flush_rows = (unsigned)setting("SUBJECT_ROWS"),
        .free_bytes_low = setting("SUBJECT_LOW"),
    };
    struct pipeline_domain domain = world_domain(&subject->world);
    if (!store_open(&options, &subject->store, error))
        return false;
    if (pipeline_start(subject->store, &domain, NULL, &subject->pipeline, error))
        return true;
    store_close(subject->store);
    return false;
}

void subject_close(struct subject *subject)
{
    pipeline_free(subject->pipeline);
    store_close(subject->store);
}

int main(int count, char **arguments)
{
    const char *what = count > 2 ? arguments[1] : "";
    if (strcmp(what, "load") == 0 && count == 5)
        return subject_load(arguments[2], (unsigned)strtoul(arguments[3], NULL, 10),
                            (unsigned)strtoul(arguments[4], NULL, 10));
    if (strcmp(what, "check") == 0 && count == 4)
        return subject_check(arguments[2], arguments[3]);
    if (strcmp(what, "talk") == 0 && count == 3)
        return subject_talk(arguments[2]);
    fprintf(stderr, "store_subject: no such command\n");
    return 64;
}
