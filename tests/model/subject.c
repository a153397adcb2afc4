#include "tests/model/folder.h"
#include "tests/model/subject_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void subject_die(const char *what, const struct error *error)
{
    fprintf(stderr, "model test: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
    abort();
}

/* SplitMix64: enough for SIDs that are to be the same in each run. */
static uint64_t next_random(void *data)
{
    uint64_t *state = data;
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void open_store(struct subject *subject)
{
    struct store_options options = {
        .path = subject->folder[0] ? subject->folder : ":memory:",
        .clock = clock_manual(&subject->clock),
        .free_bytes_low = 1,
        /* What is derived stays in memory, so that a crash takes it along. */
        .flush_after_us = 3600 * SECOND,
        .flush_rows = 1000000};
    struct error error;
    if (!store_open(&options, &subject->store, &error))
        subject_die("the store cannot be opened", &error);
}

void subject_open(struct subject *subject)
{
    if (!subject->store)
        open_store(subject);
    struct masking_options options = {
        .store = subject->store,
        .pipeline = {.random = next_random, .random_data = &subject->random},
        .manual_timers = true};
    struct error error;
    if (!masking_new(&options, &subject->masking, &error))
        subject_die("the domain cannot be started", &error);
    fakes_add(subject);
}

void subject_close(struct subject *subject, bool store_too)
{
    masking_free(subject->masking);
    subject->masking = NULL;
    fakes_forget(subject);
    if (!store_too)
        return;
    store_close(subject->store);
    subject->store = NULL;
}

struct subject *subject_new(const char *folder, uint64_t seed)
{
    struct subject *subject = calloc(1, sizeof(*subject));
    if (!subject)
        subject_die("no memory", NULL);
    subject->arena = arena_new(SUBJECT_ARENA);
    if (!subject->arena)
        subject_die("no memory", NULL);
    snprintf(subject->folder, sizeof(subject->folder), "%s", folder ? folder : "");
    subject->random = seed;
    subject_set_clock(subject, WORLD_BEGIN);
    pthread_mutex_init(&subject->mutex, NULL);
    pthread_cond_init(&subject->answered, NULL);
    fakes_init(subject);
    subject_open(subject);
    return subject;
}

void subject_free(struct subject *subject)
{
    if (!subject)
        return;
    subject_close(subject, true);
    pthread_cond_destroy(&subject->answered);
    pthread_mutex_destroy(&subject->mutex);
    arena_free(subject->arena);
    free(subject);
}

int64_t subject_now(const struct subject *subject)
{
    return subject->latest;
}

void subject_set_clock(struct subject *subject, int64_t time)
{
    manual_clock_set(&subject->clock, time);
    if (time > subject->latest)
        subject->latest = time;
}

bool subject_on_disk(const struct subject *subject)
{
    return subject->folder[0] != 0;
}

void subject_crash(struct subject *subject)
{
    char copy[300];
    snprintf(copy, sizeof(copy), "%s.copy", subject->folder);
    if (!folder_copy(subject->folder, copy))
        subject_die("the store cannot be copied", NULL);
    subject_close(subject, true);
    folder_remove(subject->folder);
    if (rename(copy, subject->folder) != 0)
        subject_die("the copy of the store cannot be moved", NULL);
}

void subject_expect(struct subject *subject)
{
    pthread_mutex_lock(&subject->mutex);
    subject->waiting++;
    pthread_mutex_unlock(&subject->mutex);
}

void subject_answered(struct subject *subject)
{
    pthread_mutex_lock(&subject->mutex);
    subject->waiting--;
    pthread_cond_signal(&subject->answered);
    pthread_mutex_unlock(&subject->mutex);
}

void subject_wait(struct subject *subject)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&subject->mutex);
    while (subject->waiting)
        if (pthread_cond_timedwait(&subject->answered, &subject->mutex, &until))
            subject_die("an operation was not answered for a minute", NULL);
    pthread_mutex_unlock(&subject->mutex);
}

/* ---- names ---- */

/* A SID that was never given to anything. */
static char *no_sid(struct subject *subject, const char *prefix)
{
    char *text = arena_printf(subject->arena, "%s0123456789abcdef0123456789abcdef", prefix);
    if (!text)
        subject_die("no memory", NULL);
    return text;
}

const char *subject_service_name(struct subject *subject, struct ref ref)
{
    if (!ref.name)
        return subject->services[ref.label].there ? subject->services[ref.label].sid
                                                  : no_sid(subject, "KS");
    char name[ADDRESS_TEXT];
    world_service_name(&subject->world, ref.name, name);
    char *text = arena_string(subject->arena, name);
    if (!text)
        subject_die("no memory", NULL);
    return text;
}

const char *subject_session_name(struct subject *subject, struct ref ref)
{
    if (ref.name)
        return world_session_name(ref.name);
    return subject->sessions[ref.label].there ? subject->sessions[ref.label].sid
                                              : no_sid(subject, "KC");
}

/* ---- worlds ---- */

static void forget(struct subject *subject)
{
    memset(subject->services, 0, sizeof(subject->services));
    memset(subject->sessions, 0, sizeof(subject->sessions));
    memset(subject->numbers, 0, sizeof(subject->numbers));
    memset(subject->said, 0, sizeof(subject->said));
    subject->made_count = 0;
    subject->attempt_count = subject->attempts_seen = 0;
    subject->call_count = subject->hung_up_count = 0;
    for (int i = 0; i < CARRIERS; i++)
        subject->fakes[i].mode = MODE_HOLD;
}

void subject_world(struct subject *subject, const struct world *world)
{
    for (int i = 0; i < CARRIERS; i++)
        subject->fakes[i].mode = MODE_REFUSE;
    for (int i = 0; i < subject->attempt_count; i++)
        if (subject->attempts[i].handle)
            fake_answer(subject, &subject->attempts[i], MODE_REFUSE, 0);
    for (int i = 0; i < LABELS; i++) {
        struct op op = op_of(OP_SERVICE_DELETE);
        struct answer answer;
        op.service.label = i;
        if (subject->services[i].there)
            subject_do(subject, &op, &answer);
    }
    masking_run_due(subject->masking);
    subject_set_clock(subject, subject->latest + 40 * 24 * HOUR);
    masking_run_due(subject->masking);
    forget(subject);
    subject->world = *world;
}
