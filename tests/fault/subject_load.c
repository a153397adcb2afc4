#include "storage/store_internal.h"
#include "tests/fault/disk_shim.h"
#include "tests/fault/subject.h"
#include "tests/unit/storage/tools.h"

#include <pthread.h>
#include <stdio.h>

enum { WRITERS = 3, MARK_STRIDE = 1 << 20 };

struct writing {
    struct subject *subject;
    unsigned number;
    unsigned seed;
    unsigned count;
    unsigned acknowledged;
};

/* Now and then what is in memory goes to its last place, so that there is more than a log on the disk. */
static void write_out(struct subject *subject, struct dice *dice)
{
    struct error ignored;
    if (dice_roll(dice, 100) == 0)
        (void)pipeline_flush(subject->pipeline, &ignored);
    if (dice_roll(dice, 200) == 0)
        (void)kv_compact(subject->store->kv, (enum kv_family)dice_roll(dice, KV_FAMILIES),
                         &ignored);
}

static void *write_some(void *data)
{
    struct writing *writing = data;
    struct dice dice = {writing->seed * 1000003u + writing->number};
    uint32_t first = (writing->seed * WRITERS + writing->number) * MARK_STRIDE;
    for (unsigned i = 0; i < writing->count; i++) {
        struct append append = {.log = dice_roll(&dice, WORLD_LOGS)};
        append.entry = world_entry(&dice, first + i);
        if (append_run(writing->subject->pipeline, &append)) {
            struct note note = {append.entry.mark, append.log, append.position};
            disk_note(&note, sizeof note);
            writing->acknowledged++;
        }
        write_out(writing->subject, &dice);
    }
    return NULL;
}

int subject_load(const char *path, unsigned seed, unsigned count)
{
    static struct subject subject;
    struct error error;
    if (!subject_open(&subject, path, &error)) {
        printf("refused %s: %s\n", error.reason, error.message);
        return 2;
    }
    struct writing writings[WRITERS];
    pthread_t threads[WRITERS];
    unsigned acknowledged = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        writings[i] = (struct writing){&subject, i, seed, count, 0};
        if (pthread_create(&threads[i], NULL, write_some, &writings[i]) != 0)
            return 3;
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        acknowledged += writings[i].acknowledged;
    }
    subject_close(&subject);
    printf("acknowledged %u\n", acknowledged);
    return 0;
}
